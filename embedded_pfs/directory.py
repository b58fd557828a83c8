"""The data directory: who may open it, which version it has, and what a crash left in it.

Every process that uses the directory holds a shared lock on `lock`. Who gets the lock alone may
also create the database, bring it to a newer schema and remove what unfinished writes left; the
first process to start does.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from pathlib import Path

from embedded_pfs.blobs import Blobs
from embedded_pfs.database import Clock, Synchronous, connect, now_us, transaction
from embedded_pfs.migrations import SCHEMA_VERSION, MigrationFailed, create_schema, migrate

_LOCK_WAIT_SECONDS = 10.0


class DirectoryRefused(Exception):
    """The directory cannot be used; the message is one line for a person that says why."""


class DataDirectory:
    """An open data directory.

    Args:
        path: Created if it is not there.
        synchronous: SQLite's; `off` also leaves blobs unsynced, for tests and throw-away data.
        exclusive: Use it alone, or not at all.
        clock: What file sets expire by, in microseconds since 1970.

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
    ) -> None:
        self.path = path
        self._clock = clock
        self.synchronous: Synchronous = synchronous
        self.database_file = path / "pfs.sqlite"
        self.blobs = Blobs(path, sync=synchronous != "off")
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DirectoryRefused(
                f"cannot use {path} as the embedded PFS's directory: {error.strerror}"
            ) from error
        try:
            self._enter(exclusive)
        except BaseException:
            self.close()
            raise

    def connect(self, *, readonly: bool = False) -> sqlite3.Connection:
        """Open the database."""
        connection = connect(self.database_file, synchronous=self.synchronous, readonly=readonly)
        connection.create_function("now_us", 0, self._clock)
        return connection

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._lock)

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
        try:
            fcntl.flock(self._lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

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
            connection = self.connect()
            try:
                version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise DirectoryRefused(f"cannot open {self.database_file}: {error}") from error
        if version > SCHEMA_VERSION:
            raise DirectoryRefused(
                f"{self.path} was written by a newer gateway (schema {version}, this one knows"
                f" {SCHEMA_VERSION}); use that version or another directory"
            )
        return version

    def _prepare_alone(self) -> None:
        version = self._version()
        self.blobs.create()
        connection = self.connect()
        try:
            if version == 0:
                create_schema(connection)
            self._migrate(connection, version or SCHEMA_VERSION)
            remove_unfinished(connection, self.blobs)
        finally:
            connection.close()


def remove_unfinished(connection: sqlite3.Connection, blobs: Blobs) -> int:
    """Remove expired file sets and the blobs of writes that never ended; only for who is alone.

    Returns:
        How many blobs went.
    """
    staged = list(blobs.unfinished())
    with transaction(connection):
        expired = connection.execute(
            "SELECT content_hash FROM file_set_change JOIN file_set ON file_set.id = file_set_id"
            " WHERE expires_us < now_us() AND content_hash IS NOT NULL"
        ).fetchall()
        connection.execute("DELETE FROM file_set WHERE expires_us < now_us()")
    suspects = {hash_ for hash_, _ in staged if hash_} | {row[0] for row in expired}
    removed = remove_unreferenced(connection, blobs, suspects)
    for _, file in staged:
        file.unlink(missing_ok=True)
    return removed


def remove_unreferenced(connection: sqlite3.Connection, blobs: Blobs, suspects: set[bytes]) -> int:
    """Remove those of the suspected contents that nothing refers to; only for who is alone."""
    if not suspects:
        return 0
    with transaction(connection):
        connection.execute("CREATE TEMP TABLE suspect (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        connection.executemany("INSERT INTO suspect VALUES (?)", [(hash_,) for hash_ in suspects])
        for table in ("file", "past_file", "file_set_change"):
            connection.execute(
                f"DELETE FROM suspect WHERE hash IN (SELECT content_hash FROM {table})"
            )
        unreferenced = [row[0] for row in connection.execute("SELECT hash FROM suspect")]
        connection.execute("DELETE FROM content WHERE hash IN (SELECT hash FROM suspect)")
        connection.execute("DROP TABLE suspect")
    for hash_ in unreferenced:
        blobs.path(hash_).unlink(missing_ok=True)
    return len(unreferenced)
