from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from embedded_pfs.client import EmbeddedPfs
from pachd_server.__main__ import serving_embedded
from pachd_server.finishing import FinishingQueues
from pachd_server.latency import PachdLatency
from pachd_server.latency_times import CHANGE_MS
from pfs_client.failures import CommitNotFinished, FileNotFound
from pfs_client.pachd import messages
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.pachd.pfs_v2.pfs_pb2_grpc import APIStub
from pfs_client.pachd.raw_messages import add_file_request
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Commit,
    CopyFile,
    DeleteFile,
    File,
    FileSetKind,
    Part,
    Repo,
)
from tests.pfs_contract.reading import changes_in, found, listed, paths, put, read
from tests.servers import ServerProcess

REPO = Repo("r")
BRANCH = Branch(REPO, "master")
OTHER = Branch(REPO, "other")


@contextlib.asynccontextmanager
async def serving_like_pachd(
    directory: Path, scale: float = 1.0
) -> AsyncIterator[tuple[EmbeddedPfs, str, PachdLatency]]:
    """A slow PFS, where it is, and what makes it slow."""
    async with serving_embedded(
        directory, "127.0.0.1:0", synchronous="off", latency=scale
    ) as served:
        assert served.latency is not None
        yield served.pfs, served.address, served.latency


@dataclass(frozen=True, slots=True)
class Slow:
    """A slow PFS with one repo and one branch, and two clients of it."""

    served: EmbeddedPfs
    model: PachdLatency
    pfs: WholePachdClient
    stub: Any

    async def head(self, branch: Branch = BRANCH) -> Commit:
        return (await self.pfs.inspect_branch(branch)).head


@pytest.fixture
def scale() -> float:
    """What nothing but order and visibility needs; other tests override it."""
    return 0


@pytest.fixture
async def slow(tmp_path: Path, scale: float) -> AsyncIterator[Slow]:
    async with serving_like_pachd(tmp_path / "pfs", scale=scale) as (embedded, address, model):
        pfs = WholePachdClient.open(PachdSettings(address, call_seconds=20))
        await pfs.create_repo(REPO)
        await pfs.create_branch(BRANCH)
        model.take_calls()
        async with grpc.aio.insecure_channel(address) as channel:
            yield Slow(embedded, model, pfs, APIStub(channel))  # type: ignore[no-untyped-call]
        await pfs.aclose()


async def until_wait(queues: FinishingQueues, commit: Commit, number: int) -> None:
    """Wait until so many wait for a commit."""
    while queues.waiting[commit] < number:  # noqa: ASYNC110 - only tests would need an event
        await asyncio.sleep(0.001)


async def seconds_of(call: Awaitable[object]) -> float:
    begun = time.perf_counter()
    await call
    return time.perf_counter() - begun


# The finishing queues


async def test_a_branchs_commits_finish_one_after_the_other() -> None:
    queues, order = FinishingQueues(0.02), list[str]()
    made = [Commit(REPO, str(number)) for number in range(4)]
    for base, commit in itertools.pairwise(made):
        queues.add(BRANCH, commit, base)
    assert queues.unfinished(BRANCH) == made[1:]

    async def see(commit: Commit) -> None:
        await queues.wait(commit)
        order.append(commit.id)

    elapsed = await seconds_of(asyncio.gather(*map(see, reversed(made))))
    assert order == ["0", "1", "2", "3"]
    assert elapsed >= 3 * 0.02
    assert queues.unfinished(BRANCH) == []


async def test_branches_finish_apart_but_for_what_they_are_based_on() -> None:
    queues = FinishingQueues(0)
    one, two, three = (Commit(REPO, name) for name in ("one", "two", "three"))
    queues.hold()
    queues.add(BRANCH, one, Commit(REPO, "base"))
    queues.add(OTHER, two, one)
    queues.add(Branch(REPO, "third"), three, Commit(REPO, "base"))
    assert all(map(queues.is_unfinished, (one, two, three)))
    queues.release()
    await queues.wait(two)
    assert not queues.is_unfinished(one)
    await queues.wait(three)


async def test_who_stops_waiting_stops_no_commit() -> None:
    queues, commit = FinishingQueues(0), Commit(REPO, "one")
    queues.hold()
    queues.add(BRANCH, commit, Commit(REPO, "base"))
    waiting = asyncio.create_task(queues.wait(commit))
    await until_wait(queues, commit, 1)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert queues.is_unfinished(commit)
    assert queues.waiting[commit] == 0
    queues.release()
    await queues.wait(commit)
    assert not queues.is_unfinished(commit)


async def test_closed_queues_leave_nobody_waiting() -> None:
    queues, commit = FinishingQueues(1000), Commit(REPO, "one")
    queues.add(BRANCH, commit, Commit(REPO, "base"))
    waiting = asyncio.create_task(queues.wait(commit))
    await until_wait(queues, commit, 1)
    await queues.close()
    await waiting


# Who waits for a commit


def head_reads(slow: Slow, named: pfs_pb2.Commit) -> list[asyncio.Task[Any]]:
    """Each read that there is, of what a commit's message names."""

    async def all_of(call: Any) -> list[Any]:
        return [message async for message in call]

    async def first(call: Any) -> Any:
        return await call

    file = pfs_pb2.File(commit=named, path="/f")
    root = pfs_pb2.File(commit=named, path="/")
    stub = slow.stub
    calls = [
        first(stub.InspectFile(pfs_pb2.InspectFileRequest(file=file))),
        all_of(stub.GetFile(pfs_pb2.GetFileRequest(file=file))),
        all_of(stub.GetFileTAR(pfs_pb2.GetFileRequest(file=file))),
        all_of(stub.ListFile(pfs_pb2.ListFileRequest(file=root))),
        all_of(stub.WalkFile(pfs_pb2.WalkFileRequest(file=root))),
        all_of(stub.GlobFile(pfs_pb2.GlobFileRequest(commit=named, pattern="**"))),
    ]
    return [asyncio.create_task(call) for call in calls]


@pytest.mark.parametrize("by", ["branch", "id"])
async def test_reads_of_head_wait_until_it_has_finished(slow: Slow, by: str) -> None:
    slow.model.queues.hold()
    await put(slow.pfs, BRANCH, "/f", b"1")
    head = await slow.head()
    named = messages.commit_message(head)
    if by == "branch":
        named = pfs_pb2.Commit(branch=messages.branch_message(BRANCH))
    reads = head_reads(slow, named)
    await until_wait(slow.model.queues, head, len(reads))
    assert not any(read.done() for read in reads)
    assert slow.model.queues.unfinished(BRANCH) == [head]
    slow.model.queues.release()
    await asyncio.gather(*reads)
    assert not slow.model.queues.is_unfinished(head)


async def test_reads_of_what_has_finished_do_not_wait(slow: Slow) -> None:
    await put(slow.pfs, BRANCH, "/f", b"1")
    parent = await slow.head()
    await slow.pfs.inspect_commit(parent, wait_finished=True)
    slow.model.queues.hold()
    await put(slow.pfs, BRANCH, "/f", b"2")
    assert await read(slow.pfs, parent, "/f") == b"1"
    await asyncio.gather(*head_reads(slow, messages.commit_message(parent)))
    assert slow.model.queues.unfinished(BRANCH) == [await slow.head()]


async def test_what_was_there_before_has_finished(tmp_path: Path) -> None:
    before = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    await before.create_repo(REPO)
    await before.create_branch(BRANCH)
    await put(before, BRANCH, "/f", b"1")
    await before.aclose()
    async with serving_like_pachd(tmp_path / "pfs", scale=0) as (_, address, model):
        model.queues.hold()
        pfs = WholePachdClient.open(PachdSettings(address))
        info = await pfs.inspect_commit((await pfs.inspect_branch(BRANCH)).head)
        assert info.finished is not None
        assert await read(pfs, info.commit, "/f") == b"1"
        await pfs.aclose()


async def test_a_read_sees_the_head_that_it_waited_for(slow: Slow) -> None:
    slow.model.queues.hold()
    await put(slow.pfs, BRANCH, "/f", b"1")
    file = pfs_pb2.File(commit=pfs_pb2.Commit(branch=messages.branch_message(BRANCH)), path="/f")
    reading = asyncio.create_task(slow.stub.GetFile(pfs_pb2.GetFileRequest(file=file)).read())
    await until_wait(slow.model.queues, await slow.head(), 1)
    await put(slow.pfs, BRANCH, "/f", b"2")
    slow.model.queues.release()
    assert (await reading).value == b"1"


async def test_a_fresh_branch_and_a_file_set_have_finished(slow: Slow) -> None:
    slow.model.queues.hold()
    assert await slow.pfs.list_file(File(await slow.head(), "/")) == []
    id_ = await slow.pfs.create_file_set([AddFile("/f", b"1")])
    file_set = Commit(Repo(FILE_SETS_REPO_NAME), id_)
    assert await read(slow.pfs, file_set, "/f") == b"1"
    assert (await slow.pfs.inspect_file(File(file_set, "/f"))).size_bytes == 1


async def test_what_is_missing_is_said_as_ever(slow: Slow) -> None:
    await put(slow.pfs, BRANCH, "/f", b"1")
    with pytest.raises(FileNotFound):
        await slow.pfs.inspect_file(File(await slow.head(), "/g"))
    missing = pfs_pb2.Commit(branch=messages.branch_message(Branch(REPO, "nob")))
    with pytest.raises(grpc.aio.AioRpcError, match='branch "nob" not found in repo default/r'):
        await slow.stub.InspectFile(
            pfs_pb2.InspectFileRequest(file=pfs_pb2.File(commit=missing, path="/f"))
        )


# What commits look like


async def infos(call: Any) -> list[pfs_pb2.CommitInfo]:
    return [info async for info in call]


async def test_a_commit_shows_finished_only_once_it_has(slow: Slow) -> None:
    slow.model.queues.hold()
    await put(slow.pfs, BRANCH, "/f", b"1")
    head = await slow.head()
    request = pfs_pb2.InspectCommitRequest(commit=messages.commit_message(head))
    info = await slow.stub.InspectCommit(request)
    assert info.HasField("finishing")
    assert not info.HasField("finished")
    assert not info.HasField("details")
    listing = pfs_pb2.ListCommitRequest(repo=messages.repo_message(REPO))
    assert [i.HasField("finished") for i in await infos(slow.stub.ListCommit(listing))] == [
        False,
        True,
    ]
    slow.model.queues.release()
    await slow.pfs.inspect_commit(head, wait_finished=True)
    assert (await slow.stub.InspectCommit(request)).HasField("details")
    assert all(i.HasField("finished") for i in await infos(slow.stub.ListCommit(listing)))


async def test_who_asks_for_finished_waits_for_it(slow: Slow) -> None:
    slow.model.queues.hold()
    await put(slow.pfs, BRANCH, "/f", b"1")
    head = await slow.head()
    subscription = slow.stub.SubscribeCommit(
        pfs_pb2.SubscribeCommitRequest(
            repo=messages.repo_message(REPO),
            branch=BRANCH.name,
            state=pfs_pb2.FINISHED,
            **{"from": messages.commit_message((await slow.pfs.inspect_commit(head)).parent)},  # type: ignore[arg-type]
        )
    )
    waiting = [
        asyncio.create_task(slow.pfs.inspect_commit(head, wait_finished=True)),
        asyncio.create_task(subscription.read()),
    ]
    await until_wait(slow.model.queues, head, 2)
    assert not any(task.done() for task in waiting)
    slow.model.queues.release()
    for info in await asyncio.gather(*waiting):
        assert info.finished
    subscription.cancel()


# Open commits


async def test_an_open_commit_on_an_unfinished_base_cannot_be_read(slow: Slow) -> None:
    slow.model.queues.hold()
    await put(slow.pfs, BRANCH, "/f", b"1")
    base = await slow.head()
    opened = await slow.pfs.start_commit(BRANCH)
    text = f"base commit default/r@{base.id} for commit default/r@{opened.id} unfinished"
    for named in (
        messages.commit_message(opened),
        pfs_pb2.Commit(branch=messages.branch_message(BRANCH)),
    ):
        failures = await asyncio.gather(*head_reads(slow, named), return_exceptions=True)
        for failure in failures:
            assert isinstance(failure, grpc.aio.AioRpcError)
            assert failure.code() is grpc.StatusCode.UNKNOWN
            assert (failure.details() or "").removeprefix("get file: ") == text
    slow.model.queues.release()
    assert await read(slow.pfs, opened, "/f") == b"1"  # our client waits and tries again


async def test_writes_into_an_open_commit_are_no_commits(slow: Slow) -> None:
    slow.model.queues.hold()
    opened = await slow.pfs.start_commit(BRANCH)
    await put(slow.pfs, BRANCH, "/f", b"1")
    set_commit = pfs_pb2.ModifyFileRequest(set_commit=messages.commit_message(opened))
    add = pfs_pb2.ModifyFileRequest.FromString(add_file_request("/g", b"2"))
    await slow.stub.ModifyFile(iter([set_commit, add]))
    assert slow.model.queues.unfinished(BRANCH) == []
    assert paths(await slow.pfs.list_file(File(opened, "/"))) == ["/f", "/g"]
    await slow.pfs.finish_commit(opened)
    assert slow.model.queues.unfinished(BRANCH) == [opened]


# Whose commits there are


async def test_commits_queue_in_the_order_of_the_branch(slow: Slow) -> None:
    slow.model.queues.hold()
    await asyncio.gather(*(put(slow.pfs, BRANCH, f"/f{n}", b"") for n in range(8)))
    queued = slow.model.queues.unfinished(BRANCH)
    assert len(queued) == 8
    assert queued[-1] == await slow.head()
    for base, commit in itertools.pairwise(queued):
        assert (await slow.pfs.inspect_commit(commit)).parent == base


async def test_commits_stay_unfinished_when_their_branch_goes_or_moves(slow: Slow) -> None:
    slow.model.queues.hold()
    before = await slow.head()
    await put(slow.pfs, BRANCH, "/f", b"1")
    head = await slow.head()
    await slow.pfs.create_branch(OTHER, head=head)
    await slow.pfs.create_branch(BRANCH, head=before)
    await slow.pfs.delete_branch(BRANCH)
    for named in (head, await slow.head(OTHER)):
        assert (await slow.pfs.inspect_commit(named)).finished is None
    reading = asyncio.create_task(read(slow.pfs, head, "/f"))
    await until_wait(slow.model.queues, head, 1)
    slow.model.queues.release()
    assert await reading == b"1"


async def test_a_commit_on_another_branchs_waits_for_that(slow: Slow) -> None:
    slow.model.queues.hold()
    await put(slow.pfs, BRANCH, "/f", b"1")
    await slow.pfs.create_branch(OTHER, head=await slow.head())
    await put(slow.pfs, OTHER, "/f", b"2")
    slow.model.queues.release()
    await slow.pfs.inspect_commit(await slow.head(OTHER), wait_finished=True)
    assert not slow.model.queues.is_unfinished(await slow.head())


async def test_commits_that_others_close_count_from_when_they_are_seen(slow: Slow) -> None:
    slow.model.queues.hold()
    commit = await slow.served.start_commit(BRANCH)
    await slow.served.finish_commit(commit)
    assert (await slow.pfs.inspect_commit(commit)).finished is None
    assert slow.model.queues.unfinished(BRANCH) == [commit]


async def test_a_refused_write_is_no_commit(slow: Slow) -> None:
    slow.model.queues.hold()
    target = pfs_pb2.ModifyFileRequest(
        set_commit=pfs_pb2.Commit(branch=messages.branch_message(BRANCH))
    )
    refused = pfs_pb2.ModifyFileRequest.FromString(add_file_request("/a*", b"1"))
    with pytest.raises(grpc.aio.AioRpcError):
        await slow.stub.ModifyFile(iter([target, refused]))
    assert slow.model.queues.unfinished(BRANCH) == []


@pytest.mark.parametrize("call", ["find_commits", "diff_file", "get_file_set"])
async def test_what_looks_into_a_commit_waits_until_it_has_finished(slow: Slow, call: str) -> None:
    slow.model.queues.hold()
    await put(slow.pfs, BRANCH, "/f", b"1")
    head = await slow.head()

    async def look() -> None:
        if call == "find_commits":
            assert await found(slow.pfs, head, "/f", limit=1) == [(head, 1)]
        elif call == "diff_file":
            assert len([one async for one in slow.pfs.diff_file(File(head, "/"))]) == 2
        else:
            assert await changes_in(slow.pfs, head) == ["/", "/f"]

    looking = asyncio.create_task(look())
    await until_wait(slow.model.queues, head, 1)
    slow.model.queues.release()
    await looking


async def test_a_commit_on_its_way_is_not_squashed_but_may_be_dropped(slow: Slow) -> None:
    slow.model.queues.hold()
    for name in ("/a", "/b"):
        await put(slow.pfs, BRANCH, name, b"1")
    head = await slow.head()
    base = (await slow.pfs.inspect_commit(head)).parent
    assert base is not None
    with pytest.raises(CommitNotFinished):
        await slow.pfs.squash_commit(base)
    await slow.pfs.drop_commit(head)
    assert await slow.head() == base
    slow.model.queues.release()


# What calls take. Lower bounds only: a busy machine is slower


Calls = Callable[[Slow], Awaitable[object]]


async def add_file_set(slow: Slow) -> None:
    opened = await slow.pfs.start_commit(BRANCH)
    id_ = await slow.pfs.create_file_set([AddFile("/s", b"1")])
    await slow.stub.AddFileSet(
        pfs_pb2.AddFileSetRequest(commit=messages.commit_message(opened), file_set_id=id_)
    )
    await slow.pfs.finish_commit(opened)


TIMES: dict[str, tuple[float, Calls]] = {
    "InspectBranch": (3.5, lambda slow: slow.head()),
    "ListRepo": (8, lambda slow: slow.pfs.list_repo()),
    "ModifyFile": (41, lambda slow: put(slow.pfs, BRANCH, "/g", b"1")),
    "CreateFileSet": (7, lambda slow: slow.pfs.create_file_set([AddFile("/f", b"1")])),
    "StartCommit, CreateFileSet, AddFileSet, FinishCommit": (23 + 7 + 12 + 8, add_file_set),
    "CreateRepo": (10, lambda slow: slow.pfs.create_repo(Repo("new"))),
    "CreateBranch": (52, lambda slow: slow.pfs.create_branch(OTHER)),
    "DeleteBranch": (52, lambda slow: slow.pfs.delete_branch(BRANCH)),
    "DeleteRepo of one commit": (30 + 18, lambda slow: slow.pfs.delete_repo(REPO)),
}


async def fill(slow: Slow, commits: int) -> Commit:
    """A branch with so many commits behind its first, all finished."""
    for number in range(commits):
        await put(slow.pfs, BRANCH, f"/f{number}", b"1")
    head = await slow.head()
    await slow.pfs.inspect_commit(head, wait_finished=True)
    return head


class TestAtPachdsPace:
    @pytest.fixture
    def scale(self) -> float:
        return 1

    @pytest.mark.parametrize("name", TIMES)
    async def test_a_call_takes_its_time(self, slow: Slow, name: str) -> None:
        least_ms, call = TIMES[name]
        assert await seconds_of(call(slow)) * 1000 >= least_ms

    async def test_a_read_takes_its_time_and_a_listing_that_of_its_entries(
        self, slow: Slow
    ) -> None:
        await slow.pfs.modify_file(BRANCH, [AddFile(f"/f{n}", b"") for n in range(1000)])
        head = await slow.head()
        await slow.pfs.inspect_commit(head, wait_finished=True)
        file, root = File(head, "/f0"), File(head, "/")
        assert await seconds_of(slow.pfs.inspect_file(file)) >= 0.012
        assert await seconds_of(slow.pfs.get_file(file)) >= 0.016
        assert await seconds_of(slow.pfs.list_file(root)) >= 0.080
        assert await seconds_of(slow.pfs.walk_file(root, Part(number=200))) >= 0.028
        assert await seconds_of(slow.pfs.walk_file(file, Part(number=1))) >= 0.015

    async def test_a_write_takes_longer_for_file_sets(self, slow: Slow) -> None:
        id_ = await slow.pfs.create_file_set([AddFile("/s", b"1")])
        source = File(Commit(Repo(FILE_SETS_REPO_NAME), id_), "/s")
        copies = [CopyFile(f"/c{n}", source) for n in range(10)]
        elapsed = await seconds_of(slow.pfs.modify_file(BRANCH, copies))
        assert elapsed * 1000 >= 41 + 10 * CHANGE_MS["copy_file"]

    async def test_a_history_takes_the_time_of_its_commits(self, slow: Slow) -> None:
        head = await fill(slow, 3)
        assert await seconds_of(listed(slow.pfs, REPO, newest=head)) >= 0.050 + 4 * 0.0107
        assert await seconds_of(found(slow.pfs, head, "/f1", limit=1)) >= 2 * 0.009
        assert await seconds_of(found(slow.pfs, head, "/f1")) >= 4 * 0.009
        assert await seconds_of(found(slow.pfs, head, "/nothing")) >= 4 * 0.009
        assert await seconds_of(slow.pfs.drop_commit(head)) >= 0.028
        middle = (await slow.pfs.inspect_commit(await slow.head())).parent
        assert middle is not None
        assert await seconds_of(slow.pfs.squash_commit(middle)) >= 0.028

    async def test_what_a_commit_changed_takes_the_time_of_its_files(self, slow: Slow) -> None:
        await slow.pfs.modify_file(BRANCH, [AddFile(f"/f{n}", b"") for n in range(200)])
        many = await slow.head()
        few = await fill(slow, 1)
        changes = FileSetKind.DIFF
        assert await seconds_of(slow.pfs.get_file_set(few, changes)) >= 0.020
        assert await seconds_of(slow.pfs.get_file_set(many, changes)) >= 0.020 + 200 * 0.00025
        started = time.perf_counter()
        assert len([one async for one in slow.pfs.diff_file(File(few, "/"))]) == 2
        assert time.perf_counter() - started >= 0.050 + 200 * 0.0000125

    async def test_a_composed_set_takes_the_time_of_its_parts(self, slow: Slow) -> None:
        parts = [await slow.pfs.create_file_set([AddFile("/p", b"1")]) for _ in range(10)]
        begun = time.perf_counter()
        id_ = await slow.pfs.compose_file_set(parts)
        assert time.perf_counter() - begun >= 0.003 + 10 * 0.0004
        whole = File(Commit(Repo(FILE_SETS_REPO_NAME), id_), "/p")
        assert await seconds_of(slow.pfs.inspect_file(whole)) >= 0.004 + 10 * 0.004
        copy = CopyFile("/c", whole)
        assert await seconds_of(slow.pfs.modify_stream(BRANCH, [copy])) >= 0.041 + 10 * 0.004
        assert await seconds_of(slow.pfs.file_set_stream([copy])) >= 0.050

    async def test_two_calls_are_served_at_once(self, slow: Slow) -> None:
        file = File(await slow.head(), "/f")
        reads = [slow.pfs.inspect_file(file) for _ in range(8)]
        elapsed = await seconds_of(asyncio.gather(*reads, return_exceptions=True))
        assert elapsed >= 4 * 0.012

    async def test_a_commit_takes_its_time_to_finish(self, slow: Slow) -> None:
        begun = time.perf_counter()
        for number in range(2):
            await put(slow.pfs, BRANCH, f"/f{number}", b"")
        head = await slow.head()
        assert len(slow.model.queues.unfinished(BRANCH)) == 2
        await slow.pfs.inspect_commit(head, wait_finished=True)
        assert time.perf_counter() - begun >= 2 * 0.180


class TestAtAHundredthOfIt:
    @pytest.fixture
    def scale(self) -> float:
        return 0.01

    async def test_who_waits_for_a_commit_takes_no_place(self, slow: Slow) -> None:
        slow.model.queues.hold()
        await put(slow.pfs, BRANCH, "/f", b"1")
        head = await slow.head()
        reads = [asyncio.create_task(slow.pfs.inspect_file(File(head, "/f"))) for _ in range(3)]
        waits = [
            asyncio.create_task(slow.pfs.inspect_commit(head, wait_finished=True)) for _ in range(3)
        ]
        await until_wait(slow.model.queues, head, 6)
        await slow.head()  # is served
        slow.model.queues.release()
        await asyncio.gather(*reads, *waits)

    async def test_who_reads_slowly_takes_no_place(self, slow: Slow) -> None:
        large = bytes(24 * 1024 * 1024)
        await slow.pfs.modify_file(BRANCH, [DeleteFile("/f"), AddFile("/f", large)])
        file = File(await slow.head(), "/f")
        streams = [await slow.pfs.get_file(file) for _ in range(3)]
        await slow.head()  # is served while they are not read
        for stream in streams:
            await stream.aclose()


async def test_calls_are_counted_by_method(slow: Slow) -> None:
    await put(slow.pfs, BRANCH, "/f", b"1")
    for _ in range(3):
        await slow.head()
    await slow.pfs.get_version()
    assert slow.model.calls == {"ModifyFile": 1, "InspectBranch": 3, "GetVersion": 1}
    assert slow.model.take_calls()["InspectBranch"] == 3
    assert slow.model.calls == Counter()


async def test_it_is_a_command(tmp_path: Path) -> None:
    announced = re.compile(r"pfs_v2\s+grpc://(\S+)")
    arguments = ("--address", "127.0.0.1:0", "--directory", str(tmp_path), "--latency", "0.1")
    with ServerProcess("pachd_server", announced, *arguments) as server:
        pfs = WholePachdClient.open(PachdSettings(server.address))
        await pfs.create_repo(REPO)
        await put(pfs, BRANCH, "/f", b"1")
        assert (await pfs.inspect_commit((await pfs.inspect_branch(BRANCH)).head)).size_bytes == 1
        await pfs.aclose()
        assert server.stop() == 0
