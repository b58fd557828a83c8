"""Records what a process asks of the disk below a directory, in order.

SQLite's own calls are not seen. Of the database there is what a COMMIT made of it, and whether
that COMMIT is on the disk when it returns: as SQLite promises for the settings of the connection
(`test_sqlite.py` looks whether it keeps that).
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

_FULL = 2


@dataclass(frozen=True, slots=True)
class Made:
    """An entry came to be: a file, a folder, or another name of a file."""

    name: str
    inode: int
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """An entry went."""

    name: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """An entry has another name; what had that before is gone."""

    name: str
    to: str


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes were appended to a file."""

    inode: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Synced:
    """A file's bytes are on the disk."""

    inode: int


@dataclass(frozen=True, slots=True)
class EntriesSynced:
    """A folder's entries are on the disk."""

    name: str


@dataclass(frozen=True, slots=True)
class Committed:
    """A transaction was committed; `database` is what the whole database then is."""

    database: bytes
    is_durable: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A caller was told that something has been done."""

    what: object


Event = Made | Gone | Renamed | Written | Synced | EntriesSynced | Committed | Acknowledged


class Recorder:
    """What happens below a directory, while `recording`."""

    def __init__(self, directory: Path) -> None:
        self.events: list[Event] = []
        self._directory = directory
        self._lock = threading.RLock()
        self._names: dict[int, str] = {}
        """By open descriptor."""
        self._inodes: dict[int, int] = {}
        self._numbers = count(1)

    def acknowledged(self, what: object) -> None:
        """Something has been answered."""
        self._add(Acknowledged(what))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what this process does."""
        patches = {
            name: getattr(self, f"_{name}")
            for name in ("open", "close", "write", "fsync", "link", "rename", "unlink", "mkdir")
        }
        with (
            mock.patch.multiple(os, **patches, replace=self._rename),
            mock.patch.object(sqlite3, "connect", self._connect),
        ):
            yield

    def _add(self, event: Event) -> None:
        with self._lock:
            self.events.append(event)

    def _name(self, path: object) -> str | None:
        """A path relative to the directory; None if it is elsewhere, or SQLite's."""
        if not isinstance(path, str | Path) or not Path(path).is_relative_to(self._directory):
            return None
        name = str(Path(path).relative_to(self._directory))
        return None if name.startswith("pfs.sqlite") else name

    def _inode(self, inode: int, *, is_new: bool = False) -> int:
        """Which file it is. The system gives the numbers of files that are gone to new ones."""
        if is_new:
            self._inodes[inode] = next(self._numbers)
        return self._inodes.setdefault(inode, -1)

    def _open(self, path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        name = self._name(path)
        with self._lock:
            is_new = name is not None and not real.exists(path)
            descriptor = real.open(path, flags, mode, **more)
            if name is not None:
                self._names[descriptor] = name
                if is_new:
                    self._add(Made(name, self._inode(os.fstat(descriptor).st_ino, is_new=True)))
            return descriptor

    def _close(self, descriptor: int) -> None:
        with self._lock:
            self._names.pop(descriptor, None)
            real.close(descriptor)

    def _write(self, descriptor: int, data: Any) -> int:
        with self._lock:
            written = real.write(descriptor, data)
            if descriptor in self._names:
                inode = self._inode(os.fstat(descriptor).st_ino)
                self._add(Written(inode, bytes(data[:written])))
            return written

    def _fsync(self, descriptor: int) -> None:
        with self._lock:
            name = self._names.get(descriptor)
            if name is not None:
                state = os.fstat(descriptor)
                is_folder = stat.S_ISDIR(state.st_mode)
                self._add(EntriesSynced(name) if is_folder else Synced(self._inode(state.st_ino)))

    def _link(self, source: Any, target: Any) -> None:
        with self._lock:
            real.link(source, target)
            if (name := self._name(target)) is not None:
                self._add(Made(name, self._inode(real.stat(target).st_ino)))

    def _rename(self, source: Any, target: Any) -> None:
        with self._lock:
            is_one = real.exists(target) and os.path.samefile(source, target)
            real.rename(source, target)
            name, to = self._name(source), self._name(target)
            if name is not None and to is not None and not is_one:
                self._add(Renamed(name, to))

    def _unlink(self, path: Any, **more: Any) -> None:
        with self._lock:
            real.unlink(path, **more)
            if (name := self._name(path)) is not None:
                self._add(Gone(name))

    def _mkdir(self, path: Any, *more: Any) -> None:
        with self._lock:
            real.mkdir(path, *more)
            if (name := self._name(path)) is not None:
                self._add(Made(name, 0, is_folder=True))

    def _connect(self, *arguments: Any, **named: Any) -> sqlite3.Connection:
        recorder = self

        class Recorded(sqlite3.Connection):
            def execute(self, statement: str, *more: Any) -> sqlite3.Cursor:
                before = getattr(self, "changes_before", 0)
                cursor = super().execute(statement, *more)
                if statement == "BEGIN IMMEDIATE":
                    self.changes_before = (self.total_changes, _schema(self))
                elif statement == "COMMIT" and before != (self.total_changes, _schema(self)):
                    recorder._committed(self)
                return cursor

        return real.connect(*arguments, **named, factory=Recorded)

    def _committed(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            (synchronous,) = sqlite3.Connection.execute(connection, "PRAGMA synchronous").fetchone()
            self._add(Committed(connection.serialize(), synchronous >= _FULL))


def _schema(connection: sqlite3.Connection) -> tuple[int, int]:
    """What says that tables came to be, or the schema's number has changed."""
    (version,) = sqlite3.Connection.execute(connection, "PRAGMA schema_version").fetchone()
    (ours,) = sqlite3.Connection.execute(connection, "PRAGMA user_version").fetchone()
    return version, ours


class real:
    """The calls as they are."""

    open, close, write, link = os.open, os.close, os.write, os.link
    rename, unlink, mkdir, stat = os.rename, os.unlink, os.mkdir, os.stat
    exists = os.path.lexists
    connect = sqlite3.connect
