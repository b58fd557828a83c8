"""Room on the disk that is kept for what has to work when there is no other.

Deleting needs room before it gives any back, and so does opening the database. While the reserve is
not whole nothing is added: what has been lent would not come back.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

from embedded_pfs.disk import free_bytes, open_private
from pfs_client.failures import NO_ROOM

RESERVE_BYTES = 16 * 1024 * 1024
"""SQLite's log takes up to 4 MiB, and a delete some hundred bytes."""

SMALL_RESERVE_BYTES = 4 * 1024 * 1024

RESERVE_NAME = "reserve"
"""The file's name in the data directory."""

_TRY_AGAIN_SECONDS = 1.0


class Reserve:
    """The reserve of one data directory, which all processes that use it share.

    Args:
        directory: The data directory.
        size_bytes: How much is kept; 0 keeps none.
    """

    def __init__(self, directory: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self._directory = directory
        self._file = directory / RESERVE_NAME
        self._file_name = str(self._file)
        self._size_bytes = size_bytes
        self._tried = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether none of it is lent."""
        return self._held_bytes() >= self._size_bytes

    def is_restored(self) -> bool:
        """Whether none of it is lent, after it has been tried to take back what was."""
        if self.is_whole:
            return True
        now = time.monotonic()
        if now - self._tried < _TRY_AGAIN_SECONDS:
            return False
        self._tried = now
        return self.restore()

    def restore(self) -> bool:
        """Take back what was lent, if there is room; say whether there was."""
        missing_bytes = self._size_bytes - self._held_bytes()
        if missing_bytes <= 0:
            return True
        if free_bytes(self._directory) < missing_bytes:
            return False
        descriptor = open_private(self._file, os.O_RDWR | os.O_CREAT)
        try:
            os.posix_fallocate(descriptor, 0, self._size_bytes)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            if error.errno == errno.EFBIG:
                self._size_bytes = 0  # this process may write no such file at all
            return self.is_whole
        finally:
            os.close(descriptor)
        return True

    def lend_to_deletes(self) -> None:
        """Give half of it to what deletes; the other half is for who opens the directory alone."""
        self._shrink(self._size_bytes // 2)

    def lend_all(self) -> None:
        """Give all of it."""
        self._shrink(0)

    def _shrink(self, size_bytes: int) -> None:
        if self._held_bytes() > size_bytes:
            os.truncate(self._file, size_bytes)

    def _held_bytes(self) -> int:
        try:  # every write looks, and a `Path` takes as long as the system
            return os.stat(self._file_name).st_size
        except FileNotFoundError:
            return 0
