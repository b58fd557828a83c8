"""Connections to the database: transactions, snapshots, and what SQLite's failures become."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from embedded_pfs import database
from embedded_pfs.database import Transaction, connect, failure_of, snapshot, told_as_failures
from pfs_client.failures import PfsFailure, PfsTimeout, StorageFull


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(connect(tmp_path / "db")) as opened:
        opened.execute("CREATE TABLE t (n INTEGER NOT NULL)")
        yield opened


def numbers(connection: sqlite3.Connection) -> list[int]:
    return [n for (n,) in connection.execute("SELECT n FROM t ORDER BY n")]


def setting(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_connection_is_as_it_should_be(connection: sqlite3.Connection) -> None:
    names = ("journal_mode", "synchronous", "foreign_keys", "query_only", "busy_timeout")
    assert [setting(connection, name) for name in names] == ["wal", 2, 1, 0, 30_000]


def test_who_only_reads_cannot_write(connection: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(connect(tmp_path / "db", readonly=True)) as reader:
        assert numbers(reader) == []
        with pytest.raises(sqlite3.OperationalError):
            reader.execute("INSERT INTO t VALUES (1)")


def test_a_transaction_is_whole_or_nothing(connection: sqlite3.Connection) -> None:
    with Transaction(connection):
        connection.execute("INSERT INTO t VALUES (1)")
        assert connection.in_transaction
    assert not connection.in_transaction
    with pytest.raises(sqlite3.IntegrityError), Transaction(connection):
        connection.executemany("INSERT INTO t VALUES (?)", [(2,), (None,)])
    assert not connection.in_transaction
    assert numbers(connection) == [1]


def test_a_statement_that_fails_is_told_as_a_failure(connection: sqlite3.Connection) -> None:
    with pytest.raises(PfsFailure, match="no such table"), Transaction(connection):
        connection.execute("INSERT INTO nowhere VALUES (1)")
    assert not connection.in_transaction


def test_what_cannot_be_committed_is_taken_back(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE of (n INTEGER PRIMARY KEY)")
    connection.execute("CREATE TABLE part (n REFERENCES of (n) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), Transaction(connection):
        connection.execute("INSERT INTO part VALUES (1)")
    assert not connection.in_transaction
    with Transaction(connection):
        connection.execute("INSERT INTO t VALUES (1)")
    assert numbers(connection) == [1]


def test_a_transaction_that_has_ended_by_itself_is_told(connection: sqlite3.Connection) -> None:
    """As on a full disk."""
    connection.execute("CREATE UNIQUE INDEX unique_n ON t (n)")
    connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError), Transaction(connection):
        connection.execute("INSERT OR ROLLBACK INTO t VALUES (1)")
    assert not connection.in_transaction


def test_one_writes_at_a_time(connection: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(connect(tmp_path / "db", wait_seconds=0.01)) as other:
        with Transaction(connection), pytest.raises(PfsTimeout), Transaction(other):
            raise AssertionError("it has to wait")
        with Transaction(other):
            other.execute("INSERT INTO t VALUES (1)")
    assert numbers(connection) == [1]


def test_a_snapshot_is_of_one_moment(connection: sqlite3.Connection, tmp_path: Path) -> None:
    with closing(connect(tmp_path / "db", readonly=True)) as reader:
        with snapshot(reader) as seen:
            assert numbers(seen) == []
            connection.execute("INSERT INTO t VALUES (1)")
            assert numbers(seen) == []
        assert numbers(reader) == [1]
        with pytest.raises(KeyError), snapshot(reader):
            raise KeyError
        assert not reader.in_transaction


def failed(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (sqlite3.SQLITE_FULL, StorageFull),
        (sqlite3.SQLITE_IOERR_WRITE, StorageFull),
        (sqlite3.SQLITE_IOERR_SHMSIZE, StorageFull),
        (sqlite3.SQLITE_BUSY, PfsTimeout),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, PfsTimeout),
        (sqlite3.SQLITE_BUSY_RECOVERY, PfsTimeout),
        (sqlite3.SQLITE_LOCKED, PfsTimeout),
        (sqlite3.SQLITE_LOCKED_SHAREDCACHE, PfsTimeout),
        (sqlite3.SQLITE_ERROR, PfsFailure),
        (sqlite3.SQLITE_IOERR, PfsFailure),
        (sqlite3.SQLITE_IOERR_READ, PfsFailure),
        (sqlite3.SQLITE_CANTOPEN, PfsFailure),
        (sqlite3.SQLITE_CORRUPT, PfsFailure),
        (sqlite3.SQLITE_READONLY, PfsFailure),
    ],
)
def test_what_sqlite_says_is_told_as_a_failure(code: int, failure: type[PfsFailure]) -> None:
    assert type(failure_of(failed(code))) is failure
    with pytest.raises(failure) as told, told_as_failures():
        raise failed(code)
    assert type(told.value) is failure
    assert ("what SQLite says" in str(told.value)) is (failure is PfsFailure)


def test_times_are_exact_to_the_microsecond() -> None:
    before = time.time_ns()
    now = database.now_us()
    assert before // 1000 <= now <= time.time_ns() // 1000
    moment = datetime(2026, 2, 3, 4, 5, 6, 789_012, tzinfo=UTC)
    microseconds = 1_770_091_506_789_012
    assert database.as_datetime(microseconds) == moment
    assert database.as_optional_datetime(microseconds) == moment
    assert database.as_optional_datetime(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert database.as_optional_datetime(None) is None
