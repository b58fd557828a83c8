"""What is based on what, as commits and branches come and go: no row says it of both sides."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.contradictions import contradictions
from embedded_pfs.database import now_us
from embedded_pfs.history import Doomed, drop_commits, drop_some_of_a_repo, drop_unseen
from embedded_pfs.tips import Tip, tip_of
from pfs_client.failures import CommitHasChildren, PfsFailure
from pfs_client.values import Branch, Commit, DeleteFile, File, Repo
from tests.embedded_pfs.conftest import BRANCH, SELDOM, with_branch
from tests.pfs_contract.reading import head_of, listed, paths, put, read

OTHER = Branch(BRANCH.repo, "other")
THIRD = Branch(BRANCH.repo, "third")


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    """With one branch; what its tables say of each other is looked at afterwards."""
    async with with_branch(EmbeddedPfs(tmp_path, synchronous="off", rules=SELDOM)) as client:
        yield client
        assert client.engine.look_up(lambda connection: list(contradictions(connection))) == []


async def written(pfs: EmbeddedPfs, branch: Branch, number: int) -> list[Commit]:
    """The commits of some writes, the oldest first."""
    made = []
    for value in range(number):
        await put(pfs, branch, f"/{branch.name}", b"%d" % value)
        made.append(await head_of(pfs, branch))
    return made


async def parent_of(pfs: EmbeddedPfs, commit: Commit) -> Commit | None:
    return (await pfs.inspect_commit(commit)).parent


def tip(pfs: EmbeddedPfs, branch: Branch) -> Tip:
    return pfs.engine.look_up(tip_of, branch)


def number_of(pfs: EmbeddedPfs, rows: str) -> int:
    def count(connection: sqlite3.Connection) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0])  # noqa: S608

    return pfs.engine.look_up(count)


async def drop_until(pfs: EmbeddedPfs, commit: Commit) -> int:
    """Drop what is on a commit's line before it."""

    def drop(connection: sqlite3.Connection) -> int:
        line_id, seq = connection.execute(
            "SELECT line_id, seq FROM commit_ WHERE hex = ?", (commit.id,)
        ).fetchone()
        return drop_commits(connection, Doomed(line_id, seq))

    return await pfs.engine.free(drop)


async def test_a_branch_without_commits_of_its_own_has_the_head_that_it_began_at(
    pfs: EmbeddedPfs,
) -> None:
    first, last = await written(pfs, BRANCH, 2)
    await pfs.create_branch(OTHER, head=first)
    assert (await head_of(pfs, BRANCH), await head_of(pfs, OTHER)) == (last, first)
    assert (tip(pfs, OTHER).last_seq, tip(pfs, BRANCH).last_seq) == (0, 3)
    (own,) = await written(pfs, OTHER, 1)
    assert (await head_of(pfs, BRANCH), await head_of(pfs, OTHER)) == (last, own)
    assert await parent_of(pfs, own) == first
    assert tip(pfs, OTHER).last_seq == 1


async def test_a_branch_that_loses_its_only_commit_is_where_it_began(pfs: EmbeddedPfs) -> None:
    first, _ = await written(pfs, BRANCH, 2)
    await pfs.create_branch(OTHER, head=first)
    (own,) = await written(pfs, OTHER, 1)
    await pfs.drop_commit(own)
    assert await head_of(pfs, OTHER) == first
    (again,) = await written(pfs, OTHER, 1)
    assert await parent_of(pfs, again) == first


async def test_a_branch_that_is_moved_back_and_forth_leaves_its_lines(pfs: EmbeddedPfs) -> None:
    first, second, third = await written(pfs, BRANCH, 3)
    await pfs.create_branch(OTHER, head=first)
    (own,) = await written(pfs, OTHER, 1)
    for head in (second, own, first):
        await pfs.create_branch(OTHER, head=head)
        assert await head_of(pfs, OTHER) == head
    (later,) = await written(pfs, OTHER, 1)
    assert await parent_of(pfs, later) == first
    assert await parent_of(pfs, own) == first
    assert await head_of(pfs, BRANCH) == third


async def test_a_head_is_of_the_branch_s_own_repo(pfs: EmbeddedPfs) -> None:
    (head,) = await written(pfs, BRANCH, 1)
    elsewhere = Branch(Repo("elsewhere"), "master")
    await pfs.create_repo(elsewhere.repo)
    with pytest.raises(PfsFailure, match="not a commit of"):
        await pfs.create_branch(elsewhere, head=head)
    await pfs.create_branch(elsewhere)
    before = await head_of(pfs, elsewhere)
    with pytest.raises(PfsFailure, match="not a commit of"):
        await pfs.create_branch(elsewhere, head=head)
    assert await head_of(pfs, elsewhere) == before


@pytest.mark.parametrize("commits", [0, 1])
async def test_what_a_branch_begins_at_is_not_dropped(pfs: EmbeddedPfs, commits: int) -> None:
    (head,) = await written(pfs, BRANCH, 1)
    await pfs.create_branch(OTHER, head=head)
    await written(pfs, OTHER, commits)
    with pytest.raises(CommitHasChildren):
        await pfs.drop_commit(head)
    assert await head_of(pfs, BRANCH) == head


@pytest.mark.parametrize("gone", ["deleted", "moved"])
async def test_what_a_branch_without_commits_has_begun_at_is_dropped_once_it_has_left(
    pfs: EmbeddedPfs, gone: str
) -> None:
    first, head = await written(pfs, BRANCH, 2)
    await pfs.create_branch(OTHER, head=head)
    if gone == "deleted":
        await pfs.delete_branch(OTHER)
    else:
        await pfs.create_branch(OTHER, head=first)
    await pfs.drop_commit(head)
    assert await head_of(pfs, BRANCH) == first
    # The row's id may be another commit's now.
    (again,) = await written(pfs, BRANCH, 1)
    await pfs.drop_commit(again)


async def test_what_a_deleted_branch_s_commits_are_based_on_is_not_dropped(
    pfs: EmbeddedPfs,
) -> None:
    (head,) = await written(pfs, BRANCH, 1)
    await pfs.create_branch(OTHER, head=head)
    (own,) = await written(pfs, OTHER, 1)
    await pfs.delete_branch(OTHER)
    with pytest.raises(CommitHasChildren):
        await pfs.drop_commit(head)
    await pfs.drop_commit(own)
    await pfs.drop_commit(head)


async def test_what_branches_began_at_is_squashed_into_them(pfs: EmbeddedPfs) -> None:
    first, base, last = await written(pfs, BRANCH, 3)
    for branch in (OTHER, THIRD):
        await pfs.create_branch(branch, head=base)
    (own,) = await written(pfs, OTHER, 1)
    with pytest.raises(PfsFailure, match="cannot squash"):
        await pfs.squash_commit(base)  # it is the head of the third
    await pfs.delete_branch(THIRD)
    await pfs.squash_commit(base)
    assert [await parent_of(pfs, commit) for commit in (own, last)] == [first, first]
    assert await read(pfs, own, "/master") == b"1"
    await pfs.drop_commit(own)
    assert await head_of(pfs, OTHER) == first
    # It is the base of the other one now.
    await pfs.drop_commit(last)
    with pytest.raises(CommitHasChildren):
        await pfs.drop_commit(first)


async def test_the_first_commit_of_a_branch_is_squashed_where_the_next_ones_stay_on_its_base(
    pfs: EmbeddedPfs,
) -> None:
    (base,) = await written(pfs, BRANCH, 1)
    await pfs.create_branch(OTHER, head=base)
    first, second = await written(pfs, OTHER, 2)
    await pfs.squash_commit(first)
    assert await parent_of(pfs, second) == base
    await pfs.drop_commit(second)
    assert await head_of(pfs, OTHER) == base


async def test_nothing_is_based_on_history_that_has_gone(pfs: EmbeddedPfs) -> None:
    commits = await written(pfs, BRANCH, 4)
    for branch, base in ((OTHER, commits[0]), (THIRD, commits[2])):
        await pfs.create_branch(branch, head=base)
        await written(pfs, branch, 2)
    others, thirds = [
        await listed(pfs, BRANCH.repo, newest=await head_of(pfs, branch))
        for branch in (OTHER, THIRD)
    ]
    assert await drop_until(pfs, commits[2]) == 3
    assert await parent_of(pfs, commits[2]) is None
    assert await listed(pfs, BRANCH.repo, newest=others[0]) == others[:2]
    assert await listed(pfs, BRANCH.repo, newest=thirds[0]) == thirds[:3]
    assert await listed(pfs, BRANCH.repo, newest=commits[3]) == [commits[3], commits[2]]
    # A first commit that is based on nothing any more cannot be taken back.
    await pfs.drop_commit(others[0])
    with pytest.raises(PfsFailure, match="first commit"):
        await pfs.drop_commit(others[1])


async def test_a_branch_whose_base_has_gone_loses_its_own_history_too(pfs: EmbeddedPfs) -> None:
    (base,) = await written(pfs, BRANCH, 1)
    await pfs.create_branch(OTHER, head=base)
    _, last = await written(pfs, OTHER, 2)
    assert await drop_until(pfs, last) == 1
    assert await parent_of(pfs, last) is None
    # The base has no child there any more.
    await pfs.drop_commit(base)
    assert await read(pfs, last, "/master") == b"0"


async def test_what_has_become_a_head_since_it_was_doomed_stays(pfs: EmbeddedPfs) -> None:
    commits = await written(pfs, BRANCH, 4)
    await pfs.create_branch(OTHER, head=commits[1])
    assert await drop_until(pfs, commits[3]) == 2  # with the first one, which was empty
    assert await drop_until(pfs, commits[3]) == 0
    assert await head_of(pfs, OTHER) == commits[1]
    assert await listed(pfs, BRANCH.repo, newest=commits[3]) == commits[:0:-1]


async def test_a_head_stays_that_was_doomed_before_those_behind_it_were_taken_back(
    pfs: EmbeddedPfs,
) -> None:
    commits = await written(pfs, BRANCH, 2)
    row = tip(pfs, BRANCH)
    await pfs.drop_commit(commits[1])
    drop = Doomed(row.line_id, row.last_seq)
    assert await pfs.engine.free(drop_commits, drop) == 1
    assert await head_of(pfs, BRANCH) == commits[0]


async def test_all_of_a_deleted_branch_goes_and_its_base_stays(pfs: EmbeddedPfs) -> None:
    (base,) = await written(pfs, BRANCH, 1)
    for branch in (OTHER, THIRD):
        await pfs.create_branch(branch, head=base)
    await written(pfs, OTHER, 2)
    for branch in (OTHER, THIRD):
        await pfs.delete_branch(branch)
    await pfs.engine.upkeep._drop_old(now_us())
    assert await listed(pfs, BRANCH.repo) == [base]
    assert number_of(pfs, "line") == 1


async def test_commits_on_other_lines_finish_with_what_they_wait_for(pfs: EmbeddedPfs) -> None:
    opened = await pfs.start_commit(BRANCH)
    waiting = []
    for output in (OTHER, THIRD):
        source = Branch(Repo(f"source-of-{output.name}"), "master")
        await pfs.create_repo(source.repo)
        await pfs.create_branch(source)
        await pfs.create_branch(output, head=opened, provenance=[source])
        waiting.append((await pfs.inspect_branch(output)).head)
        await put(pfs, source, "/a", b"1")
        waiting.append((await pfs.inspect_branch(output)).head)
    for commit in waiting:
        await pfs.finish_commit(commit)
    assert [(await pfs.inspect_commit(commit)).finished for commit in waiting] == [None] * 4
    await pfs.finish_commit(opened)
    assert None not in [(await pfs.inspect_commit(commit)).finished for commit in waiting]


async def test_a_repo_that_goes_leaves_no_commit_without_what_it_is_based_on(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded_pfs.history.ROWS_A_TRANSACTION", 2)
    commits = await written(pfs, BRANCH, 3)
    await pfs.create_branch(OTHER, head=commits[1])
    (own,) = await written(pfs, OTHER, 1)
    await pfs.create_branch(THIRD, head=own)
    await written(pfs, THIRD, 2)
    await pfs.delete_repo(BRANCH.repo)
    pieces = 0
    while await pfs.engine.free(drop_some_of_a_repo):
        assert number_of(pfs, "commit_ WHERE parent_id NOT IN (SELECT id FROM commit_)") == 0
        pieces += 1
    assert pieces > 4
    assert number_of(pfs, "commit_") == number_of(pfs, "line") == 0


async def test_what_a_first_commit_replaced_is_there_as_long_as_what_it_is_based_on(
    pfs: EmbeddedPfs,
) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    await pfs.create_branch(OTHER, head=await head_of(pfs, BRANCH))
    await put(pfs, OTHER, "/a", b"2")
    own = await head_of(pfs, OTHER)
    assert await drop_until(pfs, own) == 0
    assert not await pfs.engine.free(drop_unseen, tip(pfs, OTHER).line_id)
    await pfs.drop_commit(own)
    assert await read(pfs, await head_of(pfs, OTHER), "/a") == b"1"
    await put(pfs, OTHER, "/b", b"3")
    assert await read(pfs, await head_of(pfs, OTHER), "/a") == b"1"


@pytest.mark.parametrize("error", ["", "it failed"])
async def test_a_branch_made_at_an_open_commit_has_what_that_one_comes_to_hold(
    pfs: EmbeddedPfs, error: str
) -> None:
    await put(pfs, BRANCH, "/before", b"1")
    opened = await pfs.start_commit(BRANCH)
    await put(pfs, BRANCH, "/a", b"1")
    await put(pfs, BRANCH, "/gone", b"1")
    await pfs.create_branch(OTHER, head=opened)
    await put(pfs, OTHER, "/b", b"1")
    await pfs.modify_file(BRANCH, [DeleteFile("/gone")])
    await pfs.finish_commit(opened, error)
    await put(pfs, OTHER, "/c", b"1")
    expected = ["/before", "/c"] if error else ["/a", "/b", "/before", "/c"]
    assert paths(await pfs.list_file(File(await head_of(pfs, OTHER), "/"))) == expected


@pytest.mark.parametrize("is_moved", [True, False])
async def test_a_branch_that_has_left_an_open_commit_leaves_nothing_that_is_wrong(
    pfs: EmbeddedPfs, is_moved: bool
) -> None:
    before = await head_of(pfs, BRANCH)
    opened = await pfs.start_commit(BRANCH)
    await put(pfs, BRANCH, "/a", b"1")
    await pfs.create_branch(OTHER, head=opened)
    if is_moved:
        await pfs.create_branch(OTHER, head=before)
    else:
        await pfs.delete_branch(OTHER)
    await pfs.drop_commit(opened)
    assert await head_of(pfs, BRANCH) == before


async def test_the_last_commit_of_a_deleted_branch_is_squashed(pfs: EmbeddedPfs) -> None:
    first, last = await written(pfs, BRANCH, 2)
    await pfs.create_branch(OTHER, head=last)
    (own,) = await written(pfs, OTHER, 1)
    await pfs.delete_branch(BRANCH)
    await pfs.squash_commit(last)
    assert await parent_of(pfs, own) == first
    assert await read(pfs, own, f"/{BRANCH.name}") == b"1"
