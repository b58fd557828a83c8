"""Which writes of a branch share a group, in which order they go, and what each is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from pfs_client.company import never
from pfs_client.failures import PfsOverloaded, PfsUnavailable
from pfs_client.group_commit import branch_queue
from pfs_client.group_commit.members import Member
from tests.pfs_client.queued import COMMIT, Writing, pause

SIXTEEN_MIB = 16_777_216


def all_again(group: Sequence[Member]) -> Sequence[Member]:
    return group


def each_alone(group: Sequence[Member]) -> Sequence[Member]:
    for member in group:
        member.goes_alone = True
    return group


def break_down(group: Sequence[Member]) -> Sequence[Member]:
    raise RuntimeError("a mistake")


@pytest.fixture(params=[never, lambda: True], ids=["later", "at once"], autouse=True)
def begins(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A group goes in the next turn of the event loop, or, if nobody else is served, in this."""
    monkeypatch.setattr(Writing, "is_alone", staticmethod(request.param))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the queue tells the time by. It stands still unless a test moves it."""
    hand = SimpleNamespace(now=2)
    monkeypatch.setattr(branch_queue, "time", SimpleNamespace(perf_counter=lambda: hand.now))
    return hand


@pytest.fixture
def loop_clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What the event loop's timers go by. It stands still unless a test moves it."""
    hand = SimpleNamespace(now=1000.0, start=None)

    def start() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: hand.now)

    hand.start = start
    return hand


async def test_those_who_wait_share_a_group_in_the_order_of_their_arrival() -> None:
    assert await Writing().together(["/b"], ["/a"], ["/c"]) == [["/b", "/a", "/c"]]


async def test_a_group_takes_no_more_writes_than_it_may() -> None:
    requests = [["/1"], ["/2", "/3"], ["/4"], ["/5"]]
    groups = await Writing(max_writes=3).together(*requests)
    assert groups == [["/1", "/2", "/3"], ["/4", "/5"]]


async def test_one_requests_writes_go_together_however_many_there_are() -> None:
    groups = await Writing(max_writes=2).together(["/1"], ["/2", "/3", "/4"], ["/5"])
    assert groups == [["/1"], ["/2", "/3", "/4"], ["/5"]]


@pytest.mark.parametrize(
    ("more", "groups"),
    [(0, [["/1", "/2"]]), (1, [["/1"], ["/2"]]), (SIXTEEN_MIB, [["/1"], ["/2"]])],
)
async def test_a_group_takes_no_more_than_16_mib(more: int, groups: list[list[str]]) -> None:
    writing = Writing()
    of_paths = 2 * len("/1")
    async with writing.turn:
        first = writing.put("/1", content=bytes(SIXTEEN_MIB - of_paths - 1 + more))
        second = writing.put("/2", content=b"1")
        await pause()
    await asyncio.gather(first, second)
    assert writing.groups == groups


async def test_a_path_comes_once_in_a_group_where_each_write_is_a_version() -> None:
    requests = [["/a"], ["/b", "/c"], ["/d", "/c"], ["/a"], ["/e"]]
    groups = await Writing(paths_once=True).together(*requests)
    assert groups == [["/a", "/b", "/c"], ["/d", "/c", "/a", "/e"]]


async def test_a_path_may_come_often_in_a_group_otherwise() -> None:
    assert await Writing().together(["/a"], ["/a"], ["/a"]) == [["/a", "/a", "/a"]]


async def test_who_goes_alone_goes_with_nobody_before_or_behind() -> None:
    writing = Writing()
    writing.committer.answers.append(each_alone)
    writing.committer.goes_on.clear()
    async with writing.turn:
        tasks = [writing.put("/1"), writing.put("/2")]
        await pause()
    await pause()
    tasks += [writing.put("/3"), writing.put("/4")]
    await pause()
    writing.committer.goes_on.set()
    assert await asyncio.gather(*tasks) == [COMMIT] * 4
    assert writing.groups == [["/1", "/2"], ["/1"], ["/2"], ["/3", "/4"]]


async def test_who_goes_again_goes_before_who_came_since() -> None:
    writing = Writing(max_writes=2)
    writing.committer.answers.append(all_again)
    await writing.together(["/1"], ["/2"], ["/3"])
    assert writing.groups == [["/1", "/2"], ["/1", "/2"], ["/3"]]


async def test_nothing_goes_before_the_turn_is_free() -> None:
    writing = Writing()
    async with writing.turn:
        first = writing.put("/1")
        await pause()
        second = writing.put("/2")
        await pause()
        assert writing.groups == []
    await asyncio.gather(first, second)
    assert writing.groups == [["/1", "/2"]]
    assert not writing.turn.locked()


async def test_a_queue_has_a_task_while_anything_is_in_it() -> None:
    writing = Writing()
    for path in ("/1", "/2"):
        task = writing.put(path)
        await asyncio.sleep(0)
        assert writing.queue.task is not None
        assert await task == COMMIT
        await pause()
        assert writing.queue.task is None
    assert writing.groups == [["/1"], ["/2"]]


async def test_who_stops_waiting_does_not_count_for_the_group() -> None:
    writing = Writing(max_writes=2, paths_once=True)
    async with writing.turn:
        gone, first, second = (writing.put(path) for path in ("/1", "/1", "/2"))
        await pause()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    await asyncio.gather(first, second)
    assert writing.groups == [["/1", "/2"]]


async def test_nothing_is_committed_if_nobody_waits_any_more() -> None:
    writing = Writing()
    async with writing.turn:
        gone = writing.put("/1")
        await pause()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    await pause()
    assert (writing.groups, writing.queue.task) == ([], None)


async def test_who_stops_waiting_while_the_group_is_under_way_does_not_go_again() -> None:
    writing = Writing()
    writing.committer.answers.append(all_again)
    writing.committer.goes_on.clear()
    async with writing.turn:
        gone, stays = writing.put("/gone"), writing.put("/stays")
        await pause()
    await pause()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    writing.committer.goes_on.set()
    assert await stays == COMMIT
    assert writing.groups == [["/gone", "/stays"], ["/stays"]]


async def test_who_waits_too_long_for_a_group_is_told_and_does_not_happen(
    loop_clock: SimpleNamespace,
) -> None:
    loop_clock.start()
    writing = Writing(wait_seconds=5)
    async with writing.turn:
        first = writing.put("/1")
        await pause()
        loop_clock.now += 3
        second = writing.put("/2")
        await pause()
        assert not first.done()
        loop_clock.now += 3
        with pytest.raises(PfsOverloaded, match="do not finish in time"):
            await first
    assert await second == COMMIT
    assert writing.groups == [["/2"]]


async def test_who_is_under_way_is_not_given_up(loop_clock: SimpleNamespace) -> None:
    loop_clock.start()
    failed: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    writing = Writing(wait_seconds=5)
    writing.committer.goes_on.clear()
    under_way = writing.put("/1")
    await pause()
    loop_clock.now += 6
    await pause()
    writing.committer.goes_on.set()
    assert await under_way == COMMIT
    assert failed == []


async def test_a_mistake_is_told_to_its_own_group_alone() -> None:
    writing = Writing(max_writes=2)
    writing.committer.answers.append(break_down)
    async with writing.turn:
        tasks = [writing.put(path) for path in ("/1", "/2", "/3")]
        await pause()
    for task in tasks[:2]:
        with pytest.raises(RuntimeError, match="a mistake"):
            await task
    assert await tasks[2] == COMMIT
    assert writing.groups == [["/1", "/2"], ["/3"]]


async def test_who_waits_is_told_if_the_branch_may_have_no_commit() -> None:
    writing = Writing(max_writes=1)
    writing.committer.refusals.append(PfsUnavailable("no answer"))
    tasks = [writing.put("/1"), writing.put("/2")]
    with pytest.raises(PfsUnavailable, match="no answer"):
        await tasks[0]
    assert await tasks[1] == COMMIT
    assert writing.groups == [["/2"]]


async def test_all_are_told_if_the_process_ends() -> None:
    writing = Writing(max_writes=1)
    writing.committer.goes_on.clear()
    tasks = [writing.put("/under-way"), writing.put("/waits")]
    await pause()
    queue = writing.queue.task
    assert queue is not None
    queue.cancel()
    for task in tasks:
        with pytest.raises(PfsUnavailable, match="shutting down"):
            await task
    assert queue.cancelled()
    assert (writing.groups, writing.queue.task) == ([["/under-way"]], None)
    writing.committer.goes_on.set()
    assert await writing.put("/later") == COMMIT
    assert writing.groups == [["/under-way"], ["/later"]]


async def test_it_is_told_how_long_each_waited_and_was_under_way(clock: SimpleNamespace) -> None:
    writing = Writing()
    writing.committer.goes_on.clear()
    async with writing.turn:
        first = writing.put("/1")
        await pause()
        clock.now = 3
        second = writing.put("/2")
        await pause()
        clock.now = 5
    await pause()
    clock.now = 16
    writing.committer.goes_on.set()
    await asyncio.gather(first, second)
    assert writing.told.begun == [["/1", "/2"]]
    assert writing.told.groups == [(2, 11)]
    assert writing.told.writes == [(3, 11), (2, 11)]


async def test_who_goes_again_has_been_under_way_since_the_first_time(
    clock: SimpleNamespace,
) -> None:
    def again_later(group: Sequence[Member]) -> Sequence[Member]:
        clock.now = 9
        return group

    writing = Writing()
    writing.committer.answers.append(again_later)
    async with writing.turn:
        task = writing.put("/1")
        await pause()
        clock.now = 5
    assert await task == COMMIT
    assert writing.told.groups == [(1, 4), (1, 0)]
    assert writing.told.writes == [(3, 4)]


async def test_who_never_went_has_waited_all_the_time(clock: SimpleNamespace) -> None:
    writing = Writing()
    async with writing.turn:
        task = writing.put("/1")
        await pause()
        clock.now = 7
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert writing.told.writes == [(5, 0)]


async def test_a_queue_whose_task_was_cancelled_before_it_began_goes_on_with_the_next() -> None:
    writing = Writing()
    writing.put("/lost")
    async with writing.turn:
        await asyncio.sleep(0)
    if writing.queue.task is not None:
        writing.queue.task.cancel()
    await pause()
    assert writing.queue.is_idle
    async with asyncio.timeout(60):
        assert await writing.put("/later") == COMMIT
