"""What waits for pachd waits in order, not for ever, and takes bounded memory."""

from __future__ import annotations

import asyncio
import tracemalloc
from typing import Any

import pytest
from grpc import StatusCode

from pfs_client.failures import (
    BranchNotFound,
    PathCollision,
    PfsAccessDenied,
    PfsOverloaded,
)
from pfs_client.group_commit import pachd_committer
from pfs_client.group_commit.admission import Admission
from pfs_client.group_commit.tree_knowledge import TreeKnowledge
from pfs_client.values import AddFile, Branch, Repo
from tests.cluster.pachd import Pachd
from tests.cluster.wire import Fault
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import (
    LARGE,
    body,
    files_of,
    one_group,
    others_write,
    put,
    results,
    sent_paths,
    until,
    waiting,
    writes_to,
)


async def test_no_more_commits_are_unfinished_than_are_allowed(pachd: Pachd) -> None:
    writes = writes_to(pachd, max_unfinished=2)
    pachd.finishing.hold()
    await put(writes, "/1")
    await put(writes, "/2")
    third = asyncio.ensure_future(put(writes, "/3"))
    fourth = asyncio.ensure_future(put(writes, "/4"))
    await until(lambda: waiting(writes) == 2)
    assert len(pachd.finishing.unfinished(BRANCH)) == 2
    pachd.finishing.release()
    await asyncio.gather(third, fourth)
    assert pachd.wire.count()["ModifyFile"] == 3  # the two that waited share one


async def test_a_write_that_no_commit_would_take_in_time_does_not_happen(pachd: Pachd) -> None:
    writes = writes_to(pachd, max_unfinished=1, wait_seconds=0.2)
    pachd.finishing.hold()
    await put(writes, "/1")
    with pytest.raises(PfsOverloaded, match="do not finish in time"):
        await put(writes, "/2")
    with pytest.raises(PfsOverloaded):
        await writes.delete_file(BRANCH, "/1")
    pachd.finishing.release()
    await put(writes, "/3")
    assert await files_of(pachd) == ["/1", "/3"]


async def test_a_write_whose_client_goes_while_it_waits_does_not_happen(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    two = [put(writes, "/gone"), put(writes, "/stays")]
    async with one_group(pachd, writes, *two) as arrived:
        arrived[0].cancel()
    await arrived[1]
    assert await files_of(pachd) == ["/stays"]


async def test_a_write_whose_client_goes_before_it_is_tried_again_does_not_happen(
    pachd: Pachd,
) -> None:
    writes = writes_to(pachd)
    async with one_group(pachd, writes, put(writes, "/gone"), put(writes, "/stays")) as arrived:
        pachd.wire.faults["ModifyFile"] = Fault(StatusCode.UNKNOWN, "?", after_messages=3)
    arrived[0].cancel()
    await arrived[1]
    assert await files_of(pachd) == ["/stays"]


class TestWithCallsOfASecond:
    @pytest.fixture
    def call_seconds(self) -> float:
        return 1.0

    async def test_commits_that_never_finish_are_not_waited_for_for_ever(
        self, pachd: Pachd
    ) -> None:
        writes = writes_to(pachd, max_unfinished=1)
        pachd.finishing.hold()
        await put(writes, "/1")
        async with asyncio.timeout(5):
            await writes.delete_file(BRANCH, "/2")
            await writes.drain()

    async def test_a_large_write_does_not_wait_for_its_commit(self, pachd: Pachd) -> None:
        writes = writes_to(pachd)
        pachd.finishing.hold()
        async with asyncio.timeout(5):
            (result,) = await results([asyncio.ensure_future(put(writes, "/1", LARGE))])
        assert isinstance(result, bytes)


async def test_a_mistake_of_ours_in_one_group_leaves_the_next_alone(
    pachd: Pachd, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = writes_to(pachd)

    async def breaks(self: Admission, members: Any) -> Any:
        monkeypatch.undo()
        raise RuntimeError("a mistake")

    async with one_group(pachd, writes, put(writes, "/a"), put(writes, "/b")) as arrived:
        monkeypatch.setattr(Admission, "sort", breaks)
        late = asyncio.ensure_future(put(writes, "/c" * 400))
        await until(lambda: waiting(writes) == 3)
        writes._queues.kept[BRANCH]._max_writes = 2
    assert await results(arrived) == [RuntimeError, RuntimeError]
    await late
    await writes.drain()


async def test_many_keys_to_delete_make_groups_of_their_own(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    six_hundred = [f"/d{n}" for n in range(600)]
    calls = [writes.delete_files(BRANCH, six_hundred) for _ in range(3)]
    async with one_group(pachd, writes, *calls) as arrived:
        pass
    assert await results(arrived) == [None] * 3
    sizes = [len(call.messages) - 1 for call in pachd.wire.of("ModifyFile")]
    assert sizes == [2, 600, 600, 600]


async def test_a_refusal_in_the_middle_of_an_upload_is_told_as_it_is(pachd: Pachd) -> None:
    """Not as a broken connection, which would be tried again for ever."""
    writes = writes_to(pachd)
    for after in range(12):
        pachd.wire.faults["CreateFileSet"] = Fault(
            StatusCode.PERMISSION_DENIED, "needs permissions", after_messages=after
        )
        pieces = body(*[bytes(700_000)] * 12)
        with pytest.raises(PfsAccessDenied):
            await writes.put_file(BRANCH, "/a", pieces)


async def test_a_deep_path_takes_few_looks(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    await put(writes, "/a/b/c" + "/d" * 400)
    assert pachd.wire.count()["WalkFile"] <= 12
    await put(writes, "/a/b/c" + "/d" * 399 + "/e")
    assert pachd.wire.count()["WalkFile"] <= 12  # known whole


@pytest.mark.parametrize("depth", [1, 2, 3, 7, 30, 31])
async def test_a_file_in_the_way_is_found_however_far_above(pachd: Pachd, depth: int) -> None:
    await others_write(pachd, "/x/y" + "/d" * depth, "/x/other")
    for below in (1, 2, 9):
        writes = writes_to(pachd)
        with pytest.raises(PathCollision) as refused:
            await put(writes, "/x/y" + "/d" * (depth + below))
        assert refused.value.existing == "/x/y" + "/d" * depth
    writes = writes_to(pachd)
    if depth > 1:
        with pytest.raises(PathCollision):
            await put(writes, "/x/y" + "/d" * (depth - 1))
    await put(writes, "/x/y/e")
    assert sent_paths(pachd)[-1] == "/x/y/e"
    assert len(pachd.wire.of("ModifyFile")) == 2


async def test_what_is_known_of_all_branches_is_bounded(pachd: Pachd) -> None:
    writes = writes_to(pachd, known_bytes=20_000)
    committer: Any = writes._committer
    branches = [Branch(Repo("r"), f"b{n}") for n in range(5)]
    for branch in branches:
        await pachd.pfs.create_branch(branch)
        await asyncio.gather(*(put(writes, f"/new/{n:04}", branch=branch) for n in range(40)))
        await put(writes, "/dir/file", branch=branch)
    known = [s.watch.guard.known.size_bytes for s in committer._branches.values()]
    assert sum(known) <= 20_000
    assert known[0] == 0
    assert known[-1] > 0
    for branch in branches:
        with pytest.raises(PathCollision):
            await put(writes, "/dir", branch=branch)


async def test_branches_that_are_not_there_take_nobodys_place(
    pachd: Pachd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pachd_committer, "MAX_BRANCHES_KNOWN", 2)
    writes = writes_to(pachd)
    committer: Any = writes._committer
    await put(writes, "/a")
    await writes.drain()
    for number in range(4):
        with pytest.raises(BranchNotFound):
            await put(writes, "/a", branch=Branch(Repo("r"), f"none{number}"))
    assert list(committer._branches) == [BRANCH]


async def test_what_is_forgotten_for_room_is_looked_up_where_it_was_written(
    pachd: Pachd,
) -> None:
    """Before a commit of ours has finished, only it, and not the one before, says what it holds."""
    writes = writes_to(pachd, known_bytes=0, max_unfinished=3)
    pachd.finishing.hold()
    await put(writes, "/d")
    colliding = asyncio.ensure_future(put(writes, "/d/x"))
    await pachd.wire.came("InspectBranch", 2)
    pachd.finishing.release()
    with pytest.raises(PathCollision):
        await colliding
    assert "/d/x" not in sent_paths(pachd)


def test_what_knowledge_takes_is_about_what_it_says() -> None:
    for depth in (1, 4):
        tracemalloc.start()
        known = TreeKnowledge()
        for number in range(20_000):
            known.add_file(f"/{number % 100:050}" * depth + f"/{number:010}")
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert 0.6 < taken / known.size_bytes < 1.4


async def test_others_writes_are_seen_in_the_next_group(pachd: Pachd) -> None:
    writes = writes_to(pachd)
    await put(writes, "/mine/a")
    await others_write(pachd, "/mine/b/c", AddFile("/theirs", b"1"))
    with pytest.raises(PathCollision):
        await put(writes, "/mine/b")
    with pytest.raises(PathCollision):
        await put(writes, "/theirs/x")
    await put(writes, "/mine/b/d")
