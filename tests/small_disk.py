"""Disks that are soon full: file systems in memory, where the tests may mount them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(at: Path, size_mib: int) -> Iterator[Path]:
    """A folder on a disk of its own."""
    at.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "none", str(at)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path) -> Path:
    """Take all room that is left on a disk, and say with which file."""
    filler = disk / "somebody-elses"
    with filler.open("ab", buffering=0) as file:
        for size_bytes in (1024 * 1024, 4096):
            try:
                while True:
                    file.write(bytes(size_bytes))
            except OSError:
                continue
    return filler


def fill_but(disk: Path, left_bytes: int) -> Path:
    """The same, but for some room that is left."""
    filler = fill(disk)
    os.truncate(filler, filler.stat().st_size - left_bytes)
    return filler
