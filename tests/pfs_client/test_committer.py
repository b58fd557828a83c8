"""What becomes of a group that PFS refuses, whoever was to blame: each member by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from pfs_client.failures import (
    BranchNotFound,
    CommitNotOpen,
    ConditionFailed,
    InvalidPath,
    OutputBranch,
    PathCollision,
    PfsAccessDenied,
    PfsFailure,
    PfsOverloaded,
    PfsTimeout,
    PfsUnavailable,
    RepoNotFound,
    StorageFull,
)
from pfs_client.group_commit.committer import EmbeddedCommitter
from pfs_client.group_commit.members import Member, Write
from pfs_client.interface import PfsClient
from pfs_client.values import AddFile, Branch, Change, Commit, DeleteFile, ExpectFile, Repo

BRANCH = Branch(Repo("r"), "master")
COMMIT = Commit(BRANCH.repo, "0" * 12 + "4000" + "8000" + "0" * 12)
NOBODY = frozenset[bytes]()


class Scripted:
    """A PFS that answers each `modify_file` with the next of what it is given, and then well."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.calls: list[list[str]] = []

    async def modify_file(self, branch: Branch, changes: Sequence[Change]) -> Commit | None:
        assert branch == BRANCH
        self.calls.append([_shown(change) for change in changes])
        if self._failures:
            raise self._failures.pop(0)
        return COMMIT


def _shown(change: Change) -> str:
    match change:
        case ExpectFile(path):
            return f"?{path}"
        case DeleteFile(path):
            return f"-{path}"
        case AddFile(path):
            return f"+{path}"
    raise AssertionError(change)


def member(*paths: str, expecting: bool = False) -> Member:
    """Writes one file each, or removes it where its path begins with `-`."""
    writes = [
        Write(
            path.removeprefix("-"),
            content=None if path.startswith("-") else b"1",
            expect=ExpectFile(path.removeprefix("-"), NOBODY) if expecting else None,
        )
        for path in paths
    ]
    return Member(writes, asyncio.get_running_loop().create_future())


async def committed(pfs: Scripted, *group: Member) -> list[Member]:
    return list(await EmbeddedCommitter(cast("PfsClient", pfs)).commit(BRANCH, group))


def told(one: Member) -> object:
    """What a member has been told: its commit, its error, or None if nothing yet."""
    if not one.done.done():
        return None
    return one.done.exception() or one.done.result()


def refused(index: int, *, others: Sequence[int] = ()) -> ConditionFailed:
    error = ConditionFailed(ExpectFile("/x", NOBODY), exists=True)
    error.change_index = index
    error.others = {
        other: ConditionFailed(ExpectFile(f"/{other}", NOBODY), exists=True) for other in others
    }
    return error


async def test_a_group_is_one_call_in_order() -> None:
    pfs = Scripted()
    group = [member("/b", "-/c"), member("/a", expecting=True)]
    assert await committed(pfs, *group) == []
    assert pfs.calls == [["-/b", "+/b", "-/c", "?/a", "-/a", "+/a"]]
    assert [told(one) for one in group] == [COMMIT, COMMIT]
    assert [one.tries for one in group] == [1, 1]


async def test_conditions_are_decided_by_the_pfs() -> None:
    assert EmbeddedCommitter(cast("PfsClient", Scripted())).takes_conditions


@pytest.mark.parametrize(
    "error",
    [
        BranchNotFound("x"),
        OutputBranch("x", BRANCH),
        PfsAccessDenied("x"),
        PfsOverloaded("x"),
        PfsTimeout("x"),
        PfsUnavailable("x"),
        RepoNotFound("x", BRANCH.repo),
        StorageFull("x"),
        ValueError("a mistake"),
    ],
)
async def test_what_nobody_is_to_blame_for_fails_all(error: Exception) -> None:
    pfs = Scripted(error)
    group = [member("/a"), member("/b", expecting=True)]
    assert await committed(pfs, *group) == []
    assert [told(one) for one in group] == [error, error]
    assert len(pfs.calls) == 1


async def test_who_is_to_blame_fails_alone_once_the_others_are_written() -> None:
    error = PathCollision("/b", "/b/c")
    error.change_index = 3
    pfs = Scripted(error)
    group = [member("/a"), member("/b"), member("/c")]
    assert await committed(pfs, *group) == []
    assert pfs.calls[1] == ["-/a", "+/a", "-/c", "+/c"]
    assert [told(one) for one in group] == [COMMIT, error, COMMIT]


@pytest.mark.parametrize("index", range(6))
async def test_each_change_is_its_members(index: int) -> None:
    error = InvalidPath("x", "x", "x")
    error.change_index = index
    group = [member("/a"), member("-/b", "-/c"), member("/d")]
    await committed(Scripted(error), *group)
    culprit = [0, 0, 1, 1, 2, 2][index]
    assert [told(one) is error for one in group] == [at == culprit for at in range(3)]


async def test_where_the_culprit_is_not_known_each_tries_alone() -> None:
    error = InvalidPath("x", "x", "x")
    pfs = Scripted(error)
    group = [member("/a"), member("/b")]
    assert await committed(pfs, *group) == group
    assert [told(one) for one in group] == [None, None]
    assert all(one.goes_alone for one in group)


async def test_who_went_alone_fails() -> None:
    error = InvalidPath("x", "x", "x")
    alone = member("/a")
    assert await committed(Scripted(error), alone) == []
    assert told(alone) is error


async def test_a_condition_is_not_tried_again_where_it_may_have_held() -> None:
    error = InvalidPath("x", "x", "x")
    group = [member("/a"), member("/b", expecting=True)]
    assert await committed(Scripted(error), *group) == group[:1]
    assert [told(one) for one in group] == [None, error]
    assert group[0].goes_alone
    assert not group[1].goes_alone


async def test_a_head_that_was_just_closed_is_tried_again_together() -> None:
    closed = CommitNotOpen("x", COMMIT)
    pfs = Scripted(closed, closed, closed)
    group = [member("/a"), member("/b", expecting=True)]
    for _ in range(2):
        assert await committed(pfs, *group) == group
        assert [told(one) for one in group] == [None, None]
        assert not any(one.goes_alone for one in group)
    assert await committed(pfs, *group) == group[:1]
    assert [told(one) for one in group] == [None, closed]
    assert group[0].goes_alone


async def test_a_head_that_is_closed_each_time_is_tried_three_times() -> None:
    closed = CommitNotOpen("x", COMMIT)
    pfs = Scripted(*[closed] * 9)
    alone = member("/a")
    for _ in range(3):
        again = await committed(pfs, alone)
        assert again == ([alone] if len(pfs.calls) < 3 else [])
    assert told(alone) is closed


async def test_other_conditions_that_do_not_hold_are_refused_at_once() -> None:
    error = refused(0, others=[3, 6])
    pfs = Scripted(error)
    group = [member(f"/{name}", expecting=True) for name in "abcd"]
    assert await committed(pfs, *group) == []
    assert pfs.calls[1:] == [["?/d", "-/d", "+/d"]]
    assert [told(one) for one in group] == [error, error.others[3], error.others[6], COMMIT]


async def test_a_condition_on_what_the_group_writes_before_it_is_tried_again() -> None:
    error = refused(0, others=[5])
    pfs = Scripted(error)
    group = [member("/a", expecting=True), member("/b"), member("/b", expecting=True)]
    assert await committed(pfs, *group) == []
    assert pfs.calls[1] == ["-/b", "+/b", "?/b", "-/b", "+/b"]
    assert [told(one) for one in group] == [error, COMMIT, COMMIT]


async def test_what_was_written_before_the_culprit_does_not_count() -> None:
    error = refused(2, others=[5])
    pfs = Scripted(error)
    group = [member("/b"), member("/a", expecting=True), member("/b", expecting=True)]
    assert await committed(pfs, *group) == []
    assert pfs.calls[1] == ["-/b", "+/b"]
    assert [told(one) for one in group] == [COMMIT, error, error.others[5]]


@pytest.mark.parametrize("before", range(3))
async def test_who_expects_the_same_as_the_culprit_is_refused_with_it(before: int) -> None:
    error = refused(2 * before, others=[2 * before + 3])
    pfs = Scripted(error)
    others = [member(f"/{number}") for number in range(before)]
    twice = [member("/a", expecting=True) for _ in range(2)]
    assert await committed(pfs, *others, *twice, member("/b")) == []
    assert pfs.calls[1][-2:] == ["-/b", "+/b"]
    assert len(pfs.calls) == 2
    assert [told(one) for one in twice] == [error, error.others[2 * before + 3]]


async def test_of_several_writes_of_one_request_none_is_refused_for_another_s_sake() -> None:
    error = refused(0, others=[3])
    pfs = Scripted(error)
    group = [member("/a", expecting=True), member("/b", "/c", expecting=True)]
    assert await committed(pfs, *group) == []
    assert pfs.calls[1] == ["?/b", "-/b", "+/b", "?/c", "-/c", "+/c"]
    assert [told(one) for one in group] == [error, COMMIT]


async def test_one_refusal_after_the_other() -> None:
    first, second = refused(0), refused(0)
    pfs = Scripted(first, second)
    group = [member(f"/{name}", expecting=True) for name in "abc"]
    assert await committed(pfs, *group) == []
    assert [len(call) for call in pfs.calls] == [9, 6, 3]
    assert [told(one) for one in group] == [first, second, COMMIT]


async def test_a_group_of_which_nobody_is_left_makes_no_call() -> None:
    error = refused(0)
    pfs = Scripted(error)
    alone = member("/a", expecting=True)
    assert await committed(pfs, alone) == []
    assert len(pfs.calls) == 1
    assert told(alone) is error


async def test_a_record_is_one_call_and_fails_as_it_does() -> None:
    error = PfsFailure("x")
    pfs = Scripted(error)
    committer = EmbeddedCommitter(cast("PfsClient", pfs))
    write = Write("/a", content=b"1", expect=ExpectFile("/a", NOBODY))
    with pytest.raises(PfsFailure) as failed:
        await committer.commit_record(BRANCH, write)
    assert failed.value is error
    assert pfs.calls == [["?/a", "-/a", "+/a"]]
