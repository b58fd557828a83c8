"""Whether there is room on the disk, as the calls of one process have seen it."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from embedded_pfs.database import FULL
from embedded_pfs.directory import DataDirectory
from embedded_pfs.disk import free_bytes
from pfs_client.failures import StorageFull

_SOME_ROOM_BYTES = 1024 * 1024


class Room:
    """The room of an open data directory.

    Nothing is added while the reserve is not whole: it would take what is kept for deletes.
    """

    def __init__(self, directory: DataDirectory) -> None:
        self._directory = directory
        self._reserve = directory.reserve
        self.is_refusing = False
        """Whether something found no room, and nothing has since."""
        self.free_bytes = 0
        self.adding = _Adding(self)

    @property
    def is_full(self) -> bool:
        """Whether nothing can be added."""
        return self.is_refusing or not self._reserve.is_whole

    def check(self) -> None:
        """See that something may be added.

        Raises:
            StorageFull: There is no room.
        """
        if not self._reserve.is_restored():
            raise StorageFull(FULL)

    def lend_to_deletes(self, connection: sqlite3.Connection) -> None:
        """Make room for what deletes."""
        self._reserve.lend_to_deletes()
        # SQLite's log then begins anew in the room that it has. If that fails, so will the delete.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA wal_checkpoint(RESTART)")

    def look(self) -> None:
        """See how much is left, and take the reserve back if there is room again."""
        self.free_bytes = free_bytes(self._directory.path)
        if self._reserve.restore() and self.free_bytes > _SOME_ROOM_BYTES:
            self.is_refusing = False


class _Adding:
    """Remembers whether what its body adds found room. Every write has one, and keeps nothing."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if error is None:
            self._room.is_refusing = False
        elif isinstance(error, StorageFull):
            self._room.is_refusing = True
