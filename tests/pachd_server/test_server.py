"""The embedded PFS as other clients of pachd meet it: raw calls, compared with `docs/pachd.md`."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import pytest
from click.testing import CliRunner
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import BytesValue
from grpc import StatusCode

from embedded_pfs.directory import DataDirectory
from pachd_server.__main__ import Served, main, serving_embedded
from pfs_client.pachd.messages import MAX_MESSAGE_BYTES
from pfs_client.pachd.pfs_v2 import auth_pb2, auth_pb2_grpc, pfs_pb2, pfs_pb2_grpc, version_pb2_grpc
from tests.servers import PfsProcess

Failure: TypeAlias = tuple[StatusCode, str]


def repo(name: str = "r", project: str = "default") -> pfs_pb2.Repo:
    return pfs_pb2.Repo(name=name, type="user", project=pfs_pb2.Project(name=project))


def branch(name: str = "master", of: str = "r") -> pfs_pb2.Branch:
    return pfs_pb2.Branch(repo=repo(of), name=name)


def commit(id_: str = "", on: str = "master", of: str = "r") -> pfs_pb2.Commit:
    return pfs_pb2.Commit(repo=repo(of), branch=branch(on, of), id=id_)


def file_set(id_: str) -> pfs_pb2.Commit:
    return pfs_pb2.Commit(repo=repo("__filesets__"), id=id_)


def file(path: str, at: pfs_pb2.Commit | None = None) -> pfs_pb2.File:
    return pfs_pb2.File(commit=at or commit(), path=path)


def add(path: str, content: bytes = b"") -> pfs_pb2.ModifyFileRequest:
    added = pfs_pb2.AddFile(path=path, raw=BytesValue(value=content))
    return pfs_pb2.ModifyFileRequest(add_file=added)


def delete(path: str) -> pfs_pb2.ModifyFileRequest:
    return pfs_pb2.ModifyFileRequest(delete_file=pfs_pb2.DeleteFile(path=path))


def modify(api: Any, *changes: pfs_pb2.ModifyFileRequest, at: pfs_pb2.Commit | None = None) -> Any:
    return api.ModifyFile(iter([pfs_pb2.ModifyFileRequest(set_commit=at or commit()), *changes]))


async def failure_of(call: Any) -> Failure:
    return await call.code(), await call.details()


async def paths(call: Any) -> list[str]:
    return [info.file.path async for info in call]


async def read(api: Any, path: str, at: pfs_pb2.Commit | None = None, offset: int = 0) -> bytes:
    request = pfs_pb2.GetFileRequest(file=file(path, at), offset=offset)
    return b"".join([message.value async for message in api.GetFile(request)])


async def read_tar(api: Any, path: str, offset: int = 0) -> bytes:
    request = pfs_pb2.GetFileRequest(file=file(path), offset=offset)
    return b"".join([message.value async for message in api.GetFileTAR(request)])


async def glob(api: Any, pattern: str, lower: str = "", upper: str = "") -> list[str]:
    span = pfs_pb2.PathRange(lower=lower, upper=upper)
    request = pfs_pb2.GlobFileRequest(commit=commit(), pattern=pattern, path_range=span)
    return await paths(api.GlobFile(request))


async def head(api: Any, name: str = "master", of: str = "r") -> pfs_pb2.Commit:
    request = pfs_pb2.InspectBranchRequest(branch=branch(name, of))
    found: pfs_pb2.BranchInfo = await api.InspectBranch(request)
    return found.head


async def branch_names(api: Any) -> list[str]:
    request = pfs_pb2.ListBranchRequest(repo=repo())
    return [info.branch.name async for info in api.ListBranch(request)]


async def create_branch(api: Any, name: str, of: str, *provenance: pfs_pb2.Branch) -> None:
    if of != "r":
        await api.CreateRepo(pfs_pb2.CreateRepoRequest(repo=repo(of)))
    await api.CreateBranch(
        pfs_pb2.CreateBranchRequest(branch=branch(name, of), provenance=provenance)
    )


async def create_file_set(api: Any, *changes: pfs_pb2.ModifyFileRequest) -> str:
    created: pfs_pb2.CreateFileSetResponse = await api.CreateFileSet(iter(changes))
    return created.file_set_id


async def add_file_sets(api: Any, *ids: str) -> None:
    """Put file sets into a commit of their own."""
    opened = await api.StartCommit(pfs_pb2.StartCommitRequest(branch=branch()))
    for id_ in ids:
        await api.AddFileSet(pfs_pb2.AddFileSetRequest(commit=opened, file_set_id=id_))
    await api.FinishCommit(pfs_pb2.FinishCommitRequest(commit=opened))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving_embedded(tmp_path / "pfs", "127.0.0.1:0", synchronous="off") as served:
        yield served


@pytest.fixture
async def channel(served: Served) -> AsyncIterator[grpc.aio.Channel]:
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    async with grpc.aio.insecure_channel(served.address, options=options) as channel:
        yield channel


@pytest.fixture
async def api(channel: grpc.aio.Channel) -> Any:
    """The service, with a branch `master` in a repo `r`."""
    stub = pfs_pb2_grpc.APIStub(channel)  # type: ignore[no-untyped-call]
    await stub.CreateRepo(pfs_pb2.CreateRepoRequest(repo=repo()))
    await create_branch(stub, "master", "r")
    return stub


@pytest.fixture
async def ordered(api: Any) -> None:
    """Files whose order a real pachd was asked for (`docs/pachd.md`, "Listings")."""
    names = [
        "a.txt", "a-b", "a/x", "a/y/z", "a0", "aB", "ab", "A", "B/c", "~", "_", "a b", "a#", "a%",
        "a,",
    ]  # fmt: skip
    await modify(api, *(add("/" + name, name.encode()) for name in names))


# GetFile and GetFileTAR


@pytest.mark.parametrize("offset", [0, 1000])
async def test_a_tar_of_files_whatever_the_offset(api: Any, offset: int) -> None:
    await modify(api, add("/r", bytes(range(256)) * 4), add("/r2", b"second"))
    content = await read_tar(api, "/*", offset)
    assert len(content) == 3584
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert [(m.name, m.size, m.isfile()) for m in tar] == [
            ("/r", 1024, True),
            ("/r2", 6, True),
        ]
        assert [tar.extractfile(m).read() for m in tar] == [  # type: ignore[union-attr]
            bytes(range(256)) * 4,
            b"second",
        ]


async def test_a_tar_of_a_directory_holds_all_below_it(api: Any, ordered: None) -> None:
    with tarfile.open(fileobj=io.BytesIO(await read_tar(api, "/a"))) as tar:
        assert [m.name for m in tar] == ["/a", "/a/x", "/a/y", "/a/y/z"]
        assert [m.isdir() for m in tar] == [True, False, True, False]
        assert tar.extractfile("/a/y/z").read() == b"a/y/z"  # type: ignore[union-attr]


async def test_a_tar_holds_what_several_patterns_reach_once(api: Any, ordered: None) -> None:
    with tarfile.open(fileobj=io.BytesIO(await read_tar(api, "/a**"))) as tar:
        assert [m.name for m in tar if m.name.startswith("/a/")] == ["/a/x", "/a/y", "/a/y/z"]


async def test_a_tar_member_has_the_times_of_the_commit_and_any_path(api: Any) -> None:
    path = "/" + "/".join("n" * 90 + str(depth) for depth in range(5))
    await modify(api, add(path, b"1"), add("/empty"))
    content = await read_tar(api, path)
    info = await api.InspectFile(pfs_pb2.InspectFileRequest(file=file(path)))
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        assert [(m.name, m.mtime) for m in tar] == [(path, info.committed.seconds)]
    with tarfile.open(fileobj=io.BytesIO(await read_tar(api, "/empty"))) as tar:
        assert [(m.name, m.size) for m in tar] == [("/empty", 0)]


async def test_a_tar_of_large_files(api: Any) -> None:
    content = bytes(range(251)) * 12_345
    for at in range(0, len(content), 1_000_000):
        await modify(api, add("/big", content[at : at + 1_000_000]))
    await modify(api, add("/bigger", b"x"))
    with tarfile.open(fileobj=io.BytesIO(await read_tar(api, "/big*"))) as tar:
        assert tar.extractfile("/big").read() == content  # type: ignore[union-attr]
        assert tar.extractfile("/bigger").read() == b"x"  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/nope", "/nope/*"])
async def test_nothing_makes_no_tar(api: Any, ordered: None, path: str) -> None:
    code, text = await failure_of(api.GetFileTAR(pfs_pb2.GetFileRequest(file=file(path))))
    assert (code, text) == (
        StatusCode.NOT_FOUND,
        f"file {path} not found in repo default/r at commit ",
    )


async def test_a_backslash_is_found_by_a_pattern_only(api: Any) -> None:
    await modify(api, add("/back\\s", b"1"))
    for path in ("/back?s", "/back[\\\\]s", "/back*s"):
        assert await read(api, path) == b"1"
    assert len(await read_tar(api, "/back?s")) == 2048
    for path in ("/back\\s", "/back\\\\s"):
        failed = await failure_of(api.GetFile(pfs_pb2.GetFileRequest(file=file(path))))
        text = f"file {path} not found in repo default/r at commit "
        assert failed == (StatusCode.NOT_FOUND, text)
    info = await api.InspectFile(pfs_pb2.InspectFileRequest(file=file("/back\\s")))
    assert info.file.path == "/back\\s"
    assert await glob(api, "*") == ["/back\\s"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/a*", "matched multiple files. Use GetFileTAR instead"),
        ("/a", "cannot get directory or non-regular file. Use GetFileTAR instead"),
        ("/", "cannot get directory or non-regular file. Use GetFileTAR instead"),
        ("/B*", "cannot get directory or non-regular file. Use GetFileTAR instead"),
    ],
)
async def test_get_file_is_of_one_file(api: Any, ordered: None, path: str, text: str) -> None:
    failed = await failure_of(api.GetFile(pfs_pb2.GetFileRequest(file=file(path))))
    assert failed == (StatusCode.UNKNOWN, text)


async def test_a_negative_offset_is_refused(api: Any, ordered: None) -> None:
    request = pfs_pb2.GetFileRequest(file=file("/A"), offset=-1)
    code, text = await failure_of(api.GetFile(request))
    assert code is StatusCode.UNKNOWN
    assert "negative offset" in text


# GlobFile and long listings


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("**", "/A /B/ /B/c /_ /a·b /a# /a% /a, /a-b /a.txt /a/ /a/x /a/y/ /a/y/z /a0 /aB /ab /~"),
        ("*", "/A /B/ /_ /a·b /a# /a% /a, /a-b /a.txt /a/ /a0 /aB /ab /~"),
        ("/*", "/A /B/ /_ /a·b /a# /a% /a, /a-b /a.txt /a/ /a0 /aB /ab /~"),
        ("a*", "/a·b /a# /a% /a, /a-b /a.txt /a/ /a0 /aB /ab"),
        ("a**", "/a·b /a# /a% /a, /a-b /a.txt /a/ /a/x /a/y/ /a/y/z /a0 /aB /ab"),
        ("**/*", "/B/c /a/x /a/y/ /a/y/z"),
        ("/a/y/z", "/a/y/z"),
        ("/a?", "/a# /a% /a, /a0 /aB /ab"),
        ("/a[0-9A]", "/a0"),
        ("/a[!0-9A-Z]", "/a# /a% /a, /ab"),
        ("/a[#b]", "/a# /ab"),
        ("/{A,B,~}", "/A /B/ /~"),
        ("/a,", "/a,"),
        ("/{B/c,a/y/*}", "/B/c /a/y/z"),
        ("/nope*", ""),
    ],
)
async def test_what_a_pattern_matches(api: Any, ordered: None, pattern: str, expected: str) -> None:
    assert await glob(api, pattern) == [path.replace("·", " ") for path in expected.split()]


async def test_a_path_range_narrows_what_a_pattern_matches(api: Any, ordered: None) -> None:
    assert await glob(api, "**", "/a/x", "/a0") == ["/a/x", "/a/y/", "/a/y/z"]
    assert await glob(api, "*", "/aB") == ["/aB", "/ab", "/~"]
    assert await glob(api, "*", upper="/_") == ["/A", "/B/"]


async def test_what_is_no_pattern(api: Any, ordered: None) -> None:
    request = pfs_pb2.GlobFileRequest(commit=commit(), pattern="/{a")
    code, text = await failure_of(api.GlobFile(request))
    assert code is StatusCode.UNKNOWN
    assert text.startswith("invalid glob pattern /{a: ")


async def test_a_pattern_tells_of_files_and_directories(api: Any, ordered: None) -> None:
    request = pfs_pb2.GlobFileRequest(commit=commit(), pattern="/a*/*")
    infos = {info.file.path: info async for info in api.GlobFile(request)}
    assert list(infos) == ["/a/x", "/a/y/"]
    assert infos["/a/x"].file_type == pfs_pb2.FILE
    assert infos["/a/x"].size_bytes == 3
    assert infos["/a/y/"].file_type == pfs_pb2.DIR
    assert infos["/a/y/"].size_bytes == 5
    assert len(infos["/a/y/"].hash) == 32


async def test_every_match_in_a_large_directory(api: Any) -> None:
    await modify(api, *(add(f"/dir/f{number:06}") for number in range(2500)))
    assert await glob(api, "/dir/f0020*") == [f"/dir/f{n:06}" for n in range(2000, 2100)]
    assert len(await glob(api, "**")) == 2501


@pytest.mark.parametrize("count", [1999, 2000, 2001])
async def test_a_listing_of_any_length_comes_whole(api: Any, count: int) -> None:
    names = [f"/dir/f{number:06}" for number in range(count)]
    await modify(api, *map(add, names))
    for method, request, above in (
        (api.ListFile, pfs_pb2.ListFileRequest, []),
        (api.WalkFile, pfs_pb2.WalkFileRequest, ["/dir/"]),
    ):
        everything = [*above, *names]
        directory = file("/dir")
        assert await paths(method(request(file=directory))) == everything
        for number in (1000, 1001, count):
            some = request(file=directory, number=number)
            assert await paths(method(some)) == everything[:number]
        back = request(file=directory, number=1500, reverse=True)
        assert await paths(method(back)) == everything[::-1][:1500]
        marked = request(file=directory, paginationMarker=file("/dir/f000499"))
        assert await paths(method(marked)) == names[500:]


async def test_a_listing_tells_of_directories(api: Any, ordered: None) -> None:
    request = pfs_pb2.ListFileRequest(file=file("/"), number=2)
    _, info = [info async for info in api.ListFile(request)]
    assert (info.file.path, info.file_type, info.size_bytes) == ("/B/", pfs_pb2.DIR, 3)
    assert info.file.datum == ""
    assert info.committed.seconds > 0
    # As recorded of pachd, for a directory that holds this one file.
    assert info.hash.hex() == "be1c0d9749fbc1e1bc0d1e6489248c6e88f569ca1cf16256a8f9684657efb7c8"


# Commits


async def test_commits_are_listed_the_newest_first(api: Any) -> None:
    written = [await head(api)]
    for number in range(3):
        await modify(api, add(f"/{number}"))
        written.append(await head(api))

    async def listed(**request: Any) -> list[pfs_pb2.Commit]:
        message = pfs_pb2.ListCommitRequest(repo=repo(), **request)
        return [info.commit async for info in api.ListCommit(message)]

    def ids(commits: list[pfs_pb2.Commit]) -> list[str]:
        return [commit.id for commit in commits]

    newest_first = ids(written[::-1])
    assert ids(await listed()) == newest_first
    assert ids(await listed(reverse=True)) == newest_first[::-1]
    assert ids(await listed(to=written[1])) == newest_first[2:]
    assert ids(await listed(to=commit())) == newest_first
    assert ids(await listed(to=written[2], **{"from": written[0]})) == newest_first[1:3]
    assert ids(await listed(origin_kind=pfs_pb2.AUTO)) == newest_first[3:]
    assert ids(await listed(origin_kind=pfs_pb2.USER)) == newest_first[:3]


async def test_a_commit_is_named_by_its_branch_or_its_id(api: Any) -> None:
    await modify(api, add("/a"))
    newest = await head(api)
    by_name_as_id = pfs_pb2.Commit(repo=repo(), id="master")
    for named in (commit(), newest, by_name_as_id):
        info = await api.InspectCommit(pfs_pb2.InspectCommitRequest(commit=named))
        assert info.commit.id == newest.id
        assert info.commit.branch.name == "master"
        assert info.origin.kind == pfs_pb2.USER


async def test_a_fresh_branch_has_a_finished_empty_commit(api: Any) -> None:
    info = await api.InspectCommit(pfs_pb2.InspectCommitRequest(commit=commit()))
    assert info.origin.kind == pfs_pb2.AUTO
    assert info.started == info.finishing == info.finished
    assert not info.HasField("parent_commit")
    assert await paths(api.WalkFile(pfs_pb2.WalkFileRequest(file=file("/")))) == []
    assert await paths(api.WalkFile(pfs_pb2.WalkFileRequest(file=file("")))) == []


async def test_inspecting_waits_for_the_wanted_state(api: Any) -> None:
    opened = await api.StartCommit(pfs_pb2.StartCommitRequest(branch=branch(), description="d"))
    for state in (pfs_pb2.COMMIT_STATE_UNKNOWN, pfs_pb2.STARTED, pfs_pb2.READY):
        info = await api.InspectCommit(pfs_pb2.InspectCommitRequest(commit=opened, wait=state))
        assert not info.HasField("finishing")
    assert info.description == "d"
    waiting = [
        asyncio.ensure_future(
            api.InspectCommit(pfs_pb2.InspectCommitRequest(commit=opened, wait=state))
        )
        for state in (pfs_pb2.FINISHING, pfs_pb2.FINISHED)
    ]
    done, _ = await asyncio.wait(waiting, timeout=0.1)
    assert not done
    await api.FinishCommit(pfs_pb2.FinishCommitRequest(commit=opened, error="broken"))
    finishing, finished = await asyncio.gather(*waiting)
    assert finishing.HasField("finishing")
    assert finished.HasField("finished")
    assert finished.error == "broken"


async def test_a_dropped_commit_has_never_been(api: Any) -> None:
    await modify(api, add("/a", b"1"), add("/b", b"1"))
    kept = await head(api)
    await modify(api, delete("/a"), delete("/b"), add("/b", b"2"), add("/c", b"1"))
    dropped = await head(api)
    code, text = await failure_of(api.DropCommit(pfs_pb2.DropCommitRequest(commit=kept)))
    assert code is StatusCode.UNKNOWN
    assert "children" in text
    await api.DropCommit(pfs_pb2.DropCommitRequest(commit=dropped))
    assert await head(api) == kept
    assert await glob(api, "*") == ["/a", "/b"]
    assert await read(api, "/b") == b"1"
    call = api.InspectCommit(pfs_pb2.InspectCommitRequest(commit=dropped))
    assert (await failure_of(call))[0] is StatusCode.NOT_FOUND


async def test_a_subscriber_gets_commits_as_they_come(api: Any) -> None:
    first = await head(api)
    after: dict[str, Any] = {"from": first}
    request = pfs_pb2.SubscribeCommitRequest(
        repo=repo(), branch="master", state=pfs_pb2.FINISHED, **after
    )
    call = api.SubscribeCommit(request)
    await modify(api, add("/a"))
    await modify(api, add("/b"))
    second, third = await call.read(), await call.read()
    assert second.parent_commit.id == first.id
    assert third.commit.id == (await head(api)).id
    opened = await api.StartCommit(pfs_pb2.StartCommitRequest(branch=branch()))
    next_one = asyncio.ensure_future(call.read())
    done, _ = await asyncio.wait([next_one], timeout=0.1)
    assert not done
    await api.FinishCommit(pfs_pb2.FinishCommitRequest(commit=opened))
    assert (await next_one).commit.id == opened.id
    call.cancel()


async def test_a_subscriber_without_a_start_gets_the_whole_history(api: Any) -> None:
    await modify(api, add("/a"))
    request = pfs_pb2.SubscribeCommitRequest(repo=repo(), branch="master")
    call = api.SubscribeCommit(request)
    first, second = await call.read(), await call.read()
    assert not first.HasField("parent_commit")
    assert second.commit.id == (await head(api)).id
    call.cancel()


# ModifyFile


async def test_writing_into_an_open_commit_by_its_id(api: Any) -> None:
    before = await head(api)
    opened = await api.StartCommit(pfs_pb2.StartCommitRequest(branch=branch()))
    await modify(api, add("/a", b"1"), at=commit(opened.id))
    await modify(api, add("/a", b"2"), at=pfs_pb2.Commit(repo=repo(), id=opened.id))
    await modify(api, add("/b", b"3"))
    assert await read(api, "/a", opened) == b"12"
    assert await read(api, "/b") == b"3"
    info = await api.InspectFile(pfs_pb2.InspectFileRequest(file=file("/a")))
    assert not info.HasField("committed")
    await api.FinishCommit(pfs_pb2.FinishCommitRequest(commit=opened))
    inspected = await api.InspectCommit(pfs_pb2.InspectCommitRequest(commit=commit()))
    assert inspected.commit.id == opened.id
    assert inspected.parent_commit.id == before.id
    failed = await failure_of(modify(api, add("/a", b"3"), at=commit(opened.id)))
    assert failed == (StatusCode.UNKNOWN, f"commit default/r@{opened.id} has already finished")
    assert await read(api, "/a") == b"12"


async def test_writing_creates_a_missing_branch(api: Any) -> None:
    await modify(api, add("/a", b"1"), at=commit(on="newbranch"))
    assert await branch_names(api) == ["newbranch", "master"]
    await api.StartCommit(pfs_pb2.StartCommitRequest(branch=branch("nb2")))
    assert await branch_names(api) == ["nb2", "newbranch", "master"]


async def test_a_stream_of_changes_begins_with_its_commit(api: Any) -> None:
    refused = (StatusCode.UNKNOWN, "first message must be a commit")
    assert await failure_of(api.ModifyFile(iter([add("/a")]))) == refused
    assert await failure_of(api.ModifyFile(iter([pfs_pb2.ModifyFileRequest()]))) == refused
    assert await failure_of(api.ModifyFile(iter([]))) == refused


@pytest.mark.parametrize(
    "change",
    [
        pfs_pb2.ModifyFileRequest(set_commit=commit()),
        pfs_pb2.ModifyFileRequest(),
        pfs_pb2.ModifyFileRequest(
            add_file=pfs_pb2.AddFile(path="/b", url=pfs_pb2.AddFile.URLSource(URL="http://h/"))
        ),
        add("/a/b"),
        add("/"),
        add("/b*"),
    ],
)
async def test_one_refused_change_refuses_the_stream(
    api: Any, change: pfs_pb2.ModifyFileRequest
) -> None:
    before = await head(api)
    failed = await failure_of(modify(api, add("/a", b"1"), change, add("/c")))
    assert failed[0] is StatusCode.UNKNOWN
    assert await head(api) == before
    refused_sets = api.CreateFileSet(iter([pfs_pb2.ModifyFileRequest(set_commit=commit())]))
    assert (await failure_of(refused_sets))[0] is StatusCode.UNKNOWN


async def test_a_message_has_20_mib_and_no_more(api: Any) -> None:
    room = MAX_MESSAGE_BYTES - add("/a", bytes(MAX_MESSAGE_BYTES)).ByteSize() + MAX_MESSAGE_BYTES
    largest = add("/a", bytes(room))
    assert largest.ByteSize() == 20_971_520
    await modify(api, largest)
    info = await api.InspectFile(pfs_pb2.InspectFileRequest(file=file("/a")))
    assert info.size_bytes == room
    code, _ = await failure_of(modify(api, delete("/a"), add("/a", bytes(room + 1))))
    assert code is StatusCode.RESOURCE_EXHAUSTED
    assert await glob(api, "*") == ["/a"]


async def test_a_client_that_goes_away_leaves_nothing(api: Any, served: Served) -> None:
    staging = served.pfs.engine.directory.path / "staging"
    before = await head(api)

    async def changes() -> AsyncIterator[pfs_pb2.ModifyFileRequest]:
        yield pfs_pb2.ModifyFileRequest(set_commit=commit())
        yield add("/small", b"1")
        for _ in range(5):
            yield add("/large", bytes(300_000))
        await asyncio.Event().wait()

    call = api.ModifyFile(changes())
    while not list(staging.iterdir()):  # noqa: ASYNC110 - the disk tells of no events
        await asyncio.sleep(0.01)
    call.cancel()
    while list(staging.iterdir()):  # noqa: ASYNC110 - likewise
        await asyncio.sleep(0.01)
    assert await head(api) == before
    assert await glob(api, "**") == []
    assert not list(served.pfs.engine.blobs.all())


# File sets


async def test_file_sets_append_in_the_order_they_are_added_in(api: Any) -> None:
    sets = [await create_file_set(api, add("/p", part * 3)) for part in (b"1", b"2", b"3")]
    await add_file_sets(api, *sets)
    assert await read(api, "/p") == b"111222333"
    await add_file_sets(api, *sets[::-1])
    assert await read(api, "/p") == b"111222333333222111"
    clearing = await create_file_set(api, delete("/p"))
    await add_file_sets(api, clearing, *sets)
    assert await read(api, "/p") == b"111222333"


async def test_a_composed_file_set_is_read_and_added_like_any(api: Any) -> None:
    sets = [await create_file_set(api, add("/p", part * 3)) for part in (b"1", b"2", b"3")]
    clearing = await create_file_set(api, delete("/p"))
    request = pfs_pb2.ComposeFileSetRequest(file_set_ids=[clearing, *sets], ttl_seconds=600)
    composed = (await api.ComposeFileSet(request)).file_set_id
    assert [len(part) for part in composed.split(".")] == [32, 64]
    assert await read(api, "/p", file_set(composed)) == b"111222333"
    info = await api.InspectFile(pfs_pb2.InspectFileRequest(file=file("/p", file_set(composed))))
    assert (info.file.path, info.size_bytes) == ("/p", 9)
    await modify(api, add("/p", b"before"))
    await add_file_sets(api, composed)
    assert await read(api, "/p") == b"111222333"
    await add_file_sets(api, composed)
    assert await read(api, "/p") == b"111222333"


async def test_composed_file_sets_of_large_parts(api: Any) -> None:
    parts = [bytes([number]) * 700_000 for number in range(3)]
    sets = [await create_file_set(api, add("/p", part)) for part in parts]
    request = pfs_pb2.ComposeFileSetRequest(file_set_ids=sets)
    composed = (await api.ComposeFileSet(request)).file_set_id
    assert await read(api, "/p", file_set(composed)) == b"".join(parts)
    await add_file_sets(api, composed, sets[0])
    assert await read(api, "/p") == b"".join([*parts, parts[0]])


async def test_what_a_file_set_cannot_be_put_into(api: Any) -> None:
    id_ = await create_file_set(api, add("/p"))
    opened = await api.StartCommit(pfs_pb2.StartCommitRequest(branch=branch()))

    async def added(commit: pfs_pb2.Commit, id_: str) -> Failure:
        request = pfs_pb2.AddFileSetRequest(commit=commit, file_set_id=id_)
        return await failure_of(api.AddFileSet(request))

    assert await added(opened, "nope") == (
        StatusCode.UNKNOWN,
        "parsing fileset.Token: too short to be Token len=4",
    )
    unknown = f"{'0' * 32}.{'0' * 64}"
    assert await added(opened, unknown) == (
        StatusCode.UNKNOWN,
        "add file set: path does not exist",
    )
    await api.FinishCommit(pfs_pb2.FinishCommitRequest(commit=opened))
    for file_set_id in (id_, unknown, "nope"):
        assert await added(opened, file_set_id) == (
            StatusCode.UNKNOWN,
            f"commit default/r@{opened.id} has already finished",
        )


async def test_a_file_set_lives_no_longer_than_half_an_hour(api: Any) -> None:
    id_ = await create_file_set(api, add("/p"))
    text = "ttl (86400000000000) exceeds max ttl (1800000000000)"
    renew = pfs_pb2.RenewFileSetRequest(file_set_id=id_, ttl_seconds=86400)
    assert await failure_of(api.RenewFileSet(renew)) == (StatusCode.UNKNOWN, text)
    compose = pfs_pb2.ComposeFileSetRequest(file_set_ids=[id_], ttl_seconds=86400)
    assert await failure_of(api.ComposeFileSet(compose)) == (StatusCode.UNKNOWN, text)


# Projects, repos and branches


async def test_projects(api: Any) -> None:
    project = pfs_pb2.Project(name="lab")

    async def names() -> list[str]:
        listed = api.ListProject(pfs_pb2.ListProjectRequest())
        return [info.project.name async for info in listed]

    create = pfs_pb2.CreateProjectRequest(project=project, description="d")
    await api.CreateProject(create)
    assert (await failure_of(api.CreateProject(create)))[0] is StatusCode.ALREADY_EXISTS
    assert await names() == ["default", "lab"]
    info = await api.InspectProject(pfs_pb2.InspectProjectRequest(project=project))
    assert (info.project.name, info.description) == ("lab", "d")
    assert info.created_at.seconds > 0
    await api.CreateRepo(pfs_pb2.CreateRepoRequest(repo=repo("x", "lab")))
    listed = api.ListRepo(pfs_pb2.ListRepoRequest(projects=[project]))
    assert [(i.repo.name, i.repo.project.name) async for i in listed] == [("x", "lab")]
    refused = api.DeleteProject(pfs_pb2.DeleteProjectRequest(project=project))
    assert (await failure_of(refused))[0] is StatusCode.UNKNOWN
    await api.DeleteProject(pfs_pb2.DeleteProjectRequest(project=project, force=True))
    assert await names() == ["default"]
    missing = api.InspectProject(pfs_pb2.InspectProjectRequest(project=project))
    assert (await failure_of(missing))[0] is StatusCode.NOT_FOUND
    missing = api.DeleteProject(pfs_pb2.DeleteProjectRequest(project=project))
    assert (await failure_of(missing))[0] is StatusCode.NOT_FOUND


async def test_repos_are_those_of_users(api: Any) -> None:
    await modify(api, add("/a", b"123"))

    async def listed(type_: str) -> list[tuple[str, str, list[str], int]]:
        infos = [info async for info in api.ListRepo(pfs_pb2.ListRepoRequest(type=type_))]
        return [
            (i.repo.name, i.repo.type, [b.name for b in i.branches], i.size_bytes_upper_bound)
            for i in infos
        ]

    assert await listed("user") == [("r", "user", ["master"], 3)]
    assert await listed("") == [("r", "user", ["master"], 3)]
    assert await listed("spec") == []


async def test_an_output_branch_follows_its_input(api: Any) -> None:
    await modify(api, add("/in"))
    await create_branch(api, "master", "out", branch())
    inspect = pfs_pb2.InspectBranchRequest(branch=branch(of="out"))
    output = await api.InspectBranch(inspect)
    assert list(output.direct_provenance) == list(output.provenance) == [branch()]
    fed = await api.InspectBranch(pfs_pb2.InspectBranchRequest(branch=branch()))
    assert list(fed.subvenance) == [branch(of="out")]
    on_output = commit(of="out")
    await modify(api, add("/a", b"1"), at=on_output)
    info = await api.InspectCommit(pfs_pb2.InspectCommitRequest(commit=on_output))
    assert info.origin.kind == pfs_pb2.AUTO
    assert not info.HasField("finishing")
    first = info.commit.id
    start = pfs_pb2.StartCommitRequest(branch=branch(of="out"))
    assert await failure_of(api.StartCommit(start)) == (
        StatusCode.UNKNOWN,
        "start commit in transaction: create commit:"
        f" parent commit default/out@{first} has not been finished",
    )
    listing = pfs_pb2.ListFileRequest(file=file("/", on_output))
    assert await paths(api.ListFile(listing)) == ["/a"]
    await modify(api, add("/in2"))
    second = (await api.InspectBranch(inspect)).head.id
    assert second == (await head(api)).id
    await modify(api, add("/a", b"2"), at=on_output)
    unfinished = f"base commit default/out@{first} for commit default/out@{second} unfinished"
    assert await failure_of(api.ListFile(listing)) == (StatusCode.UNKNOWN, unfinished)
    get = pfs_pb2.GetFileRequest(file=file("/a", on_output))
    assert await failure_of(api.GetFile(get)) == (StatusCode.UNKNOWN, f"get file: {unfinished}")


NO_REPO = "repo (id=0, project=default, name=nope, type=user) not found\n"
MISSING = [
    ("ListBranch", pfs_pb2.ListBranchRequest(repo=repo("nope")), "repo default/nope not found"),
    ("InspectRepo", pfs_pb2.InspectRepoRequest(repo=repo("nope")), "repo default/nope not found"),
    (
        "InspectBranch",
        pfs_pb2.InspectBranchRequest(branch=branch(of="nope")),
        f"inspect branch in transaction: {NO_REPO}"
        "branch (id=0, branch=default/nope@master) not found\n"
        'branch "master" not found in repo default/nope',
    ),
    (
        "InspectBranch",
        pfs_pb2.InspectBranchRequest(branch=branch("nob")),
        "inspect branch in transaction: branch (id=0, branch=default/r@nob) not found\n"
        'branch "nob" not found in repo default/r',
    ),
    (
        "DeleteBranch",
        pfs_pb2.DeleteBranchRequest(branch=branch("nob")),
        'get branch "default/r.user@nob": branch (id=0, branch=default/r@nob) not found',
    ),
    (
        "DeleteBranch",
        pfs_pb2.DeleteBranchRequest(branch=branch("nob", "nope")),
        f'get branch "default/nope.user@nob": {NO_REPO}'
        "branch (id=0, branch=default/nope@nob) not found",
    ),
    (
        "CreateBranch",
        pfs_pb2.CreateBranchRequest(branch=branch(of="nope"), head=commit("1" * 32, of="nope")),
        f"get commit by commit key: {NO_REPO}"
        f"commit (int_id=0, commit_id=default/nope.user@{'1' * 32}) not found",
    ),
    (
        "InspectFile",
        pfs_pb2.InspectFileRequest(file=file("/")),
        "file / not found in repo default/r at commit ",
    ),
    (
        "ListFile",
        pfs_pb2.ListFileRequest(file=file("/", commit(of="nope"))),
        "pick commit tx: commit default/nope@ not found\nrepo default/nope not found",
    ),
    (
        "WalkFile",
        pfs_pb2.WalkFileRequest(file=file("/", commit(on="nob"))),
        'pick commit tx: commit default/r@ not found\nbranch "nob" not found in repo default/r',
    ),
    (
        "GetFile",
        pfs_pb2.GetFileRequest(file=file("/", commit(of="nope"))),
        "get file: pick commit tx: commit default/nope@ not found\nrepo default/nope not found",
    ),
    (
        "GetFile",
        pfs_pb2.GetFileRequest(file=file("/", commit("0" * 32))),
        f"get file: pick commit tx: commit default/r@{'0' * 32} not found\n"
        'branch "master" not found in repo default/r',
    ),
    (
        "GetFile",
        pfs_pb2.GetFileRequest(file=file("/", commit("zz"))),
        "get file: pick commit tx: commit default/r@zz not found\n"
        'branch "master" not found in repo default/r',
    ),
]


@pytest.mark.parametrize(("method", "request_", "text"), MISSING)
async def test_what_is_missing_is_told_in_pachds_words(
    api: Any, method: str, request_: object, text: str
) -> None:
    assert await failure_of(getattr(api, method)(request_)) == (StatusCode.NOT_FOUND, text)


# The rest of the service


NOT_IMPLEMENTED = [
    "DeleteRepos", "ClearCommit", "InspectCommitSet", "ListCommitSet",
    "SquashCommitSet", "DropCommitSet", "WalkCommitProvenance",
    "WalkCommitSubvenance", "WalkBranchProvenance", "WalkBranchSubvenance",
    "ActivateAuth", "DeleteAll", "Fsck", "ShardFileSet", "CheckStorage", "PutCache",
    "GetCache", "ClearCache", "ListTask", "Egress", "InspectProjectV2", "ReposSummary",
    "ForgetCommit",
]  # fmt: skip


@pytest.mark.parametrize("method", NOT_IMPLEMENTED)
async def test_what_is_not_implemented_says_so(channel: grpc.aio.Channel, method: str) -> None:
    call: Any = channel.unary_unary(f"/pfs_v2.API/{method}")
    assert (await failure_of(call(b"")))[0] is StatusCode.UNIMPLEMENTED


async def test_there_is_no_authentication(channel: grpc.aio.Channel, api: Any) -> None:
    auth = auth_pb2_grpc.APIStub(channel)  # type: ignore[no-untyped-call]
    bogus = (("authn-token", "bogus"),)
    inspected = await api.InspectRepo(pfs_pb2.InspectRepoRequest(repo=repo()), metadata=bogus)
    assert inspected.repo.name == "r"
    assert await failure_of(auth.WhoAmI(auth_pb2.WhoAmIRequest(), metadata=bogus)) == (
        StatusCode.UNIMPLEMENTED,
        "the auth service is not activated",
    )


async def test_the_version_is_of_the_line_that_is_imitated(channel: grpc.aio.Channel) -> None:
    stub = version_pb2_grpc.APIStub(channel)  # type: ignore[no-untyped-call]
    version = await stub.GetVersion(Empty())
    assert (version.major, version.minor, version.additional) == (2, 12, "-embedded")


# The address, and the command


async def test_a_socket_file_as_its_address(tmp_path: Path) -> None:
    address = f"unix:{tmp_path / 's'}"
    async with (
        serving_embedded(tmp_path / "pfs", address, synchronous="off") as served,
        grpc.aio.insecure_channel(served.address) as channel,
    ):
        assert served.address == address
        stub = pfs_pb2_grpc.APIStub(channel)  # type: ignore[no-untyped-call]
        listed = [info.project async for info in stub.ListProject(pfs_pb2.ListProjectRequest())]
        assert listed == [pfs_pb2.Project(name="default")]


async def test_a_taken_address_is_an_error(served: Served, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=f"cannot listen on {served.address}"):
        async with serving_embedded(tmp_path / "other", served.address, synchronous="off"):
            pass


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pachd_server", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_says_how_it_is_used() -> None:
    done = command("--help")
    assert done.returncode == 0
    for option in ("--address", "--directory", "--synchronous"):
        assert option in done.stdout


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with PfsProcess(tmp_path / "pfs") as server:
        assert server.address.startswith("grpc://127.0.0.1:")
        assert server.stop() == 0
    assert not [line for line in server.log if "Traceback" in line]


def test_a_directory_held_by_a_process_that_needs_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded_pfs.directory._LOCK_WAIT_SECONDS", 0.1)
    holder = DataDirectory(tmp_path, exclusive=True)
    done = CliRunner().invoke(main, ["--address", "127.0.0.1:0", "--directory", str(tmp_path)])
    holder.close()
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {tmp_path} is held by a process")
    assert done.stderr.count("\n") == 1


def test_what_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = command("--address", "127.0.0.1:0", "--directory", tmp_path / "file")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: cannot use ")
    assert done.stderr.count("\n") == 1


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with PfsProcess(tmp_path / "one") as server:
        address = server.address.removeprefix("grpc://")
        done = command("--address", address, "--directory", tmp_path / "two")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"Error: cannot listen on {address}\n")
