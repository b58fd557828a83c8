"""The contents in an export: each in a file that is named by its SHA-256, and once.

Nothing gets such a name before all of it is on the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path
from typing import BinaryIO

from gateway.history.moving.lines import Damaged

_PIECE_BYTES = 1024 * 1024
_SMALL_BYTES = 64 * 1024
_NEW = "new"
_SYNCS_AT_ONCE = 16


class Contents:
    """The folder of contents."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()
        self._waiting: dict[Path, Path] = {}

    def prepare(self) -> None:
        """Make room for new ones, and remove what was cut off."""
        new = self._folder / _NEW
        new.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in new.iterdir():
            left.unlink()

    def path_of(self, sha256: str) -> Path:
        """Where a content is."""
        return self._folder / sha256[:2] / sha256

    async def take(self, pieces: AsyncIterator[bytes]) -> tuple[str, int]:
        """Bring a content, unless it is there; return its SHA-256 and its size.

        It has its name after `settle`.
        """
        path = self._folder / _NEW / str(next(self._numbers))
        sha256, size_bytes = hashlib.sha256(), 0
        with path.open("xb") as file:
            async for piece in pieces:
                size_bytes += len(piece)
                if len(piece) <= _SMALL_BYTES:
                    _write(file, sha256, piece)
                else:
                    await asyncio.to_thread(_write, file, sha256, piece)
        target = self.path_of(sha256.hexdigest())
        if target in self._waiting or _has(target, size_bytes):
            path.unlink()
        else:
            self._waiting[target] = path
        return sha256.hexdigest(), size_bytes

    async def settle(self) -> None:
        """Give all that was brought its names, and wait until it is on the disk."""
        waiting, self._waiting = self._waiting, {}
        await asyncio.to_thread(self._settle, waiting)

    async def pieces(self, sha256: str, size_bytes: int) -> AsyncIterator[bytes]:
        """A content's bytes.

        Raises:
            Damaged: It is not there, or has other bytes, which is known at its end.
        """
        path = self.path_of(sha256)
        found, read_bytes = hashlib.sha256(), 0
        try:
            with path.open("rb") as file:
                while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
                    found.update(piece)
                    read_bytes += len(piece)
                    yield piece
        except FileNotFoundError:
            raise Damaged(f"{path} is not there") from None
        if read_bytes != size_bytes or found.hexdigest() != sha256:
            raise Damaged(f"{path} is damaged: it has other bytes than its name says")

    def check_there(self, sha256: str, size_bytes: int) -> None:
        """See that a content is there in full length.

        Raises:
            Damaged: It is not.
        """
        if not _has(self.path_of(sha256), size_bytes):
            raise Damaged(f"{self.path_of(sha256)} is not there, or cut off")

    def _settle(self, waiting: dict[Path, Path]) -> None:
        folders = {target.parent for target in waiting}
        new_folders = [folder for folder in folders if not folder.exists()]
        for folder in new_folders:
            folder.mkdir(mode=0o700)
        # The file system brings together to the disk what is synced at one time.
        with ThreadPoolExecutor(_SYNCS_AT_ONCE) as threads:
            list(threads.map(partial(_sync, flags=os.O_RDONLY), waiting.values()))
            for target, path in waiting.items():
                os.rename(path, target)
            list(threads.map(sync_folder, folders))
        if new_folders:
            sync_folder(self._folder)


def _write(file: BinaryIO, sha256: hashlib._Hash, piece: bytes) -> None:
    sha256.update(piece)
    file.write(piece)


def _has(path: Path, size_bytes: int) -> bool:
    try:
        return path.stat().st_size == size_bytes
    except FileNotFoundError:
        return False


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
