"""Contents that somebody reads from several blobs, which therefore must not go yet.

Who reads one blob has it open, and it may lose its name meanwhile. Who reads a content that lies in
many opens them one after the other. So a lock keeps them: on one byte of a file, whose place the
content's hash says. Processes share the file, and the lock of one that ends is gone with it.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from embedded_pfs.disk import open_private

# Linux's `struct flock`. Locks that belong to a process would be let go by its first close.
_FLOCK = "hhqqi4x"


class Leases:
    """The file of such locks in a data directory."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "reading"

    def create(self) -> None:
        """Make the file, if it is not there: a full disk may have no room for it later."""
        os.close(self._open())

    def hold(self, hash_: bytes) -> int:
        """Keep what a content lies in until the file descriptor that this returns is closed.

        It blocks while somebody removes it; whoever has it then looks whether it is there still.
        """
        descriptor = self._open()
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, _lock_of(fcntl.F_RDLCK, hash_))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    @contextmanager
    def not_held(self, removable: Iterable[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
        """Those of the contents that nobody holds, and nobody can hold within the block."""
        descriptor = self._open()
        try:
            yield [one for one in removable if _try_alone(descriptor, one[1])]
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        return open_private(self._file, os.O_RDWR | os.O_CREAT)


def _try_alone(descriptor: int, hash_: bytes) -> bool:
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _lock_of(fcntl.F_WRLCK, hash_))
    except BlockingIOError:
        return False
    return True


def _lock_of(kind: int, hash_: bytes) -> bytes:
    # Another content at the same byte would only be kept for longer.
    at = int.from_bytes(hash_[:7])
    return struct.pack(_FLOCK, kind, os.SEEK_SET, at, 1, 0)
