"""SQLite connections: how they are opened, and how a write is one transaction.

WAL with synchronous=FULL by default: a commit is on the disk when COMMIT returns, readers never
wait for writers. SQLite's failures leave this module as PFS's.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from pfs_client.failures import PfsFailure, PfsTimeout, StorageFull

Synchronous: TypeAlias = Literal["full", "normal", "off"]

Clock: TypeAlias = Callable[[], int]
"""The time, in microseconds since 1970."""

WRITE_WAIT_SECONDS = 30.0
"""How long a write waits for another process that writes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FULL_CODES = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
)
FULL = (
    "the disk of the embedded PFS is full; delete what is not needed and run s3gateway compact, or"
    " give it more room"
)


def connect(
    file: Path,
    *,
    synchronous: Synchronous = "full",
    readonly: bool = False,
    wait_seconds: float = WRITE_WAIT_SECONDS,
) -> sqlite3.Connection:
    """Open the database. The caller sees to it that one thread at a time uses the connection."""
    connection = sqlite3.connect(
        file,
        timeout=wait_seconds,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16384")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    if readonly:
        connection.execute("PRAGMA query_only = ON")
    return connection


class Transaction:
    """Runs its body as one write transaction; an exception takes all of it back.

    Every write has one, and a generator as a context manager takes five times as long.

    Raises:
        StorageFull: There is no room on the disk.
        PfsTimeout: Another process has held the database for too long.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise failure_of(error) from error

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if error is not None:
            self._take_back(error)
            return
        try:
            self._connection.execute("COMMIT")
        except BaseException as failure:
            self._take_back(failure)
            raise

    def _take_back(self, error: BaseException) -> None:
        with told_as_failures():
            # A full disk ends the transaction by itself; then there is nothing to take back.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise error


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run the body on the database as it is at one moment, whatever is written meanwhile."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("COMMIT")


@contextmanager
def told_as_failures() -> Iterator[None]:
    """Turn SQLite's failures into PFS's."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise failure_of(error) from error


def failure_of(error: sqlite3.OperationalError) -> PfsFailure:
    """The PFS error that a failure of SQLite's is."""
    code = error.sqlite_errorcode
    if code in _FULL_CODES:
        return StorageFull(FULL)
    if code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return PfsTimeout("another process holds the embedded PFS's database")
    return PfsFailure(f"the embedded PFS's database failed: {error}")


def now_us() -> int:
    """The time, in microseconds since 1970."""
    return time.time_ns() // 1000


def as_datetime(microseconds: int) -> datetime:
    """A stored time as a value, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=microseconds)


def as_optional_datetime(microseconds: int | None) -> datetime | None:
    """The same for a time that may not have come yet."""
    return None if microseconds is None else as_datetime(microseconds)
