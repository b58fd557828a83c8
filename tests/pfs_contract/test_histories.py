from __future__ import annotations

import pytest

from pfs_client.failures import (
    AuthenticationOff,
    CommitHasChildren,
    CommitNotFinished,
    CommitNotFound,
    PfsFailure,
    RepoNotFound,
)
from pfs_client.permissions import Permission
from pfs_client.values import AddFile, Branch, Commit, DeleteFile, File, FileSetKind, Repo
from pfs_client.whole_pfs import WholePfs
from tests.pfs_contract.reading import changes_in, found, head_of, listed, put, read

NOBODY = "0123456789ab4def8123456789abcdef"


@pytest.fixture
async def history(pfs: WholePfs, branch: Branch) -> list[Commit]:
    """A branch's commits, the oldest first: `/d/a` written twice, deleted, `/b` between."""
    commits = [await head_of(pfs, branch)]
    for path, content in (("/d/a", b"1"), ("/b", b"22"), ("/d/a", b"333")):
        await put(pfs, branch, path, content)
        commits.append(await head_of(pfs, branch))
    await pfs.modify_file(branch, [DeleteFile("/d/a")])
    return [*commits, await head_of(pfs, branch)]


async def test_a_history_comes_newest_first(
    pfs: WholePfs, branch: Branch, history: list[Commit]
) -> None:
    newest = history[::-1]
    assert await listed(pfs, branch.repo) == newest
    assert await listed(pfs, branch.repo, number=2) == newest[:2]
    assert await listed(pfs, branch.repo, newest=history[-2]) == newest[1:]
    assert await listed(pfs, branch.repo, newest=history[-2], number=1) == newest[1:2]
    assert await listed(pfs, branch.repo, newest=history[-1], since=history[1]) == newest[:3]
    assert await listed(pfs, branch.repo, newest=history[1], since=history[1]) == []
    (info,) = [i async for i in pfs.list_commit(branch.repo, newest=history[2], number=1)]
    assert info == await pfs.inspect_commit(history[2])


async def test_a_history_of_nothing(pfs: WholePfs, branch: Branch) -> None:
    with pytest.raises(CommitNotFound):
        await listed(pfs, branch.repo, newest=Commit(branch.repo, NOBODY))
    with pytest.raises(RepoNotFound):
        await listed(pfs, Repo("no-such-repo"))


async def test_the_commits_that_changed_a_file(
    pfs: WholePfs, branch: Branch, history: list[Commit]
) -> None:
    _, first, between, second, deleted = history
    assert await found(pfs, deleted, "/d/a") == [(deleted, 1), (second, 2), (first, 4)]
    assert await found(pfs, between, "/d/a") == [(first, 2)]
    assert await found(pfs, deleted, "/b") == [(between, 3)]
    assert await found(pfs, deleted, "/d/a", limit=1) == [(deleted, 1)]
    assert await found(pfs, deleted, "/nothing") == []
    with pytest.raises(CommitNotFound):
        await found(pfs, Commit(branch.repo, NOBODY), "/b")


async def test_commits_are_found_before_a_branch_began(
    pfs: WholePfs, branch: Branch, history: list[Commit]
) -> None:
    other = Branch(branch.repo, "other")
    await pfs.create_branch(other, head=history[3])
    await put(pfs, other, "/b", b"x")
    head = await head_of(pfs, other)
    assert await found(pfs, head, "/d/a") == [(history[3], 2), (history[1], 4)]
    assert await found(pfs, head, "/b") == [(head, 1), (history[2], 3)]


async def test_the_changes_of_a_commit_are_a_file_set(
    pfs: WholePfs, branch: Branch, history: list[Commit]
) -> None:
    assert [await changes_in(pfs, commit) for commit in history] == [
        [], ["/", "/d/", "/d/a"], ["/", "/b"], ["/", "/d/", "/d/a"], [],
    ]  # fmt: skip
    whole = Commit(Repo("__filesets__"), await pfs.get_file_set(history[3], FileSetKind.TOTAL))
    walked = await pfs.walk_file(File(whole, "/"))
    assert [info.path for info in walked] == ["/", "/b", "/d/", "/d/a"]
    assert await read(pfs, whole, "/d/a") == b"333"
    with pytest.raises(CommitNotFound):
        await pfs.get_file_set(Commit(branch.repo, NOBODY), FileSetKind.DIFF)


async def differences(
    pfs: WholePfs, new: File, old: File | None = None
) -> list[tuple[str | None, str | None]]:
    return [
        (diff.new.path if diff.new else None, diff.old.path if diff.old else None)
        async for diff in pfs.diff_file(new, old)
    ]


async def test_two_commits_differ_in_files_and_the_directories_above(
    pfs: WholePfs, history: list[Commit]
) -> None:
    root = [File(commit, "/") for commit in history]
    changed = [("/", "/"), ("/d/", "/d/"), ("/d/a", "/d/a")]
    assert await differences(pfs, root[3]) == changed
    assert await differences(pfs, root[3], root[2]) == changed
    assert await differences(pfs, root[4]) == [("/", "/"), (None, "/d/"), (None, "/d/a")]
    assert await differences(pfs, root[2], root[0]) == [
        ("/", None), ("/b", None), ("/d/", None), ("/d/a", None),
    ]  # fmt: skip
    assert await differences(pfs, root[3], root[3]) == []
    of_file = [d async for d in pfs.diff_file(File(history[3], "/d/a"))]
    assert [(d.new and d.new.size_bytes, d.old and d.old.size_bytes) for d in of_file] == [(3, 1)]


async def test_a_long_difference_comes_whole(pfs: WholePfs, branch: Branch) -> None:
    names = [f"/d{d}/{f:03}" for d in range(2) for f in range(700)]
    await pfs.modify_file(branch, [AddFile(name, b"") for name in names])
    found = await differences(pfs, File(await head_of(pfs, branch), "/"))
    assert [new for new, _ in found] == ["/", "/d0/", *names[:700], "/d1/", *names[700:]]


async def test_a_squashed_commit_is_part_of_the_next(
    pfs: WholePfs, branch: Branch, history: list[Commit]
) -> None:
    base, first, between, second, deleted = history
    await pfs.squash_commit(first, branch=branch.name)
    assert await listed(pfs, branch.repo) == [deleted, second, between, base]
    assert (await pfs.inspect_commit(between)).parent == base
    with pytest.raises(CommitNotFound):
        await pfs.inspect_commit(first)
    assert await changes_in(pfs, between) == ["/", "/b", "/d/", "/d/a"]
    assert await found(pfs, deleted, "/d/a") == [(deleted, 1), (second, 2), (between, 3)]
    await pfs.squash_commit(second, branch=branch.name)
    assert await found(pfs, deleted, "/d/a") == [(deleted, 1), (between, 2)]
    assert await changes_in(pfs, deleted) == []
    await pfs.drop_commit(deleted, branch=branch.name)
    assert await read(pfs, await head_of(pfs, branch), "/d/a") == b"1"
    with pytest.raises(CommitNotFound):
        await pfs.squash_commit(Commit(branch.repo, NOBODY), branch=branch.name)


async def test_a_squashed_commit_that_others_branch_off(
    pfs: WholePfs, branch: Branch, history: list[Commit]
) -> None:
    other = Branch(branch.repo, "other")
    await pfs.create_branch(other, head=history[3])
    await put(pfs, other, "/c", b"x")
    head = await head_of(pfs, other)
    await pfs.squash_commit(history[3], branch=branch.name)
    assert (await pfs.inspect_commit(head)).parent == history[2]
    assert await found(pfs, head, "/d/a") == [(head, 1), (history[1], 3)]
    assert await read(pfs, head, "/d/a") == b"333"


async def test_a_head_is_not_squashed(pfs: WholePfs, branch: Branch, history: list[Commit]) -> None:
    with pytest.raises(PfsFailure):
        await pfs.squash_commit(history[-1], branch=branch.name)
    opened = await pfs.start_commit(branch)
    with pytest.raises(CommitNotFinished):
        await pfs.squash_commit(opened, branch=branch.name)
    await pfs.finish_commit(opened)


async def test_commits_are_dropped_from_the_head_down(
    pfs: WholePfs, branch: Branch, history: list[Commit]
) -> None:
    with pytest.raises(CommitHasChildren):
        await pfs.drop_commit(history[-2], branch=branch.name)
    for commit, left in zip(history[:0:-1], history[-2::-1], strict=True):
        await pfs.drop_commit(commit, branch=branch.name)
        assert await head_of(pfs, branch) == left
    assert await pfs.walk_file(File(history[0], "/")) == []
    with pytest.raises(CommitNotFound):
        await pfs.drop_commit(history[-1], branch=branch.name)


async def test_a_former_head_is_dropped_by_its_branchs_name(
    pfs: WholePfs, branch: Branch, history: list[Commit]
) -> None:
    await pfs.delete_branch(branch)
    await pfs.drop_commit(history[-1], branch=branch.name)
    assert await listed(pfs, branch.repo) == history[-2::-1]


async def test_without_users_nobody_may_be_asked_for(pfs: WholePfs, repo: Repo) -> None:
    with pytest.raises(AuthenticationOff):
        await pfs.who_am_i()
    with pytest.raises(AuthenticationOff):
        await pfs.authorize(repo, [Permission.REPO_READ])
