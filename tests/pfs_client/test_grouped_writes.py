from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from embedded_pfs.blobs import INLINE_MAX_BYTES
from embedded_pfs.client import EmbeddedPfs
from pfs_client.failures import BranchNotFound, ConditionFailed, PathCollision, PfsOverloaded
from pfs_client.group_commit.committer import Committer, EmbeddedCommitter
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.group_commit.pachd_committer import PachdCommitter
from pfs_client.limits.memory_budget import MemoryBudget
from pfs_client.values import (
    Branch,
    Change,
    Commit,
    ExpectFile,
    File,
    Repo,
    small_file_hash,
)
from tests.pfs_contract.reading import head_of, paths, read


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    await client.create_repo(Repo("r"))
    await client.create_branch(BRANCH)
    yield client
    await client.aclose()


BRANCH = Branch(Repo("r"), "master")


async def body(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def commits_since(pfs: EmbeddedPfs, first: str) -> int:
    """How many commits the branch has got since."""
    count, head = 0, (await pfs.inspect_branch(BRANCH)).head
    while head.id != first:
        parent = (await pfs.inspect_commit(head)).parent
        assert parent is not None
        head, count = parent, count + 1
    return count


async def test_a_put_alone_is_a_commit_alone(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    before = (await pfs.inspect_branch(BRANCH)).head.id
    written = await writes.put_file(BRANCH, "/a", body(b"one"))
    assert written.hash == small_file_hash(b"one")
    assert written.commit == (await pfs.inspect_branch(BRANCH)).head
    assert await commits_since(pfs, before) == 1
    await writes.drain()


async def test_writes_that_arrive_during_a_commit_share_the_next(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    before = (await pfs.inspect_branch(BRANCH)).head.id
    await asyncio.gather(
        *(writes.put_file(BRANCH, f"/f{n}", body(str(n).encode())) for n in range(200))
    )
    assert 1 <= await commits_since(pfs, before) <= 4
    head = await head_of(pfs, BRANCH)
    assert len(await pfs.list_file(File(head, "/"))) == 200
    assert await read(pfs, head, "/f17") == b"17"


async def test_where_paths_are_written_once_each_write_of_one_has_its_own_commit(
    pfs: EmbeddedPfs,
) -> None:
    writes = GroupedWrites(
        pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES, paths_once=True
    )
    before = (await pfs.inspect_branch(BRANCH)).head.id
    others = [writes.put_file(BRANCH, f"/other{n}", body(b"")) for n in range(20)]
    written = await asyncio.gather(
        *(writes.put_file(BRANCH, "/f", body(str(n).encode())) for n in range(5)), *others
    )
    commits = [one.commit for one in written[:5]]
    assert len(set(commits)) == 5
    for at, commit in enumerate(commits):
        assert commit is not None
        assert await read(pfs, commit, "/f") == str(at).encode()
    assert await commits_since(pfs, before) <= 6  # what is beside them shares their commits


async def test_commit_per_request(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(
        pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES, commit_per_request=True
    )
    before = (await pfs.inspect_branch(BRANCH)).head.id
    await asyncio.gather(*(writes.put_file(BRANCH, f"/f{n}", body(b"")) for n in range(20)))
    assert await commits_since(pfs, before) == 20


async def test_the_last_to_arrive_wins(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    for _ in range(5):
        await asyncio.gather(
            *(writes.put_file(BRANCH, "/same", body(str(n).encode())) for n in range(20))
        )
        assert await read(pfs, await head_of(pfs, BRANCH), "/same") == b"19"


@pytest.mark.parametrize("size", [0, 65_536, 65_537, 3_000_000])
async def test_bodies_of_all_sizes(pfs: EmbeddedPfs, size: int) -> None:
    content = os.urandom(size)
    pieces = [content[at : at + 40_000] for at in range(0, size, 40_000)]
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    for declared in (None, size):
        await writes.put_file(BRANCH, "/big", body(*pieces), declared_size_bytes=declared)
        assert await read(pfs, await head_of(pfs, BRANCH), "/big") == content
    assert writes._memory.held_bytes == 0


async def test_a_member_that_is_refused_fails_alone(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    await writes.put_file(BRANCH, "/d", body(b"1"))
    before = (await pfs.inspect_branch(BRANCH)).head.id
    tasks = [writes.put_file(BRANCH, f"/f{n}", body(b"1")) for n in range(10)]
    tasks.insert(3, writes.put_file(BRANCH, "/d/x", body(b"1")))
    tasks.insert(
        7,
        writes.put_file(BRANCH, "/d", body(b"2"), expect=ExpectFile("/d", frozenset())),
    )
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = {at: type(r) for at, r in enumerate(results) if isinstance(r, BaseException)}
    assert failed == {3: PathCollision, 7: ConditionFailed}
    assert await commits_since(pfs, before) <= 2
    listed = paths(await pfs.list_file(File(await head_of(pfs, BRANCH), "/")))
    assert listed == ["/d", *sorted(f"/f{n}" for n in range(10))]


class Counted(EmbeddedPfs):
    """Counts its transactions of writes."""

    calls = 0

    async def modify_file(self, branch: Branch, changes_: Sequence[Change]) -> Commit | None:
        self.calls += 1
        return await super().modify_file(branch, changes_)


async def test_a_thousand_conditions_that_fail_take_a_few_transactions(tmp_path: Path) -> None:
    pfs = Counted(tmp_path, synchronous="off")
    await pfs.create_repo(Repo("r"))
    await pfs.create_branch(BRANCH)
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    await writes.put_file(BRANCH, "/there", body(b"1"))
    before = pfs.calls
    results = await asyncio.gather(
        *(writes.delete_file(BRANCH, f"/{n}", ExpectFile(f"/{n}", None)) for n in range(998)),
        writes.delete_file(BRANCH, "/there", ExpectFile("/there", None)),
        writes.delete_file(BRANCH, "/there", ExpectFile("/there", None)),
        return_exceptions=True,
    )
    assert [type(r) for r in results].count(ConditionFailed) == 999
    assert isinstance(results[998], Commit)
    assert pfs.calls - before <= 4
    await pfs.aclose()


async def test_a_condition_on_what_the_group_writes_is_decided_behind_that(
    pfs: EmbeddedPfs,
) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    new = ExpectFile("/new", frozenset())
    there = ExpectFile("/new", None)
    results = await asyncio.gather(
        writes.delete_file(BRANCH, "/gone", ExpectFile("/gone", None)),
        writes.put_file(BRANCH, "/new", body(b"1"), expect=new),
        writes.put_file(BRANCH, "/new", body(b"2"), expect=there),
        writes.delete_file(BRANCH, "/new", there),
        writes.delete_file(BRANCH, "/new", there),
        return_exceptions=True,
    )
    failed = [isinstance(result, ConditionFailed) for result in results]
    assert failed == [True, False, False, False, True]
    assert paths(await pfs.list_file(File(await head_of(pfs, BRANCH), "/"))) == []


async def test_of_two_creations_in_one_group_one_wins(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    expect = ExpectFile("/new", frozenset())
    results = await asyncio.gather(
        *(writes.put_file(BRANCH, "/new", body(bytes([n])), expect=expect) for n in range(8)),
        return_exceptions=True,
    )
    assert [type(r) for r in results].count(ConditionFailed) == 7
    assert await read(pfs, await head_of(pfs, BRANCH), "/new") == b"\x00"


async def test_a_missing_branch_fails_everybody(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    missing = Branch(BRANCH.repo, "missing")
    results = await asyncio.gather(
        *(writes.put_file(missing, "/a", body(b"")) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(r, BranchNotFound) for r in results)


async def test_a_body_that_breaks_off_stores_nothing(pfs: EmbeddedPfs) -> None:
    async def broken(first: bytes) -> AsyncIterator[bytes]:
        yield first
        raise ConnectionError

    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    before = await head_of(pfs, BRANCH)
    for size in (10, 200_000):
        with pytest.raises(ConnectionError):
            await writes.put_file(BRANCH, "/a", broken(bytes(size)))
    assert await head_of(pfs, BRANCH) == before
    assert writes._memory.held_bytes == 0
    assert not list((pfs.engine.directory.path / "staging").iterdir())


async def test_a_cancelled_write_that_waits_does_not_happen(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    first = asyncio.create_task(writes.put_file(BRANCH, "/first", body(b"1")))
    await asyncio.sleep(0)
    assert writes._queues.kept
    await asyncio.sleep(0)
    second = asyncio.create_task(writes.put_file(BRANCH, "/second", body(b"1")))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    await writes.drain()
    assert paths(await pfs.list_file(File(await head_of(pfs, BRANCH), "/"))) == ["/first"]


async def test_deleting_many_is_one_commit(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    await asyncio.gather(*(writes.put_file(BRANCH, f"/f{n}", body(b"1")) for n in range(10)))
    before = (await pfs.inspect_branch(BRANCH)).head.id
    await writes.delete_files(BRANCH, [f"/f{n}" for n in range(10)] + ["/missing"])
    assert await commits_since(pfs, before) == 1
    assert await pfs.list_file(File(await head_of(pfs, BRANCH), "/")) == []


async def test_draining_waits_for_what_has_joined(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    task = asyncio.create_task(writes.put_file(BRANCH, "/a", body(b"1")))
    await asyncio.sleep(0)
    assert writes._queues.kept[BRANCH].task is not None
    await writes.drain()
    assert writes._queues.kept[BRANCH].task is None
    assert task.done()


async def test_memory_is_bounded_and_given_back() -> None:
    budget = MemoryBudget(100, wait_seconds=0.05)
    order: list[int] = []

    async def hold(number: int, size: int) -> None:
        async with budget.hold(size):
            order.append(number)
            assert budget.held_bytes <= 100
            await asyncio.sleep(0.01)

    await asyncio.gather(*(hold(n, 40) for n in range(6)))
    assert order == list(range(6))
    assert budget.held_bytes == 0
    async with budget.hold(1000):
        assert budget.held_bytes == 100
        with pytest.raises(PfsOverloaded):
            async with budget.hold(1):
                pass
        waiting = asyncio.create_task(hold(9, 10))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert budget.held_bytes == 0


async def test_memory_that_becomes_free_while_who_waits_gives_up() -> None:
    """Who gave up has been cancelled, but has not run yet: it must not be in anybody's way."""
    budget = MemoryBudget(100, wait_seconds=5)

    async def hold() -> None:
        async with budget.hold(60):
            pass

    async with budget.hold(100):
        gives_up, stays = asyncio.create_task(hold()), asyncio.create_task(hold())
        await asyncio.sleep(0)
        gives_up.cancel()
    await stays
    with pytest.raises(asyncio.CancelledError):
        await gives_up
    assert budget.held_bytes == 0


async def paths_at_head(pfs: EmbeddedPfs) -> list[str]:
    return paths(await pfs.list_file(File(await head_of(pfs, BRANCH), "/")))


@pytest.fixture(params=["in a transaction", "looked at before"])
def committer(request: pytest.FixtureRequest, pfs: EmbeddedPfs) -> Committer:
    if request.param == "in a transaction":
        return EmbeddedCommitter(pfs)
    return PachdCommitter(pfs, sole_writer=True)


@pytest.mark.parametrize("path", ["/a", "/a/b"])
async def test_what_a_refusal_rests_on_is_there_when_it_is_told(
    pfs: EmbeddedPfs, committer: Committer, path: str
) -> None:
    writes = GroupedWrites(pfs, committer, inline_bytes=INLINE_MAX_BYTES)
    there: list[list[str]] = []

    async def refused() -> None:
        with pytest.raises((ConditionFailed, PathCollision)):
            await writes.put_file(BRANCH, path, body(b"2"), expect=ExpectFile(path, frozenset()))
        there.append(await paths_at_head(pfs))

    before = (await pfs.inspect_branch(BRANCH)).head.id
    late = writes.put_file(BRANCH, "/z", body(b"3"))
    await asyncio.gather(writes.put_file(BRANCH, "/a", body(b"1")), refused(), late)
    assert [one[:1] for one in there] == [["/a"]]
    assert await commits_since(pfs, before) <= 2
    await writes.drain()


async def test_a_write_waits_for_who_has_the_turn(pfs: EmbeddedPfs) -> None:
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=INLINE_MAX_BYTES)
    async with writes.turn_at(BRANCH):
        write = asyncio.create_task(writes.put_file(BRANCH, "/a", body(b"1")))
        await asyncio.sleep(0.05)
        assert not write.done()
        assert await paths_at_head(pfs) == []
        await pfs.delete_branch(BRANCH)
    with pytest.raises(BranchNotFound):
        await write
