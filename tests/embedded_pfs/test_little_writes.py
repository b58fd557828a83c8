"""Small writes that nobody else would wait for are made on the event loop, and no others."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from embedded_pfs import pace
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.engine import Engine
from embedded_pfs.pace import MOST_ON_LOOP, QUICK_WRITES, Pace
from pfs_client.failures import ConditionFailed, PfsUnavailable, RepoNotFound, StorageFull
from pfs_client.values import (
    AddFile,
    Branch,
    Change,
    CopyFile,
    DeleteFile,
    ExpectFile,
    File,
    Repo,
)
from tests.embedded_pfs.conftest import BRANCH, SELDOM
from tests.pfs_contract.reading import head_of, put, read

SMALL = b"x" * 1024
LARGE = b"x" * (64 * 1024 + 1)
QUICK_SECONDS = pace.QUICK_SECONDS
SLOW_SECONDS = 0.5
"""More than any write takes here, however busy the machine is."""


@pytest.fixture(autouse=True)
def everything_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "QUICK_SECONDS", SLOW_SECONDS)


class Alone:
    """Says what it is told to say, and counts how often it was asked."""

    def __init__(self) -> None:
        self.is_so = True
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.is_so


@pytest.fixture
def alone() -> Alone:
    return Alone()


@pytest.fixture
async def pfs(tmp_path: Path, alone: Alone) -> AsyncIterator[EmbeddedPfs]:
    """A PFS with one branch, whose disk has been quick, and where nothing else writes."""
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off", rules=SELDOM, is_alone=alone)
    await client.engine.upkeep.close()
    await client.create_repo(BRANCH.repo)
    await client.create_branch(BRANCH)
    be_quick(client.engine)
    yield client
    await client.aclose()


@pytest.fixture
def engine(pfs: EmbeddedPfs) -> Engine:
    return pfs.engine


def be_quick(engine: Engine) -> None:
    for _ in range(QUICK_WRITES):
        engine._pace.took(0)


def thread_of(connection: sqlite3.Connection) -> int:
    connection.execute("UPDATE project SET description = ?", (str(threading.get_ident()),))
    return threading.get_ident()


async def are_here(engine: Engine) -> tuple[bool, bool]:
    """Whether a small write and a small delete are made on the event loop."""
    here = threading.get_ident()
    write, free = await engine.write_little(thread_of), await engine.free_little(thread_of)
    return write == here, free == here


async def test_a_lone_write_is_made_where_it_is(engine: Engine) -> None:
    assert await are_here(engine) == (True, True)


async def test_others_need_not_wait_for_it(engine: Engine, alone: Alone) -> None:
    alone.is_so = False
    assert await are_here(engine) == (False, False)


async def test_without_somebody_who_knows_there_may_be_others(tmp_path: Path) -> None:
    opened = Engine(tmp_path / "other", synchronous="off")
    be_quick(opened)
    assert await are_here(opened) == (False, False)
    await opened.close()


async def test_a_disk_that_was_slow_has_to_be_quick_for_long(engine: Engine) -> None:
    engine._pace.took(SLOW_SECONDS)
    for number in range(QUICK_WRITES // 2):
        assert await are_here(engine) == (False, False), number
    assert await are_here(engine) == (True, True)


async def test_now_and_then_one_is_made_on_the_thread(engine: Engine) -> None:
    here = threading.get_ident()
    threads = [await engine.write_little(thread_of) for _ in range(3 * MOST_ON_LOOP + 3)]
    assert [thread == here for thread in threads] == ([True] * MOST_ON_LOOP + [False]) * 3


async def test_the_log_is_not_folded_on_the_event_loop(engine: Engine) -> None:
    for connection, pages in ((engine._writing_near, 0), (engine.writing, 1000)):
        assert connection.execute("PRAGMA wal_autocheckpoint").fetchone() == (pages,)


async def test_the_log_stays_short_however_long_one_writes_alone(
    pfs: EmbeddedPfs, tmp_path: Path
) -> None:
    for number in range(600):
        await pfs.modify_file(
            BRANCH, [DeleteFile("/a"), AddFile("/a", number.to_bytes(2, "big") * 512)]
        )
    assert (tmp_path / "pfs" / "pfs.sqlite-wal").stat().st_size < 8 * 1024 * 1024


def test_many_quick_writes_in_a_row_make_a_quick_disk() -> None:
    writes = Pace()
    for number in range(2 * QUICK_WRITES):
        assert writes.allows_loop == (number >= QUICK_WRITES)
        writes.took(SLOW_SECONDS / 2)
    writes.took(SLOW_SECONDS)
    assert not writes.allows_loop


def test_what_fails_may_have_been_slow_and_never_shows_that_the_disk_is_not() -> None:
    writes = Pace()
    for _ in range(QUICK_WRITES):
        writes.failed(0)
    assert not writes.allows_loop
    for _ in range(QUICK_WRITES):
        writes.took(0)
    writes.failed(SLOW_SECONDS / 2)
    assert writes.allows_loop
    writes.failed(SLOW_SECONDS)
    assert not writes.allows_loop


def test_what_is_quick_holds_nobody_up() -> None:
    a_fold_of_the_log, a_loop_that_is_held = 0.005, 0.05
    assert a_fold_of_the_log < QUICK_SECONDS < a_loop_that_is_held


async def test_what_is_slow_is_seen_wherever_it_is_made(engine: Engine, alone: Alone) -> None:
    def slowly(connection: sqlite3.Connection, fails: bool) -> None:
        connection.execute("UPDATE project SET description = 'slow'")
        threading.Event().wait(1.2 * SLOW_SECONDS)
        if fails:
            raise ValueError("it fails")

    for write in (engine.write_little, engine.free_little):
        for alone.is_so, fails in ((True, False), (False, False), (True, True), (False, True)):
            be_quick(engine)
            with suppress(ValueError):
                await write(slowly, fails)
            alone.is_so = True
            assert await are_here(engine) == (False, False)


async def test_who_meets_another_that_writes_waits_on_the_thread(
    engine: Engine, tmp_path: Path
) -> None:
    other = sqlite3.connect(
        tmp_path / "pfs" / "pfs.sqlite", isolation_level=None, check_same_thread=False
    )
    for write in (engine.write_little, engine.free_little):
        other.execute("BEGIN IMMEDIATE")
        letting_go = threading.Timer(0.1, other.execute, ("COMMIT",))
        letting_go.start()
        assert await write(thread_of) != threading.get_ident()
        letting_go.join()
    other.close()


async def test_what_fails_leaves_nothing(engine: Engine) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        thread_of(connection)
        raise ValueError("it fails")

    for write in (engine.write_little, engine.free_little):
        with pytest.raises(ValueError, match="it fails"):
            await write(fail)
    described = engine.glance(lambda c: c.execute("SELECT description FROM project").fetchone())
    assert described == ("",)


async def test_a_full_disk_is_told_of_a_write_and_lends_to_a_delete(engine: Engine) -> None:
    threads: list[int] = []
    here = threading.get_ident()

    def find_no_room_here(connection: sqlite3.Connection) -> None:
        threads.append(thread_of(connection))
        if threads[-1] == here:
            raise StorageFull("no room")

    await engine.free_little(find_no_room_here)
    assert len(threads) == 2
    assert threads[0] == here != threads[1]
    with pytest.raises(StorageFull):
        await engine.write_little(find_no_room_here)
    assert threads[2:] == [here]
    assert (await are_here(engine))[0] is False  # which finds room, and says so
    assert await are_here(engine) == (True, True)


async def test_what_was_lent_is_taken_back_on_the_thread(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.directory.reserve.lend_to_deletes()
    threads: list[int] = []
    restore = engine.directory.reserve.restore

    def restored() -> bool:
        threads.append(threading.get_ident())
        return restore()

    monkeypatch.setattr(engine.directory.reserve, "restore", restored)
    assert (await are_here(engine))[0] is False
    assert threads
    assert threading.get_ident() not in threads
    assert await are_here(engine) == (True, True)


async def test_a_closed_engine_refuses(engine: Engine) -> None:
    await engine.close()
    for write in (engine.write_little, engine.free_little):
        with pytest.raises(PfsUnavailable):
            await write(thread_of)


@pytest.mark.parametrize(
    ("changes", "is_little"),
    [
        ([DeleteFile("/a"), AddFile("/a", SMALL)], True),
        ([ExpectFile("/a", None), DeleteFile("/a"), AddFile("/a", SMALL)], True),
        ([DeleteFile("/a")], True),
        ([DeleteFile("/a"), AddFile("/a", LARGE)], False),
        ([DeleteFile("/")], False),
        ([DeleteFile("/d/"), AddFile("/d", SMALL)], False),
        ([DeleteFile("/a"), DeleteFile("/b")], False),
        ([AddFile("/a", SMALL)], False),
        ([DeleteFile("/b"), AddFile("/a", SMALL)], False),
        ([AddFile("/a", SMALL), DeleteFile("/a")], False),
        ([DeleteFile("/a"), AddFile("/a", SMALL), AddFile("/b", SMALL)], False),
        ([DeleteFile("/a"), *(ExpectFile("/b", frozenset()) for _ in range(3))], False),
    ],
)
async def test_one_small_file_is_little(
    pfs: EmbeddedPfs, alone: Alone, changes: list[Change], is_little: bool
) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    alone.asked = 0
    await pfs.modify_file(BRANCH, changes)
    assert alone.asked == is_little


async def test_a_copy_may_be_of_much(pfs: EmbeddedPfs, alone: Alone) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    alone.asked = 0
    await pfs.modify_file(BRANCH, [CopyFile("/copy", File(await head_of(pfs, BRANCH), "/a"))])
    assert alone.asked == 0


async def test_what_is_written_here_is_read_and_refused_as_elsewhere(
    pfs: EmbeddedPfs, alone: Alone
) -> None:
    for number, alone.is_so in enumerate([True, False, True]):
        before = await head_of(pfs, BRANCH)
        content = b"%d" % number
        commit = await pfs.modify_file(BRANCH, [DeleteFile("/a"), AddFile("/a", content)])
        assert commit == await head_of(pfs, BRANCH) != before
        assert await read(pfs, commit, "/a") == content
        with pytest.raises(ConditionFailed):
            await pfs.modify_file(
                BRANCH, [ExpectFile("/a", frozenset()), DeleteFile("/a"), AddFile("/a", b"no")]
            )
        assert await head_of(pfs, BRANCH) == commit
        with pytest.raises(RepoNotFound):
            await pfs.modify_file(Branch(Repo("missing"), "master"), [AddFile("/a", b"1")])
