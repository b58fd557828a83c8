"""Copies of files in commits, as writes of a group on pachd."""

from __future__ import annotations

import asyncio

import pytest

from pfs_client.failures import (
    CommitNotFound,
    ConditionFailed,
    FileNotFound,
    PathCollision,
    PfsUnavailable,
)
from pfs_client.values import Branch, Commit, DeleteFile, ExpectFile, File, FileInfo, Repo
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import (
    LARGE,
    content_of,
    files_of,
    one_group,
    others_write,
    put,
    results,
    writes_to,
)
from tests.pfs_contract.reading import head_of, read

ELSEWHERE = Branch(Repo("elsewhere"), "master")


@pytest.fixture
async def source(pachd: Pachd) -> Commit:
    """A commit of another repo, with `/a`."""
    await pachd.pfs.create_repo(ELSEWHERE.repo)
    await pachd.pfs.create_branch(ELSEWHERE)
    await put(writes_to(pachd), "/a", b"of the source", branch=ELSEWHERE)
    return await head_of(pachd.pfs, ELSEWHERE)


async def found(pachd: Pachd, commit: Commit, path: str = "/a") -> FileInfo:
    return await pachd.pfs.inspect_file(File(commit, path))


async def test_a_copy_is_one_commit_and_carries_no_bytes(pachd: Pachd, source: Commit) -> None:
    await put(writes_to(pachd), "/b", b"before")
    info = await found(pachd, source)
    pachd.wire.calls.clear()
    await writes_to(pachd).copy_file(BRANCH, "/b", source, info)
    assert await content_of(pachd, "/b") == b"of the source"
    (stream,) = pachd.wire.of("ModifyFile")
    assert [m.WhichOneof("body") for m in stream.messages] == [
        "set_commit",
        "delete_file",
        "copy_file",
    ]


async def test_a_copy_is_told_before_its_commit_has_finished(pachd: Pachd, source: Commit) -> None:
    info = await found(pachd, source)
    pachd.finishing.hold()
    async with asyncio.timeout(10):
        await writes_to(pachd).copy_file(BRANCH, "/b", source, info)
    pachd.finishing.release()
    assert await content_of(pachd, "/b") == b"of the source"


async def test_copies_share_a_group_with_other_writes(pachd: Pachd, source: Commit) -> None:
    writes = writes_to(pachd)
    info = await found(pachd, source)
    calls = [
        writes.copy_file(BRANCH, "/b", source, info),
        put(writes, "/c", LARGE),
        writes.copy_file(BRANCH, "/c", source, info),
        writes.copy_file(BRANCH, "/d", source, info),
        put(writes, "/d", b"later"),
        writes.copy_file(BRANCH, "/b/below", source, info),
    ]
    async with one_group(pachd, writes, *calls) as arrived:
        pass
    outcomes = await results(arrived)
    assert outcomes[-1] is PathCollision
    assert PathCollision not in outcomes[:-1]
    assert await files_of(pachd) == ["/b", "/c", "/d"]
    assert await content_of(pachd, "/c") == b"of the source"
    assert await content_of(pachd, "/d") == b"later"


async def test_a_condition_on_the_target_meets_what_the_group_has_copied(
    pachd: Pachd, source: Commit
) -> None:
    writes = writes_to(pachd, sole_writer=True)
    info = await found(pachd, source)
    absent = ExpectFile("/b", frozenset())
    both = [writes.copy_file(BRANCH, "/b", source, info, absent) for _ in range(2)]
    async with one_group(pachd, writes, *both) as arrived:
        pass
    assert await results(arrived) == [None, ConditionFailed]


async def test_a_source_whose_commit_has_gone_is_refused_and_the_target_stays(
    pachd: Pachd, source: Commit
) -> None:
    writes = writes_to(pachd)
    await put(writes, "/b", b"before")
    info = await found(pachd, source)
    await pachd.pfs.drop_commit(source)
    with pytest.raises(CommitNotFound):
        await writes.copy_file(BRANCH, "/b", source, info)
    assert await content_of(pachd, "/b") == b"before"


async def test_who_shares_a_group_with_a_source_that_has_gone_is_written(
    pachd: Pachd, source: Commit
) -> None:
    writes = writes_to(pachd)
    info = await found(pachd, source)
    await pachd.pfs.drop_commit(source)
    calls = [writes.copy_file(BRANCH, "/b", source, info), put(writes, "/c", b"written")]
    async with one_group(pachd, writes, *calls) as arrived:
        pass
    assert (await results(arrived))[0] is CommitNotFound
    assert await files_of(pachd) == ["/c"]


async def test_a_source_that_goes_from_an_open_commit_is_not_told_as_copied(
    pachd: Pachd, source: Commit
) -> None:
    """pachd copies what is not there as nothing, with OK."""
    writes = writes_to(pachd)
    await put(writes, "/c", b"before")
    open_head = await pachd.pfs.start_commit(ELSEWHERE)
    info = await found(pachd, open_head)
    assert info.committed is None
    await writes.copy_file(BRANCH, "/b", open_head, info)
    assert await content_of(pachd, "/b") == b"of the source"
    await pachd.pfs.modify_file(ELSEWHERE, [DeleteFile("/a")])
    with pytest.raises(FileNotFound):
        await writes.copy_file(BRANCH, "/c", open_head, info)
    assert await content_of(pachd, "/c") == b"before"


async def test_a_source_that_changes_in_an_open_commit_is_not_copied_as_what_it_was(
    pachd: Pachd, source: Commit
) -> None:
    writes = writes_to(pachd)
    await put(writes, "/b", b"before")
    open_head = await pachd.pfs.start_commit(ELSEWHERE)
    info = await found(pachd, open_head)
    await put(writes, "/a", b"changed", branch=ELSEWHERE)
    with pytest.raises(PfsUnavailable, match=r"/a in [^ ]+ has changed"):
        await writes.copy_file(BRANCH, "/b", open_head, info)
    assert await content_of(pachd, "/b") == b"before"


async def test_a_file_of_an_open_commit_is_copied_onto_itself(pachd: Pachd, source: Commit) -> None:
    """Its delete, which comes before, is in the commit that it is copied from."""
    open_head = await pachd.pfs.start_commit(ELSEWHERE)
    info = await found(pachd, open_head)
    await writes_to(pachd).copy_file(ELSEWHERE, "/a", open_head, info)
    assert await read(pachd.pfs, open_head, "/a") == b"of the source"


async def test_a_copy_out_of_what_others_commit_is_of_the_commit_that_was_looked_at(
    pachd: Pachd,
) -> None:
    first = await others_write(pachd, "/a")
    info = await found(pachd, first)
    await pachd.pfs.modify_file(BRANCH, [DeleteFile("/a")])
    await writes_to(pachd).copy_file(BRANCH, "/b", first, info)
    assert await files_of(pachd) == ["/b"]
    assert await content_of(pachd, "/b") == b"other"
