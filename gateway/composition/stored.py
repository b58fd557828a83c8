"""Where the embedded PFS keeps its data, and how large that is: told when the gateway starts."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embedded_pfs.reserve import RESERVE_NAME
from gateway.composition.choice import embedded_directory, is_embedded
from gateway.settings import Settings

_COUNTING_SECONDS = 0.5
"""A start does not wait for the sizes of millions of files."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The data of an embedded PFS.

    `is_whole` says that `size_bytes` counts all files, and not only those that were met in time.
    """

    directory: Path
    is_new: bool
    size_bytes: int
    is_whole: bool
    free_bytes: int


def stored_by(settings: Settings) -> Stored | None:
    """What the embedded PFS has stored so far; None where the PFS is another.

    Raises:
        BadSetting: The setting names no directory.
    """
    if not is_embedded(settings):
        return None
    directory = embedded_directory(settings)
    size_bytes, is_whole = _size_of(directory)
    return Stored(
        directory,
        not (directory / "pfs.sqlite").exists(),
        size_bytes,
        is_whole,
        _free_bytes(directory),
    )


def _size_of(directory: Path) -> tuple[int, bool]:
    end = time.monotonic() + _COUNTING_SECONDS
    size_bytes = 0
    for one in _file_sizes(directory):
        size_bytes += one
        if time.monotonic() > end:
            return size_bytes, False
    return size_bytes, True


def _file_sizes(directory: Path) -> Iterator[int]:
    for folder, _, names in os.walk(directory):
        for name in names:
            if name == RESERVE_NAME:
                continue
            try:
                yield os.lstat(Path(folder, name)).st_size
            except FileNotFoundError:  # another gateway that uses the directory has removed it
                continue


def _free_bytes(directory: Path) -> int:
    existing = directory.absolute()
    while not existing.exists():
        existing = existing.parent
    return shutil.disk_usage(existing).free
