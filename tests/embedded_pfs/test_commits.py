"""What commits of the embedded PFS wait for, and which of them may go."""

from __future__ import annotations

import pytest

from embedded_pfs.client import EmbeddedPfs
from pfs_client.failures import CommitNotFinished, OutputBranch, PfsFailure
from pfs_client.values import AddFile, Branch, Commit, DeleteFile, File, Repo
from tests.embedded_pfs.conftest import BRANCH
from tests.pfs_contract.reading import head_of, listed, put, read

OTHER = Branch(BRANCH.repo, "other")
OUTPUT = Branch(Repo("out"), "master")


@pytest.fixture
async def two_open(pfs: EmbeddedPfs) -> tuple[Commit, Commit]:
    """Two open commits of an output branch, the second based on the first."""
    await pfs.create_repo(OUTPUT.repo)
    await pfs.create_branch(OUTPUT, provenance=[BRANCH])
    first = (await pfs.inspect_branch(OUTPUT)).head
    await put(pfs, BRANCH, "/a", b"1")
    return first, (await pfs.inspect_branch(OUTPUT)).head


async def test_a_closed_commit_finishes_with_its_base(
    pfs: EmbeddedPfs, two_open: tuple[Commit, Commit]
) -> None:
    first, second = two_open
    await pfs.finish_commit(second)
    closed = await pfs.inspect_commit(second)
    assert not closed.is_open
    assert closed.finished is None
    await pfs.finish_commit(first)
    assert (await pfs.inspect_commit(second)).finished is not None


async def test_a_commit_is_read_once_its_base_has_finished(
    pfs: EmbeddedPfs, two_open: tuple[Commit, Commit]
) -> None:
    first, second = two_open
    assert await pfs.walk_file(File(first, "/")) == []
    with pytest.raises(CommitNotFinished):
        await pfs.walk_file(File(second, "/"))
    with pytest.raises(CommitNotFinished):
        await pfs.create_branch(Branch(OUTPUT.repo, "other"), head=second)
    await pfs.finish_commit(first)
    assert await pfs.walk_file(File(second, "/")) == []


async def test_an_open_commit_is_read_that_has_nothing_before_it(pfs: EmbeddedPfs) -> None:
    root = await head_of(pfs, BRANCH)
    opened = await pfs.start_commit(BRANCH)
    await put(pfs, BRANCH, "/a", b"1")
    await pfs.squash_commit(root)
    assert (await pfs.inspect_commit(opened)).parent is None
    assert await read(pfs, opened, "/a") == b"1"


@pytest.mark.parametrize("closed", [0, 1])
async def test_a_commit_finishes_whatever_others_of_its_base_do(
    pfs: EmbeddedPfs, two_open: tuple[Commit, Commit], closed: int
) -> None:
    base, _ = two_open
    based_on_it = []
    for name in ("a", "b"):
        source, output = Branch(BRANCH.repo, name), Branch(base.repo, name)
        await pfs.create_branch(source)
        await pfs.create_branch(output, head=base, provenance=[source])
        based_on_it.append((await pfs.inspect_branch(output)).head)
    await pfs.finish_commit(based_on_it[closed])
    await pfs.finish_commit(base)
    finished = [(await pfs.inspect_commit(one)).finished is not None for one in based_on_it]
    assert finished == [closed == 0, closed == 1]


async def test_an_open_commit_does_not_finish_with_its_base(
    pfs: EmbeddedPfs, two_open: tuple[Commit, Commit]
) -> None:
    first, second = two_open
    await pfs.finish_commit(first)
    info = await pfs.inspect_commit(second)
    assert info.is_open
    assert info.finished is None


async def test_only_a_pipeline_writes_an_output_branch(
    pfs: EmbeddedPfs, two_open: tuple[Commit, Commit]
) -> None:
    with pytest.raises(OutputBranch):
        await put(pfs, OUTPUT, "/a", b"1")
    # As a pipeline does, and as pachd lets anybody while the head is open.
    await pfs.modify_stream(OUTPUT, [AddFile("/a", b"1")])
    for commit in two_open:
        await pfs.finish_commit(commit)
    for refused in (put(pfs, OUTPUT, "/a", b"2"), pfs.modify_stream(OUTPUT, [AddFile("/a", b"2")])):
        with pytest.raises(OutputBranch):
            await refused
    assert await head_of(pfs, OUTPUT) == two_open[1]
    assert await read(pfs, two_open[1], "/a") == b"1"


async def test_only_the_last_commit_of_a_branch_is_written_to(
    pfs: EmbeddedPfs, two_open: tuple[Commit, Commit]
) -> None:
    first, second = two_open
    with pytest.raises(PfsFailure, match="not the last one"):
        await pfs.modify_stream(first, [AddFile("/a", b"1")])
    await pfs.modify_stream(second, [AddFile("/a", b"2")])
    await pfs.finish_commit(first)
    assert await pfs.walk_file(File(first, "/")) == []
    assert await read(pfs, second, "/a") == b"2"


async def test_commits_can_be_begun_and_closed_for_ever(pfs: EmbeddedPfs) -> None:
    pfs.engine.writing.execute("UPDATE commit_ SET seq = 1000")  # as after so many
    for number in range(3):
        opened = await pfs.start_commit(BRANCH)
        await pfs.modify_stream(opened, [DeleteFile("/a"), AddFile("/a", b"%d" % number)])
        await pfs.finish_commit(opened)
        assert await read(pfs, opened, "/a") == b"%d" % number


async def test_a_head_that_others_are_based_on_is_not_squashed(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    head = await head_of(pfs, BRANCH)
    await pfs.create_branch(OTHER, head=head)
    await put(pfs, OTHER, "/a", b"2")
    with pytest.raises(PfsFailure, match="cannot squash"):
        await pfs.squash_commit(head)
    assert await head_of(pfs, BRANCH) == head
    assert await read(pfs, head, "/a") == b"1"


async def test_a_former_head_that_nothing_is_based_on_is_not_squashed(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    head = await head_of(pfs, BRANCH)
    await pfs.delete_branch(BRANCH)
    with pytest.raises(PfsFailure, match="cannot squash"):
        await pfs.squash_commit(head)
    assert (await listed(pfs, BRANCH.repo))[0] == head
    assert (await pfs.inspect_file(File(head, "/a"))).size_bytes == 1
