"""When upkeep does what: rounds, rests, looks for old history, and what failed before.

The clock is the tests' own, so that nothing depends on how fast the machine is.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import pytest

from embedded_pfs import collection, history
from embedded_pfs.blobs import content_hash
from embedded_pfs.engine import Engine
from embedded_pfs.upkeep import UpkeepRules, _try_lock
from pfs_client.observer import Observer

BEGIN = 5.0
DAY_US = 86_400_000_000
NOW_US = 100 * DAY_US
SELDOM = UpkeepRules(keep_history_days=1.5, seconds_between=2.0)


class Clock:
    """The clocks of a machine, which the tests set."""

    def __init__(self) -> None:
        self.now = BEGIN

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return NOW_US / 1e6


class Rounds(Observer):
    """Counts rounds, and may let time pass in one."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.takes_seconds = 0.0
        self.ended = asyncio.Semaphore(0)

    def storage_seen(self, stored_bytes: int | None, free_bytes: int, *, is_full: bool) -> None:
        self.clock.now += self.takes_seconds
        self.ended.release()

    async def one(self) -> None:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + 10):
            await self.ended.acquire()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("embedded_pfs.upkeep.time", clock)
    monkeypatch.setattr("embedded_pfs.blobs.time", clock)
    monkeypatch.setattr("embedded_pfs.upkeep.now_us", lambda: NOW_US)
    return clock


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """How long upkeep would have rested; it rests until it is told to hurry."""
    rests: list[float | None] = []
    timeout = asyncio.timeout

    def endless(seconds: float | None) -> asyncio.Timeout:
        rests.append(seconds)
        return timeout(None)

    monkeypatch.setattr("embedded_pfs.upkeep.asyncio.timeout", endless)
    return rests


@pytest.fixture
async def rounds(clock: Clock) -> Rounds:
    return Rounds(clock)


@pytest.fixture
async def engine(
    tmp_path: Path, rounds: Rounds, rests: list[float | None]
) -> AsyncIterator[Engine]:
    """One whose first round has ended; it rests now."""
    opened = Engine(tmp_path, synchronous="off", rules=SELDOM, observer=rounds)
    await rounds.one()
    yield opened
    await opened.close()


def count(engine: Engine, table: str) -> int:
    def ask(connection: sqlite3.Connection) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608

    return engine.glance(ask)


async def execute(engine: Engine, statement: str, rows: Sequence[Sequence[object]] = ((),)) -> None:
    """Run a statement once for each row of parameters."""

    def work(connection: sqlite3.Connection) -> None:
        connection.executemany(statement, rows)

    await engine.free(work)


async def add_commits(engine: Engine, closed: list[int]) -> None:
    """A branch with commits that were closed then, the last of which is its head."""
    await execute(
        engine, "INSERT INTO repo (id, project_id, name, created_us) VALUES (1, 1, 'r', 0)"
    )
    await execute(engine, "INSERT INTO line VALUES (1, 1, NULL)")
    await execute(
        engine,
        "INSERT INTO commit_ (repo_id, hex, line_id, seq, origin, branch_name, size_bytes,"
        " started_us, finishing_us) VALUES (1, ?1, 1, ?1, 1, 'b', 0, 0, ?2)",
        list(enumerate(closed, start=1)),
    )
    await execute(engine, "INSERT INTO branch VALUES (1, 1, 'b', 1, 0)")


async def test_it_rests_twenty_times_as_long_as_it_took_and_a_while_at_least(
    engine: Engine, rounds: Rounds, rests: list[float | None]
) -> None:
    assert rests == [2.0]
    rounds.takes_seconds = 7.0
    engine.upkeep.hurry()
    await rounds.one()
    assert rests == [2.0, 140.0]
    rounds.takes_seconds = 0.0
    engine.upkeep.hurry()
    await rounds.one()
    assert rests == [2.0, 140.0, 2.0]


async def test_by_default_ten_seconds_lie_between_rounds(
    tmp_path: Path, rounds: Rounds, rests: list[float | None]
) -> None:
    engine = Engine(tmp_path, synchronous="off", observer=rounds)
    await rounds.one()
    assert rests == [10.0]
    await engine.close()


async def test_rounds_come_by_themselves(tmp_path: Path, rounds: Rounds) -> None:
    engine = Engine(
        tmp_path, synchronous="off", observer=rounds, rules=UpkeepRules(seconds_between=0)
    )
    for _ in range(3):
        await rounds.one()
    await engine.close()


LOST = "ALTER TABLE suspect RENAME TO lost"
FOUND = "ALTER TABLE lost RENAME TO suspect"


async def test_what_a_round_could_not_do_the_next_one_does(
    engine: Engine, rounds: Rounds, caplog: pytest.LogCaptureFixture
) -> None:
    await engine.suspect([content_hash(b"a")])
    await execute(engine, LOST)
    engine.upkeep.hurry()
    await rounds.one()
    told = [record for record in caplog.records if "could not be kept up" in record.message]
    assert [record.levelno for record in told] == [logging.WARNING]
    assert "no such table" in told[0].message
    await execute(engine, FOUND)
    engine.upkeep.hurry()
    await rounds.one()
    assert count(engine, "suspect") == 0


async def test_no_fault_in_a_round_is_the_last_of_upkeep(
    engine: Engine, rounds: Rounds, caplog: pytest.LogCaptureFixture
) -> None:
    staging = engine.directory.path / "staging"
    staging.rmdir()
    await engine.suspect([content_hash(b"a")])
    engine.upkeep.hurry()
    await rounds.one()
    (told,) = caplog.records
    assert (told.levelno, told.exc_info is not None) == (logging.ERROR, True)
    staging.mkdir()
    engine.upkeep.hurry()
    await rounds.one()
    assert count(engine, "suspect") == 0


async def test_a_failed_round_lets_other_processes_keep_the_directory_up(engine: Engine) -> None:
    (engine.directory.path / "staging").rmdir()
    with pytest.raises(FileNotFoundError):
        await engine.upkeep.round()
    lock = _try_lock(engine)
    assert lock is not None
    os.close(lock)


async def add_file_sets(engine: Engine, *ids: str) -> None:
    rows = [(id_, 1000 * NOW_US) for id_ in ids]
    await execute(engine, "INSERT INTO file_set VALUES (?, ?)", rows)


def file_sets(engine: Engine) -> list[str]:
    connection = engine.directory.connect(readonly=True)
    ids = [id_ for (id_,) in connection.execute("SELECT id FROM file_set ORDER BY id")]
    connection.close()
    return ids


async def test_released_file_sets_go_at_the_end_at_the_latest(engine: Engine) -> None:
    await add_file_sets(engine, "a", "b", "c")
    engine.upkeep.release("a")
    engine.upkeep.release("c")
    await engine.upkeep.close()
    assert file_sets(engine) == ["b"]


async def test_a_database_that_fails_at_the_end_keeps_nobody_from_closing(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    await add_file_sets(engine, "a")
    await execute(engine, "ALTER TABLE file_set_change RENAME TO lost")
    engine.upkeep.release("a")
    await engine.close()
    assert "file sets that are of no more use stay" in caplog.text
    assert file_sets(engine) == ["a"]


async def test_history_goes_that_is_older_to_the_microsecond(
    engine: Engine, clock: Clock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ROWS_A_TRANSACTION", 1)
    bound = NOW_US - 3 * DAY_US // 2
    await add_commits(engine, [0, bound - 1, bound, bound + 1])
    replaced = [(path, content_hash(b"")) for path in ("a", "b")]
    await execute(engine, "INSERT INTO past_file VALUES (1, ?, 1, 2, 1, ?, 0)", replaced)
    clock.now += 720.0
    with caplog.at_level(logging.INFO):
        await engine.upkeep.round()
    assert count(engine, "commit_") == 2
    assert count(engine, "past_file") == 0
    assert caplog.messages == ["2 commits are gone that were older than --keep-history"]


async def test_old_history_is_looked_for_at_once_and_then_every_360_rounds(
    engine: Engine, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    await add_commits(engine, [0, NOW_US])
    clock.now = BEGIN + 719.9
    await engine.upkeep.round()
    assert count(engine, "commit_") == 2
    clock.now = BEGIN + 720.0
    await engine.upkeep.round()
    assert count(engine, "commit_") == 1
    caplog.clear()
    with caplog.at_level(logging.INFO):
        clock.now = BEGIN + 3 * 720.0
        await engine.upkeep.round()
    assert caplog.messages == []  # nothing was too old


async def test_the_first_round_looks_for_old_history(
    tmp_path: Path, rounds: Rounds, rests: list[float | None]
) -> None:
    before = Engine(tmp_path, synchronous="off", observer=rounds)
    await rounds.one()
    await add_commits(before, [0, NOW_US])
    await before.close()
    engine = Engine(tmp_path, synchronous="off", rules=SELDOM, observer=rounds)
    await rounds.one()
    assert count(engine, "commit_") == 1
    await engine.close()


async def test_what_is_stored_is_measured_at_first_and_every_five_minutes(
    engine: Engine, clock: Clock
) -> None:
    assert engine.stored_bytes
    engine.stored_bytes = None
    for seconds, is_measured in ((0.0, False), (299.9, False), (300.0, True)):
        clock.now = BEGIN + seconds
        await engine.upkeep.round()
        assert (engine.stored_bytes is not None) is is_measured


async def test_all_repos_that_are_deleted_go_in_one_round(engine: Engine) -> None:
    repos = [(1,), (2,)]
    await execute(engine, "INSERT INTO repo VALUES (?1, 1, 'r' || ?1, '', 0)", repos)
    await execute(engine, "INSERT INTO dropped_repo VALUES (?)", repos)
    await engine.upkeep.round()
    assert count(engine, "repo") == 0


def left_by_a_write(engine: Engine, name: str, idle_seconds: float) -> Path:
    file = engine.blobs.staging_name(name)
    file.write_bytes(b"half")
    written = NOW_US / 1e6 - idle_seconds
    os.utime(file, (written, written))
    return file


async def test_what_was_written_to_within_an_hour_stays(engine: Engine) -> None:
    old, young = left_by_a_write(engine, "a", 3600.0), left_by_a_write(engine, "b", 3599.5)
    await engine.upkeep.round()
    assert (old.exists(), young.exists()) == (False, True)


async def test_a_staging_file_may_go_by_itself_meanwhile(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [left_by_a_write(engine, name, 7200.0) for name in ("a", "b")]
    suspect = collection.suspect

    def gone_meanwhile(connection: sqlite3.Connection, hashes: Iterable[bytes]) -> None:
        files[0].unlink()
        suspect(connection, hashes)

    with monkeypatch.context() as patches:
        patches.setattr(collection, "suspect", gone_meanwhile)
        await engine.upkeep.round()
    assert not files[1].exists()


@pytest.mark.parametrize("is_wanted", [True, False])
async def test_all_suspects_are_settled_in_one_round(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, is_wanted: bool
) -> None:
    monkeypatch.setattr(collection, "MAX_SUSPECTS", 300)
    hashes = [content_hash(b"%d" % number) for number in range(1000)]
    if is_wanted:
        await add_file_sets(engine, "a")
        statement = "INSERT INTO file_set_change VALUES ('a', ?, 'f', 1, ?)"
        await execute(engine, statement, list(enumerate(hashes)))
    await engine.suspect(hashes)
    await engine.upkeep.round()
    assert count(engine, "suspect") == 0


async def test_what_a_content_lay_in_goes_in_the_same_round(engine: Engine) -> None:
    part, whole = content_hash(b"part"), content_hash(b"whole")
    await execute(engine, "INSERT INTO content VALUES (1, ?, x'00')", [(part,)])
    await execute(engine, "INSERT INTO extent VALUES (?, 0, 1, ?)", [(whole, part)])
    await engine.suspect([whole])
    await engine.upkeep.round()
    assert count(engine, "extent") == count(engine, "content") == count(engine, "suspect") == 0
