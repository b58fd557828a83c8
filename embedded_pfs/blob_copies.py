"""The blobs of one directory brought into another: linked where that can be, else copied."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from embedded_pfs.blobs import Blobs
from embedded_pfs.disk import open_private, sync_folder


@dataclass(slots=True)
class Brought:
    """What has been brought. `known` were there already; `missing` are not where they come from."""

    known: int = 0
    linked: int = 0
    copied: int = 0
    copied_bytes: int = 0
    missing: int = 0


def bring(source: Blobs, target: Blobs, wanted: Iterable[tuple[bytes, int]]) -> Brought:
    """Bring blobs, each with its size, and make what was brought durable.

    What has its place in the target is whole: it gets there by one link or one rename.
    """
    brought = Brought()
    folders: set[Path] = set()
    for hash_, size_bytes in wanted:
        if target.size_of(hash_) == size_bytes:
            brought.known += 1
            continue
        if _bring_one(source, target, hash_, brought):
            folders.add(target.path(hash_).parent)
    for folder in sorted(folders):
        sync_folder(folder)
    return brought


def _bring_one(source: Blobs, target: Blobs, hash_: bytes, brought: Brought) -> bool:
    staged = target.staging_name(uuid.uuid4().hex)
    try:
        _link_or_copy(source.path(hash_), staged, brought)
        # Also in the place of one of the wrong size.
        os.replace(staged, target.path(hash_))
    except FileNotFoundError:
        if source.size_of(hash_) is not None:
            raise
        brought.missing += 1
        return False
    finally:
        # It is there still after a failure, and if both names were of one file already.
        staged.unlink(missing_ok=True)
    return True


def _link_or_copy(origin: Path, staged: Path, brought: Brought) -> None:
    try:
        os.link(origin, staged)
    except FileNotFoundError:
        raise
    except OSError:
        # Another file system, or one without links. A copy fails if it is something else.
        brought.copied_bytes += _copy(origin, staged)
        brought.copied += 1
    else:
        brought.linked += 1


def _copy(origin: Path, staged: Path) -> int:
    with open(origin, "rb") as source:
        descriptor = open_private(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(descriptor, "wb") as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
            target.flush()
            os.fsync(target.fileno())
            return target.tell()
