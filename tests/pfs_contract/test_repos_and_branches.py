from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from pfs_client.failures import (
    BranchFeedsOthers,
    BranchNotFound,
    CommitNotFinished,
    CommitNotFound,
    CommitNotOpen,
    HeadMoved,
    InvalidName,
    PfsFailure,
    ProjectNotFound,
    RepoExists,
    RepoHasBranches,
    RepoNotFound,
)
from pfs_client.values import (
    AddFile,
    Branch,
    Change,
    Commit,
    CopyFile,
    File,
    FileSetKind,
    OriginKind,
    Repo,
)
from pfs_client.whole_pfs import WholePfs
from tests.pfs_contract.reading import found, head_of, listed, paths, put, read

NOBODY = "0123456789ab4def8123456789abcdef"


async def test_it_says_which_pfs_it_is(pfs: WholePfs) -> None:
    assert await pfs.get_version()


async def test_a_new_repo_has_no_branches(pfs: WholePfs, repo: Repo) -> None:
    info = await pfs.inspect_repo(repo)
    assert (info.repo, info.branches) == (repo, ())
    assert await pfs.list_branch(repo) == []
    assert repo in [r.repo for r in await pfs.list_repo()]


async def test_a_head_is_inspected_by_its_branch(pfs: WholePfs, branch: Branch) -> None:
    await put(pfs, branch, "/a", b"1")
    first = await pfs.inspect_head(branch)
    assert first.commit == await head_of(pfs, branch)
    await put(pfs, branch, "/b", b"2")
    second = await pfs.inspect_head(branch)
    assert (second.commit, second.parent) == (await head_of(pfs, branch), first.commit)


async def test_a_branch_that_is_not_there_has_no_head(pfs: WholePfs, repo: Repo) -> None:
    with pytest.raises(BranchNotFound):
        await pfs.inspect_head(Branch(repo, "none"))
    with pytest.raises(BranchNotFound):
        await pfs.walk_head(Branch(repo, "none"))
    with pytest.raises(RepoNotFound):
        await pfs.inspect_head(Branch(Repo("none"), "none"))
    with pytest.raises(RepoNotFound):
        await pfs.walk_head(Branch(Repo("none"), "none"))


async def test_a_repo_is_created_once(pfs: WholePfs, repo: Repo) -> None:
    with pytest.raises(RepoExists):
        await pfs.create_repo(repo)


@pytest.mark.parametrize("name", ["a b", "a.b", "a/b", "", "é", "a^b"])
async def test_names_that_pfs_does_not_allow(pfs: WholePfs, repo: Repo, name: str) -> None:
    with pytest.raises(InvalidName):
        await pfs.create_repo(Repo(name))
    with pytest.raises(InvalidName):
        await pfs.create_branch(Branch(repo, name))


@pytest.mark.parametrize("name", ["-a", "_x", "A", "a" * 300, "0123456789abcdef" * 2])
async def test_names_that_pfs_allows(pfs: WholePfs, repo: Repo, name: str) -> None:
    await pfs.create_branch(Branch(repo, name))
    assert (await pfs.inspect_branch(Branch(repo, name))).branch.name == name


async def test_a_repo_in_a_missing_project(pfs: WholePfs) -> None:
    with pytest.raises(ProjectNotFound):
        await pfs.create_repo(Repo("r", "no-such-project"))


async def test_in_a_missing_project_no_repo_is(pfs: WholePfs) -> None:
    missing = Repo("r", "no-such-project")
    branch, commit = Branch(missing, "master"), Commit(missing, NOBODY)
    for call in (
        pfs.inspect_repo(missing),
        pfs.list_branch(missing),
        pfs.inspect_branch(branch),
        pfs.create_branch(branch),
        pfs.delete_branch(branch),
        pfs.inspect_commit(commit),
        pfs.inspect_file(File(commit, "/a")),
        pfs.list_file(File(commit, "/")),
        pfs.walk_file(File(commit, "/")),
        pfs.get_file(File(commit, "/a")),
        pfs.get_file_set(commit, FileSetKind.DIFF),
        pfs.squash_commit(commit),
        pfs.drop_commit(commit),
        listed(pfs, missing),
        found(pfs, commit, "/a"),
        pfs.modify_file(branch, [AddFile("/a", b"1")]),
    ):
        with pytest.raises(RepoNotFound):
            await call
    assert await pfs.delete_repo(missing) is False


@pytest.mark.parametrize("id_", ["0" * 32, "master", "", "0123456789AB4DEF8123456789ABCDEF"])
async def test_what_is_no_commits_id_is_no_commit(pfs: WholePfs, branch: Branch, id_: str) -> None:
    """pachd takes it for a branch's name, or panics."""
    for repo in (branch.repo, Repo("no-such-repo")):
        commit = Commit(repo, id_)
        for call in (
            pfs.inspect_commit(commit),
            pfs.inspect_file(File(commit, "/a")),
            pfs.list_file(File(commit, "/")),
            pfs.walk_file(File(commit, "/")),
            pfs.get_file(File(commit, "/a")),
            pfs.get_file_set(commit, FileSetKind.DIFF),
            pfs.squash_commit(commit, branch=branch.name),
            pfs.drop_commit(commit, branch=branch.name),
            listed(pfs, repo, newest=commit),
            found(pfs, commit, "/a"),
            pfs.modify_file(branch, [CopyFile("/a", File(commit, "/a"))]),
            pfs.create_file_set([CopyFile("/a", File(commit, "/a"))]),
        ):
            with pytest.raises(CommitNotFound):
                await call


async def test_a_commit_that_is_not_there(pfs: WholePfs, branch: Branch) -> None:
    commit = Commit(branch.repo, NOBODY)
    changes: list[Change] = [AddFile("/b", b"1"), CopyFile("/a", File(commit, "/a"))]
    for call in (
        pfs.inspect_commit(commit),
        pfs.inspect_file(File(commit, "/a")),
        pfs.list_file(File(commit, "/")),
        pfs.walk_file(File(commit, "/")),
        pfs.get_file(File(commit, "/a")),
        pfs.create_file_set(changes),
        pfs.modify_file(branch, changes),
    ):
        with pytest.raises(CommitNotFound):
            await call
    with pytest.raises(CommitNotFound) as refused:
        await pfs.modify_file(branch, changes)
    assert (refused.value.commit, refused.value.change_index) == (commit, 1)
    assert await pfs.list_file(File(await head_of(pfs, branch), "/")) == []


async def test_what_is_missing_is_not_found(pfs: WholePfs, repo: Repo) -> None:
    missing = Repo("no-such-repo")
    with pytest.raises(RepoNotFound):
        await pfs.inspect_repo(missing)
    with pytest.raises(RepoNotFound):
        await pfs.list_branch(missing)
    with pytest.raises(RepoNotFound):
        await pfs.inspect_branch(Branch(missing, "master"))
    with pytest.raises(BranchNotFound):
        await pfs.inspect_branch(Branch(repo, "master"))
    with pytest.raises(BranchNotFound):
        await pfs.delete_branch(Branch(repo, "master"))
    with pytest.raises(RepoNotFound):
        await pfs.create_branch(Branch(missing, "master"))
    with pytest.raises(CommitNotFound):
        await pfs.inspect_commit(Commit(repo, "0" * 32))
    assert await pfs.delete_repo(missing) is False


async def test_a_fresh_branch_has_a_finished_empty_head(pfs: WholePfs, branch: Branch) -> None:
    info = await pfs.inspect_branch(branch)
    commit = await pfs.inspect_commit(info.head)
    assert commit.origin is OriginKind.AUTO
    assert commit.finished is not None
    assert await pfs.list_file(File(info.head, "/")) == []
    assert await pfs.walk_file(File(info.head, "/")) == []


async def test_creating_a_branch_again_changes_nothing(pfs: WholePfs, branch: Branch) -> None:
    await put(pfs, branch, "/a", b"1")
    before = await pfs.inspect_branch(branch)
    await pfs.create_branch(branch)
    assert await pfs.inspect_branch(branch) == before


async def test_a_branch_of_an_existing_commit_goes_its_own_way(
    pfs: WholePfs, branch: Branch
) -> None:
    await put(pfs, branch, "/a", b"1")
    await put(pfs, branch, "/b", b"1")
    base = await head_of(pfs, branch)
    await put(pfs, branch, "/a", b"later")
    other = Branch(branch.repo, "other")
    await pfs.create_branch(other, head=base)
    assert (await pfs.inspect_branch(other)).head == base
    await put(pfs, other, "/b", b"2")
    assert await read(pfs, await head_of(pfs, other), "/a") == b"1"
    assert await read(pfs, await head_of(pfs, other), "/b") == b"2"
    assert await read(pfs, await head_of(pfs, branch), "/b") == b"1"
    assert (await pfs.inspect_commit(await head_of(pfs, other))).parent == base


async def test_branches_of_one_empty_commit_share_it_and_nothing_else(
    pfs: WholePfs, branch: Branch
) -> None:
    empty = await head_of(pfs, branch)
    others = [Branch(branch.repo, name) for name in ("one", "two")]
    for other in others:
        await pfs.create_branch(other, head=empty)
        await put(pfs, other, "/a", other.name.encode())
        await put(pfs, other, "/b", b"x")
    gone, stays = others
    head = await head_of(pfs, gone)
    between = (await pfs.inspect_commit(head, wait_finished=True)).parent
    assert between is not None
    await pfs.squash_commit(between, branch=gone.name)
    assert (await pfs.inspect_commit(head)).parent == empty
    await pfs.delete_branch(gone)
    await pfs.drop_commit(head, branch=gone.name)
    assert await head_of(pfs, branch) == empty
    left = await listed(pfs, branch.repo, newest=await head_of(pfs, stays))
    assert await listed(pfs, branch.repo) == left
    assert left[-1] == empty
    assert await read(pfs, left[0], "/a") == b"two"


async def test_a_branch_of_a_commit_whose_branch_has_gone(pfs: WholePfs, branch: Branch) -> None:
    head = await head_of(pfs, branch)
    await pfs.delete_branch(branch)
    await pfs.create_branch(Branch(branch.repo, "other"), head=head)
    assert await head_of(pfs, Branch(branch.repo, "other")) == head


async def test_a_branch_of_a_commit_that_is_not_there(pfs: WholePfs, branch: Branch) -> None:
    other = Branch(branch.repo, "other")
    for commit_id in (NOBODY, "0" * 32):
        with pytest.raises(CommitNotFound):
            await pfs.create_branch(other, head=Commit(branch.repo, commit_id))
    with pytest.raises(BranchNotFound):
        await pfs.inspect_branch(other)


async def test_a_deleted_branch_leaves_its_commits(pfs: WholePfs, branch: Branch) -> None:
    await put(pfs, branch, "/a", b"1")
    head = await head_of(pfs, branch)
    await pfs.delete_branch(branch)
    with pytest.raises(BranchNotFound):
        await pfs.inspect_branch(branch)
    assert await read(pfs, head, "/a") == b"1"


async def test_a_branch_whose_head_moved_is_not_deleted(pfs: WholePfs, branch: Branch) -> None:
    seen = await head_of(pfs, branch)
    await put(pfs, branch, "/a", b"1")
    with pytest.raises(HeadMoved):
        await pfs.delete_branch(branch, expected_head=seen)
    await pfs.delete_branch(branch, expected_head=await head_of(pfs, branch))


async def test_a_deleted_repo_takes_everything_with_it(pfs: WholePfs, branch: Branch) -> None:
    await put(pfs, branch, "/a", b"1")
    head = await head_of(pfs, branch)
    assert await pfs.delete_repo(branch.repo) is True
    with pytest.raises(RepoNotFound):
        await pfs.inspect_branch(branch)
    with pytest.raises(RepoNotFound):
        await pfs.inspect_file(File(head, "/a"))
    await pfs.create_repo(branch.repo)
    await pfs.create_branch(branch)
    assert await pfs.walk_file(File(await head_of(pfs, branch), "/")) == []


async def test_a_repo_expected_to_be_empty(pfs: WholePfs, branch: Branch) -> None:
    with pytest.raises(RepoHasBranches):
        await pfs.delete_repo(branch.repo, expect_no_branches=True)
    await pfs.delete_branch(branch)
    assert await pfs.delete_repo(branch.repo, expect_no_branches=True) is True


async def test_branches_are_listed_with_their_repo(pfs: WholePfs, branch: Branch) -> None:
    other = Branch(branch.repo, "other")
    await pfs.create_branch(other)
    assert {b.branch for b in await pfs.list_branch(branch.repo)} == {branch, other}
    (info,) = [r for r in await pfs.list_repo() if r.repo == branch.repo]
    assert set(info.branches) == {branch, other}


@pytest.fixture
async def output(pfs: WholePfs, branch: Branch) -> AsyncIterator[Branch]:
    """A branch of another repo that is computed from `branch`."""
    output = Branch(Repo(branch.repo.name + "-out"), "master")
    await pfs.create_repo(output.repo)
    await pfs.create_branch(output, provenance=[branch])
    yield output
    await pfs.delete_repo(output.repo, force=True)


async def test_a_branch_that_feeds_another_cannot_go(
    pfs: WholePfs, branch: Branch, output: Branch
) -> None:
    with pytest.raises(BranchFeedsOthers) as refused:
        await pfs.delete_branch(branch)
    assert refused.value.downstream == (str(output),)
    info = await pfs.inspect_branch(output)
    assert info.direct_provenance == (branch,)
    assert (await pfs.inspect_branch(branch)).subvenance == (output,)
    await pfs.delete_branch(output)
    await pfs.delete_branch(branch)


async def test_a_repo_that_feeds_another_goes_only_by_force(
    pfs: WholePfs, branch: Branch, output: Branch
) -> None:
    with pytest.raises(BranchFeedsOthers):
        await pfs.delete_repo(branch.repo)
    assert await pfs.delete_repo(output.repo, force=True) is True
    assert await pfs.delete_repo(branch.repo) is True


async def test_branches_of_one_repo_do_not_feed_each_other(pfs: WholePfs, branch: Branch) -> None:
    with pytest.raises(PfsFailure, match="cannot be in the provenance of its own branch"):
        await pfs.create_branch(Branch(branch.repo, "other"), provenance=[branch])


async def test_an_output_branch_opens_a_commit_for_each_input_commit(
    pfs: WholePfs, branch: Branch, output: Branch
) -> None:
    first = await pfs.inspect_commit((await pfs.inspect_branch(output)).head)
    assert first.is_open
    assert first.origin is OriginKind.AUTO
    await put(pfs, branch, "/a", b"1")
    second = await pfs.inspect_commit((await pfs.inspect_branch(output)).head)
    assert second.is_open
    assert second.commit != first.commit


async def test_writes_to_an_open_head_go_into_it(pfs: WholePfs, branch: Branch) -> None:
    await put(pfs, branch, "/a", b"1")
    base = await head_of(pfs, branch)
    opened = await pfs.start_commit(branch)
    await put(pfs, branch, "/a", b"2")
    await pfs.modify_file(branch, [AddFile("/b", b"x")])
    assert (await pfs.inspect_branch(branch)).head == opened
    assert (await pfs.inspect_commit(opened)).is_open
    assert await read(pfs, opened, "/a") == b"2"
    assert await read(pfs, base, "/a") == b"1"
    with pytest.raises(CommitNotFinished):
        await pfs.start_commit(branch)
    await pfs.finish_commit(opened)
    assert paths(await pfs.list_file(File(await head_of(pfs, branch), "/"))) == ["/a", "/b"]
    with pytest.raises(CommitNotOpen):
        await pfs.finish_commit(opened)


async def test_commits_know_their_parents(pfs: WholePfs, branch: Branch) -> None:
    await put(pfs, branch, "/a", b"1")
    first = await head_of(pfs, branch)
    await put(pfs, branch, "/a", b"22")
    info = await pfs.inspect_commit(await head_of(pfs, branch))
    assert info.parent == first
    assert info.origin is OriginKind.USER
    assert info.error == ""
