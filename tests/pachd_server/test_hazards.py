"""The harm that pachd does, done by its double."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from pachd_server.__main__ import Served, serving_embedded
from pachd_server.hazards import COMMITS_PANIC, OFFSET_PANIC, Hazards
from pfs_client.failures import (
    CommitFailed,
    FileNotFound,
    FileSetNotFound,
    PfsFailure,
    PfsUnavailable,
)
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.pfs_v2 import pfs_pb2, pfs_pb2_grpc
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Change,
    Commit,
    CopyFile,
    DeleteFile,
    File,
    Repo,
)
from tests.pfs_contract.reading import head_of, put, read
from tests.servers import PfsProcess

BRANCH = Branch(Repo("r"), "master")


class Clock:
    """A time that tests turn forward."""

    def __init__(self) -> None:
        self.seconds = 1_000_000

    def __call__(self) -> int:
        return self.seconds * 1_000_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def served(tmp_path: Path, clock: Clock) -> AsyncIterator[Served]:
    async with serving_embedded(
        tmp_path / "pfs",
        "127.0.0.1:0",
        synchronous="off",
        hazards=Hazards(deadly_commits=5),
        clock=clock,
    ) as served:
        yield served


@pytest.fixture
async def pfs(served: Served) -> AsyncIterator[WholePachdClient]:
    client = WholePachdClient.open(PachdSettings(served.address, call_seconds=5))
    await client.create_repo(BRANCH.repo)
    await client.create_branch(BRANCH)
    yield client
    await client.aclose()


@pytest.fixture
async def source(pfs: WholePachdClient) -> Commit:
    await put(pfs, BRANCH, "/1", b"1")
    return await head_of(pfs, BRANCH)


async def stream(pfs: WholePachdClient, *changes: Change) -> Commit:
    """Send what no client of ours would; the head after it."""
    await pfs.modify_stream(BRANCH, changes)
    return await head_of(pfs, BRANCH)


async def test_a_copy_of_a_missing_file_deletes_its_target(
    pfs: WholePachdClient, source: Commit
) -> None:
    await put(pfs, BRANCH, "/target", b"old")
    head = await stream(pfs, CopyFile("/target", File(source, "/nothing")))
    with pytest.raises(FileNotFound):
        await pfs.inspect_file(File(head, "/target"))


async def test_a_copy_out_of_an_expired_file_set_deletes_its_target(
    pfs: WholePachdClient, clock: Clock
) -> None:
    await put(pfs, BRANCH, "/target", b"old")
    one = Commit(Repo(FILE_SETS_REPO_NAME), await pfs.create_file_set([AddFile("/p", b"1")]))
    clock.seconds += 1799
    await pfs.renew_file_set(one.id, 1800)
    clock.seconds += 1801
    with pytest.raises(FileSetNotFound):
        await pfs.modify_file(BRANCH, [CopyFile("/target", File(one, "/p"))])
    assert await read(pfs, await head_of(pfs, BRANCH), "/target") == b"old"
    head = await stream(pfs, CopyFile("/target", File(one, "/p")))
    with pytest.raises(FileNotFound):
        await pfs.inspect_file(File(head, "/target"))
    for call in (pfs.renew_file_set(one.id, 60), pfs.compose_file_set([one.id])):
        with pytest.raises(FileSetNotFound):
            await call


async def test_a_copy_appended_to_bytes_in_one_file_set_is_lost(
    pfs: WholePachdClient, source: Commit
) -> None:
    copy = CopyFile("/p", File(source, "/1"), append=True)
    lost = await pfs.create_file_set([AddFile("/p", b"raw"), copy])
    assert await read(pfs, Commit(Repo(FILE_SETS_REPO_NAME), lost), "/p") == b"raw"


@pytest.mark.parametrize("append", [False, True])
async def test_two_copies_to_one_path_lose_the_commit(
    pfs: WholePachdClient, source: Commit, append: bool
) -> None:
    copy = CopyFile("/copy", File(source, "/1"), append)
    head = await stream(pfs, AddFile("/beside", b"1"), copy, copy)
    assert "duplicate path output" in (await pfs.inspect_commit(head)).error
    with pytest.raises(CommitFailed):
        await pfs.list_file(File(head, "/"))
    head = await stream(pfs, AddFile("/later", b"1"))
    assert [info.path for info in await pfs.list_file(File(head, "/"))] == ["/1", "/later"]
    head = await stream(pfs, copy, DeleteFile("/copy"), copy)
    assert await read(pfs, head, "/copy") == b"1"


async def test_a_commit_that_stands_open_fails_when_it_is_closed(
    pfs: WholePachdClient, source: Commit
) -> None:
    opened = await pfs.start_commit(BRANCH)
    await pfs.modify_stream(BRANCH, [AddFile("/1/x", b"collides")])
    await pfs.finish_commit(opened)
    assert "path collision" in (await pfs.inspect_commit(opened)).error


async def test_a_late_write_creates_a_branch(pfs: WholePachdClient) -> None:
    late = Branch(BRANCH.repo, "late")
    await pfs.modify_stream(late, [AddFile("/a", b"1")])
    assert late in [info.branch for info in await pfs.list_branch(BRANCH.repo)]
    await pfs.delete_branch(late)


@pytest.mark.parametrize("method", ["InspectCommit", "InspectFile", "ListCommit", "WalkFile"])
async def test_an_id_that_is_none_panics_without_a_branch(
    served: Served, pfs: WholePachdClient, method: str
) -> None:
    named = pfs_pb2.Commit(repo=pfs_pb2.Repo(name="r", type="user"), id="0" * 32)
    file = pfs_pb2.File(commit=named, path="/")
    requests: dict[str, Any] = {
        "InspectCommit": pfs_pb2.InspectCommitRequest(commit=named),
        "InspectFile": pfs_pb2.InspectFileRequest(file=file),
        "ListCommit": pfs_pb2.ListCommitRequest(repo=named.repo, to=named),
        "WalkFile": pfs_pb2.WalkFileRequest(file=file),
    }
    async with grpc.aio.insecure_channel(served.address) as channel:
        stub: Any = pfs_pb2_grpc.APIStub(channel)  # type: ignore[no-untyped-call]
        answer = getattr(stub, method)(requests[method])
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await answer if method.startswith("Inspect") else [one async for one in answer]
    assert refused.value.code() is grpc.StatusCode.ABORTED
    assert str(refused.value.details()).startswith("panic: runtime error: ")


async def test_a_commit_whose_branch_is_gone(pfs: WholePachdClient, source: Commit) -> None:
    await put(pfs, BRANCH, "/2", b"2")
    head = await head_of(pfs, BRANCH)
    await pfs.delete_branch(BRANCH)
    with pytest.raises(PfsFailure, match="panic"):
        await pfs.squash_commit(source, branch=BRANCH.name)
    with pytest.raises(PfsFailure, match="not found"):
        await pfs.drop_commit(head)
    await pfs.drop_commit(head, branch=BRANCH.name)


async def ends(pfs: WholePachdClient) -> None:
    await asyncio.sleep(0.3)
    with pytest.raises(PfsUnavailable):
        await pfs.create_repo(Repo("later"))


async def test_a_repo_with_many_commits_ends_the_server_when_it_goes(
    served: Served, pfs: WholePachdClient
) -> None:
    for number in range(3):
        await put(pfs, BRANCH, "/a", b"%d" % number)
    few = Branch(Repo("few"), "master")
    await pfs.create_repo(few.repo)
    await pfs.create_branch(few)
    await pfs.delete_branch(BRANCH)
    await pfs.create_branch(BRANCH)
    assert await pfs.delete_repo(few.repo) is True
    assert served.hazards is not None
    assert served.hazards.panic is None
    assert await pfs.delete_repo(BRANCH.repo) is True
    await ends(pfs)
    assert served.hazards.panic == COMMITS_PANIC


async def test_a_negative_offset_ends_the_server(
    served: Served, pfs: WholePachdClient, source: Commit
) -> None:
    named = pfs_pb2.Commit(repo=pfs_pb2.Repo(name="r", type="user"), id=source.id)
    request = pfs_pb2.GetFileRequest(file=pfs_pb2.File(commit=named, path="/1"), offset=-1)
    async with grpc.aio.insecure_channel(served.address) as channel:
        stub: Any = pfs_pb2_grpc.APIStub(channel)  # type: ignore[no-untyped-call]
        with pytest.raises(grpc.aio.AioRpcError):
            [one async for one in stub.GetFile(request)]
    await ends(pfs)
    assert served.hazards is not None
    assert served.hazards.panic == OFFSET_PANIC


def test_the_command_ends_as_pachd_does(tmp_path: Path) -> None:
    options = ("--hazards", "--deadly-commits", "2")
    with PfsProcess(tmp_path / "pfs", "127.0.0.1:0", *options) as server:
        asyncio.run(_delete_two_commits(server.address))
        assert server.process.wait(40) == 2
    assert f"{COMMITS_PANIC}\n" in server.log


async def _delete_two_commits(address: str) -> None:
    pfs = WholePachdClient.open(PachdSettings(address.removeprefix("grpc://"), call_seconds=5))
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    await put(pfs, BRANCH, "/a", b"1")
    assert await pfs.delete_repo(BRANCH.repo) is True
    await pfs.aclose()
