"""What an observer is told of writes and their groups."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest
from grpc import StatusCode

from pfs_client.failures import PfsOverloaded, PfsUnavailable
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.group_commit.pachd_committer import PachdCommitter
from pfs_client.observer import Observer, Observers
from pfs_client.values import SMALL_FILE_BYTES
from tests.cluster.pachd import Pachd
from tests.cluster.wire import Fault
from tests.pfs_client.groups import put, until, waiting

name: ContextVar[str] = ContextVar("name", default="")


class Groups(Observer):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.began: list[list[object]] = []
        self.ended: list[int] = []
        self.writes: dict[str, tuple[float, float]] = {}

    def current_request(self) -> object:
        return name.get()

    def group_began(self, requests: Sequence[object]) -> None:
        self.began.append(list(requests))

    def group_ended(self, requests: int, seconds: float) -> None:
        self.ended.append(requests)

    def write_ended(self, queue_seconds: float, commit_seconds: float) -> None:
        self.writes[name.get()] = (queue_seconds, commit_seconds)


async def put_as(writes: GroupedWrites, who: str) -> None:
    name.set(who)
    await put(writes, f"/{who}")


def observed(pachd: Pachd, observer: Observer, wait_seconds: float = 20) -> GroupedWrites:
    committer = PachdCommitter(pachd.pfs, max_unfinished=1)
    return GroupedWrites(
        pachd.pfs,
        committer,
        inline_bytes=SMALL_FILE_BYTES,
        wait_seconds=wait_seconds,
        observer=observer,
    )


async def test_a_write_knows_how_long_it_waited_and_who_went_with_it(pachd: Pachd) -> None:
    groups = Groups()
    writes = observed(pachd, Observers(groups, Observer()))
    pachd.finishing.hold()
    await put_as(writes, "first")
    others = [asyncio.create_task(put_as(writes, who)) for who in ("second", "third")]
    await until(lambda: waiting(writes) == 2)
    await asyncio.sleep(0.2)
    pachd.finishing.release()
    await asyncio.gather(*others)
    await writes.drain()
    assert groups.began == [["first"], ["second", "third"]]
    assert groups.ended == [1, 2]
    assert groups.writes["first"][0] < 0.1
    for who in ("second", "third"):
        queue_seconds, commit_seconds = groups.writes[who]
        assert queue_seconds >= 0.2
        assert 0 < commit_seconds < 10


async def test_a_write_that_no_group_took_has_only_waited(pachd: Pachd) -> None:
    groups = Groups()
    writes = observed(pachd, groups, wait_seconds=0.2)
    pachd.finishing.hold()
    await put_as(writes, "first")
    with pytest.raises(PfsOverloaded):
        await put_as(writes, "late")
    queue_seconds, commit_seconds = groups.writes["late"]
    assert queue_seconds >= 0.2
    assert commit_seconds == 0
    assert groups.began == [["first"]]
    pachd.finishing.release()


async def test_a_group_that_fails_ends_too(pachd: Pachd) -> None:
    groups = Groups()
    writes = observed(pachd, groups)
    pachd.wire.faults["ModifyFile"] = Fault(StatusCode.UNAVAILABLE, "away", times=99)
    with pytest.raises(PfsUnavailable):
        await put_as(writes, "lost")
    await writes.drain()
    await asyncio.sleep(0)  # who waits for an answer is told first
    assert groups.ended == [1]
    assert groups.writes["lost"][1] > 0
