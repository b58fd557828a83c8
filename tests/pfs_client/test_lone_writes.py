"""A write that comes alone goes at once, and those that come together wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.blobs import INLINE_MAX_BYTES
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.pace import QUICK_WRITES
from pfs_client.company import IsAlone, never
from pfs_client.failures import BranchNotFound
from pfs_client.group_commit import branch_queues
from pfs_client.group_commit.committer import EmbeddedCommitter
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.values import Branch, Repo
from tests.pfs_client.groups import body
from tests.pfs_contract.reading import head_of, read

BRANCH = Branch(Repo("r"), "master")


def always() -> bool:
    return True


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    """One whose disk has been quick, so that it writes where it is called."""
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off", is_alone=always)
    await client.engine.upkeep.close()
    await client.create_repo(BRANCH.repo)
    await client.create_branch(BRANCH)
    for _ in range(QUICK_WRITES):
        client.engine._pace.took(0)
    yield client
    await client.aclose()


def writes_to(pfs: EmbeddedPfs, is_alone: IsAlone) -> GroupedWrites:
    committer = EmbeddedCommitter(pfs)
    return GroupedWrites(pfs, committer, inline_bytes=INLINE_MAX_BYTES, is_alone=is_alone)


async def test_a_lone_write_is_made_without_a_turn_of_the_event_loop(pfs: EmbeddedPfs) -> None:
    writes = writes_to(pfs, always)
    before = len(asyncio.all_tasks())
    putting = writes.put_file(BRANCH, "/a", body(b"1"), declared_size_bytes=1)
    with pytest.raises(StopIteration) as ended:
        putting.send(None)
    assert ended.value.value.commit == (await pfs.inspect_branch(BRANCH)).head
    assert len(asyncio.all_tasks()) == before
    await writes.drain()


async def test_one_that_is_refused_is_told_as_any_other(pfs: EmbeddedPfs) -> None:
    writes = writes_to(pfs, always)
    for _ in range(2):
        with pytest.raises(BranchNotFound):
            await writes.put_file(Branch(BRANCH.repo, "none"), "/a", body(b"1"))
    await writes.drain()


async def test_one_whose_client_goes_while_it_is_under_way_is_made(pfs: EmbeddedPfs) -> None:
    writes = writes_to(pfs, always)
    pfs.engine._pace.failed(60)  # to the thread with it
    putting = asyncio.create_task(writes.put_file(BRANCH, "/a", body(b"1")))
    await asyncio.sleep(0)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    await writes.drain()
    assert await read(pfs, await head_of(pfs, BRANCH), "/a") == b"1"


async def test_those_that_come_together_share_a_commit(pfs: EmbeddedPfs) -> None:
    writes = writes_to(pfs, never)
    puts = [writes.put_file(BRANCH, f"/{n}", body(b"1")) for n in range(20)]
    assert len({written.commit for written in await asyncio.gather(*puts)}) == 1
    await writes.drain()


async def test_queues_stay_until_there_are_many(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch_queues, "MAX_KEPT", 3)
    writes = writes_to(pfs, always)
    branches = await made(pfs, 4)
    for branch in branches[:3]:
        await writes.delete_file(branch, "/a")
    kept = dict(writes._queues.kept)
    assert list(kept) == branches[:3]
    await writes.delete_file(branches[0], "/a")
    assert writes._queues.kept == kept
    await writes.delete_file(branches[3], "/a")
    assert list(writes._queues.kept) == branches[3:]


async def test_queues_that_anything_is_in_stay_however_many_there_are(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch_queues, "MAX_KEPT", 1)
    writes = writes_to(pfs, always)
    branches = await made(pfs, 5)
    busy = branches[:2]
    turns = [writes.turn_at(branch) for branch in busy]
    async with turns[0], turns[1]:
        waiting = [asyncio.create_task(writes.delete_file(branch, "/a")) for branch in busy]
        await asyncio.sleep(0)
        for branch in branches[2:]:
            await writes.delete_file(branch, "/a")
            assert list(writes._queues.kept) == [*busy, branch]
        assert [writes.turn_at(branch) for branch in busy] == turns
    await asyncio.gather(*waiting)


async def made(pfs: EmbeddedPfs, number: int) -> list[Branch]:
    branches = [Branch(BRANCH.repo, f"b{number}") for number in range(number)]
    for branch in branches:
        await pfs.create_branch(branch)
    return branches
