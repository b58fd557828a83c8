"""The index's file: opened, made anew where it cannot be used, shared by a machine's processes.

What is in it can be read again from PFS. So a file of another version, or a damaged one, is thrown
away and begun anew.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

VERSION = 1
FILE_NAME = "history.sqlite"

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_BUSY_SECONDS = 30.0
_CACHE_KIB = 8192
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class StateDirectoryRefused(Exception):
    """The directory cannot be used; the message is one line for a person that says why."""


class IndexFile:
    """Where the index is.

    Args:
        directory: Created if it is not there; None for a temporary one.

    Raises:
        StateDirectoryRefused: It cannot be used.
    """

    def __init__(self, directory: Path | None) -> None:
        self._temporary = None
        try:
            if directory is None:
                self._temporary = tempfile.TemporaryDirectory(prefix="s3gateway-state-")
                directory = Path(self._temporary.name)
            _make(directory)
            self.directory = directory
            self.path = directory / FILE_NAME
            self._make_private()
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            self.close()
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise StateDirectoryRefused(
                f"cannot use {directory or tempfile.gettempdir()} as the state directory: {reason}"
            ) from error

    def connect(self, *, readonly: bool = False) -> sqlite3.Connection:
        """Open the index. One thread at a time may use the connection."""
        connection = _connect(self.path)
        if readonly:
            connection.execute("PRAGMA query_only = ON")
        return connection

    def renew(self, damaged: sqlite3.Connection) -> None:
        """Throw a damaged file away, unless another process has done so already.

        Args:
            damaged: A connection to it, which is closed.
        """
        damaged.close()
        with self._alone():
            with suppress(sqlite3.Error):
                if _is_sound(self.path):
                    return
            self._remove()
            _create(self.path)

    def close(self) -> None:
        """Remove what is temporary."""
        if self._temporary is not None:
            self._temporary.cleanup()

    @contextmanager
    def one_reader(self) -> Iterator[bool]:
        """Try to be the one process of the machine that reads histories; gives whether it is."""
        with self._lock("reader.lock", fcntl.LOCK_EX | fcntl.LOCK_NB) as is_ours:
            yield is_ours

    def _prepare(self) -> None:
        with self._alone():
            try:
                if _version(self.path) == VERSION:
                    return
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
            self._remove()
            _create(self.path)

    def _remove(self) -> None:
        for file in self._files():
            file.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return [self.path.with_name(FILE_NAME + suffix) for suffix in ("", "-wal", "-shm")]

    def _make_private(self) -> None:
        """Take from others what an older version, or somebody's umask, let them read.

        The directory may be somebody else's, and stays as it is.
        """
        for file in self._files():
            with suppress(FileNotFoundError, PermissionError):
                file.chmod(_FILE_MODE)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._lock("history.lock", fcntl.LOCK_EX):
            yield

    @contextmanager
    def _lock(self, name: str, kind: int) -> Iterator[bool]:
        descriptor = _open_private(self.directory / name)
        try:
            try:
                fcntl.flock(descriptor, kind)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is no index any more."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _make(directory: Path) -> None:
    """Make a directory with those above it, each for its own user only, whatever the umask."""
    try:
        directory.mkdir()
    except FileExistsError:
        if not directory.is_dir():
            raise
        return
    except FileNotFoundError:
        _make(directory.parent)
        directory.mkdir(exist_ok=True)
    directory.chmod(_FOLDER_MODE)


def _open_private(file: Path, flags: int = 0) -> int:
    """Open a file, made for its own user only: it tells the names of all files."""
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, _FILE_MODE)


def _connect(path: Path) -> sqlite3.Connection:
    # SQLite gives its other files the mode of this one. One that is there is not opened: closing it
    # would give up the locks of this process's other connections.
    with suppress(FileExistsError):
        os.close(_open_private(path, os.O_EXCL))
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode = WAL")
    # What a power cut takes is read again.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA journal_size_limit = 16777216")
    return connection


def _version(path: Path) -> int:
    connection = _connect(path)
    try:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
    finally:
        connection.close()


def _is_sound(path: Path) -> bool:
    connection = _connect(path)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        return bool(verdict == "ok")
    finally:
        connection.close()


def _create(path: Path) -> None:
    script = files("pfs_client.history").joinpath("schema.sql").read_text("utf-8")
    connection = _connect(path)
    try:
        connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {VERSION};\nCOMMIT;")
    finally:
        connection.close()
