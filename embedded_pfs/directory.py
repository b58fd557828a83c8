"""The data directory: who may open it, which version it has, and what a crash left in it.

Every process that uses the directory holds a shared lock on `lock`. Who gets the lock alone may
also create the database and bring it to a newer schema; the first process to start does.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from embedded_pfs.blobs import Blobs
from embedded_pfs.collection import suspect
from embedded_pfs.database import (
    FULL,
    WRITE_WAIT_SECONDS,
    Clock,
    Synchronous,
    Transaction,
    connect,
    failure_of,
    now_us,
)
from embedded_pfs.disk import free_bytes, make_folder, make_private, open_private, try_lock
from embedded_pfs.leases import Leases
from embedded_pfs.migrations import SCHEMA_VERSION, MigrationFailed, create_schema, migrate
from embedded_pfs.reserve import RESERVE_BYTES, SMALL_RESERVE_BYTES, Reserve
from pfs_client.failures import NO_ROOM, StorageFull

RESTORING = "pfs.sqlite.restoring"
"""The database's name in a directory that a backup is being restored to."""

_LOCK_WAIT_SECONDS = 10.0


class DirectoryRefused(Exception):
    """The directory cannot be used; the message is one line for a person that says why."""


class DataDirectory:
    """An open data directory.

    Args:
        path: Created if it is not there.
        synchronous: SQLite's; `off` also leaves blobs unsynced and keeps a small reserve, for tests
            and throw-away data.
        exclusive: Use it alone, or not at all.
        clock: What file sets expire by, in microseconds since 1970.
        must_exist: Refuse a path where there is none yet.
        changes: Bring an older schema to the newest and remove what a crash left, if nobody else
            uses it. Otherwise it stays as it is, and an older schema is refused.

    Raises:
        DirectoryRefused: It cannot be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous = "full",
        exclusive: bool = False,
        clock: Clock = now_us,
        must_exist: bool = False,
        changes: bool = True,
    ) -> None:
        self.path = path
        self._changes = changes
        self._clock = clock
        self.synchronous: Synchronous = synchronous
        self.database_file = path / "pfs.sqlite"
        self._sync = synchronous != "off"
        self.blobs = Blobs(path, sync=self._sync)
        self.leases = Leases(path)
        self.reserve = Reserve(path, RESERVE_BYTES if self._sync else SMALL_RESERVE_BYTES)
        if must_exist and not self.database_file.exists():
            raise DirectoryRefused(f"there is no embedded PFS in {path}")
        self._lock = self._open_lock()
        try:
            if changes:
                self._enter_with_reserve(exclusive)
            else:
                self._wait_for_shared_lock()
                self._check_version()
        except BaseException:
            self.close()
            raise

    def _open_lock(self) -> int:
        try:
            self._refuse_half_restored()
            if self._changes:
                make_folder(self.path, sync=self._sync)
            lock = open_private(self.path / "lock", os.O_RDWR | os.O_CREAT)
            if self._changes:
                make_private(self.path)
        except OSError as error:
            raise DirectoryRefused(
                f"cannot use {self.path} as the embedded PFS's directory: {error.strerror}"
            ) from error
        return lock

    def stored_bytes(self) -> int:
        """How many bytes the database and the blobs take: a look at every file."""
        names = (self.database_file, self.database_file.with_name("pfs.sqlite-wal"))
        total = sum(file.stat().st_size for file in names if file.exists())
        for _, file in self.blobs.all():
            with suppress(FileNotFoundError):
                total += file.stat().st_size
        return total

    def open_upkeep_lock(self) -> int:
        """The file that is locked by who removes contents, or needs that nobody does."""
        return open_private(self.path / "upkeep", os.O_RDWR | os.O_CREAT)

    def connect(self, *, readonly: bool = False, for_loop: bool = False) -> sqlite3.Connection:
        """Open the database.

        Args:
            readonly: Nothing may be written.
            for_loop: What is written may hold nobody up: a write fails at once while somebody else
                has the lock, and others fold SQLite's log into the database.
        """
        connection = connect(
            self.database_file,
            synchronous=self.synchronous,
            readonly=readonly,
            wait_seconds=0 if for_loop else WRITE_WAIT_SECONDS,
        )
        if for_loop:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.create_function("now_us", 0, self._clock)
        return connection

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._lock)

    def _refuse_half_restored(self) -> None:
        if (self.path / RESTORING).exists():
            raise DirectoryRefused(
                f"{self.path} is not whole: a backup was being restored to it. Run s3gateway"
                " restore-backup again"
            )

    def _enter_with_reserve(self, exclusive: bool) -> None:
        try:
            self._enter(exclusive)
        except StorageFull:
            self.reserve.lend_all()
            try:
                self._enter(exclusive)
            except StorageFull:
                raise DirectoryRefused(
                    f"the disk of {self.path} is full, and the room that is kept for this is used"
                    f" up; make {RESERVE_BYTES >> 20} MiB of room"
                ) from None
        else:
            with self._refusing():
                self.reserve.restore()

    def _enter(self, exclusive: bool) -> None:
        if self._try_lock(fcntl.LOCK_EX):
            self._prepare_alone()
            if not exclusive:
                fcntl.flock(self._lock, fcntl.LOCK_SH)
        elif exclusive:
            raise DirectoryRefused(f"{self.path} is in use; stop the gateways that use it first")
        else:
            self._wait_for_shared_lock()
            self._check_version()

    def _wait_for_shared_lock(self) -> None:
        end = time.monotonic() + _LOCK_WAIT_SECONDS
        while not self._try_lock(fcntl.LOCK_SH):
            if time.monotonic() > end:
                raise DirectoryRefused(
                    f"{self.path} is held by a process that needs it alone (s3gateway compact?)"
                )
            time.sleep(0.05)

    def _try_lock(self, kind: int) -> bool:
        return try_lock(self._lock, kind)

    def _check_version(self) -> None:
        version = self._version()
        if version < SCHEMA_VERSION:
            raise DirectoryRefused(
                f"{self.path} is in use by an older gateway (schema {version}); stop it first"
            )

    def _migrate(self, connection: sqlite3.Connection, version: int) -> None:
        try:
            migrate(connection, version)
        except MigrationFailed as error:
            raise DirectoryRefused(
                f"{self.path} is damaged: {error}. Nothing of it has been changed; the gateway that"
                " wrote it can still open it"
            ) from error

    def _version(self) -> int:
        try:
            version = _schema_of(self.connect())
        except sqlite3.Error as error:
            if isinstance(error, sqlite3.OperationalError) and self._is_full(error):
                raise StorageFull(FULL) from error
            raise DirectoryRefused(f"cannot open {self.database_file}: {error}") from error
        self._refuse_version(version)
        return version

    def _refuse_version(self, version: int) -> None:
        if version > SCHEMA_VERSION:
            raise DirectoryRefused(
                f"{self.path} was written by a newer gateway (schema {version}, this one knows"
                f" {SCHEMA_VERSION}); use that version or another directory"
            )
        if version < SCHEMA_VERSION and not self._changes:
            raise DirectoryRefused(
                f"{self.path} was written by an older gateway (schema {version}, this one writes"
                f" {SCHEMA_VERSION}). Stop that one, copy the directory with cp -a, and start this"
                " version on it once"
            )

    def _prepare_alone(self) -> None:
        with self._refusing():
            # SQLite gives its other files the mode of this one.
            os.close(open_private(self.database_file, os.O_RDWR | os.O_CREAT))
        version = self._version()
        with self._refusing():
            self.blobs.create()
            self.leases.create()
        connection = self.connect()
        try:
            if version == 0:
                create_schema(connection)
            self._migrate(connection, version or SCHEMA_VERSION)
            self._remove_unfinished(connection)
        finally:
            connection.close()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Refuse a directory whose files cannot be opened or made in the body."""
        try:
            yield
        except OSError as error:
            if error.errno in NO_ROOM:
                raise StorageFull(FULL) from error
            raise DirectoryRefused(
                f"cannot use {self.path} as the embedded PFS's directory: {error.filename}:"
                f" {error.strerror}"
            ) from error

    def _remove_unfinished(self, connection: sqlite3.Connection) -> None:
        """Remove what writes left that never ended; nobody writes now."""
        left = list(self.blobs.unfinished())
        if left:
            with Transaction(connection):
                suspect(connection, {hash_ for hash_, _ in left if hash_})
        for _, file in left:
            file.unlink(missing_ok=True)

    def _is_full(self, error: sqlite3.OperationalError) -> bool:
        """Whether it is for want of room that the database cannot be opened.

        SQLite has several words for it then.
        """
        return isinstance(failure_of(error), StorageFull) or free_bytes(self.path) < 128 * 1024


def older_schema(path: Path) -> int | None:
    """The schema of a directory that opening it would bring to the newest; None if it has that.

    Raises:
        DirectoryRefused: There is no embedded PFS, or its database cannot be read.
    """
    file = path / "pfs.sqlite"
    if not file.exists():
        raise DirectoryRefused(f"there is no embedded PFS in {path}")
    try:
        version = _schema_of(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True))
    except sqlite3.Error as error:
        raise DirectoryRefused(f"cannot open {file}: {error}") from error
    return version if 0 < version < SCHEMA_VERSION else None


def _schema_of(connection: sqlite3.Connection) -> int:
    """The schema of a database, which is closed then."""
    with closing(connection):
        return int(connection.execute("PRAGMA user_version").fetchone()[0])
