"""The commits of a branch, and which of them a person means.

Only what the branch's HEAD is based on belongs to the branch's history: another branch of the repo
may hold what nobody meant to show here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from gateway.history.places import HistoryRefused, Moment, Place
from pfs_client.failures import BranchNotFound, RepoNotFound
from pfs_client.values import BranchInfo, CommitInfo
from pfs_client.whole_pfs import WholePfs


async def branch_at(pfs: WholePfs, place: Place) -> BranchInfo:
    """The branch that a place is in.

    Raises:
        HistoryRefused: There is none.
    """
    try:
        return await pfs.inspect_branch(place.branch)
    except (BranchNotFound, RepoNotFound):
        raise HistoryRefused(
            f"there is no bucket {place.bucket}: PFS has no branch {place.branch}"
        ) from None


async def history_of(pfs: WholePfs, branch: BranchInfo) -> AsyncIterator[CommitInfo]:
    """HEAD and all that it is based on, the newest first."""
    async for info in pfs.list_commit(branch.branch.repo, newest=branch.head):
        yield info


async def writable_branch(pfs: WholePfs, place: Place) -> BranchInfo:
    """The branch that a place is in, if people may write to it.

    Raises:
        HistoryRefused: There is none, or a pipeline writes it.
    """
    info = await branch_at(pfs, place)
    if info.direct_provenance:
        raise HistoryRefused(f"{place.bucket} is written by a pipeline: nobody else may")
    return info


async def commit_at(pfs: WholePfs, branch: BranchInfo, moment: Moment) -> CommitInfo:
    """The commit of a branch's history that a moment names.

    At a time it is the last that was committed by then. One that failed holds nothing, and one that
    is open is not committed.

    Raises:
        HistoryRefused: There is none, or two begin so.
    """
    found = await _meant(pfs, branch, moment)
    if len(found) > 1:
        raise HistoryRefused(f"several commits begin with {moment.id_begin}: give more of its id")
    if not found:
        raise HistoryRefused(
            f"{branch.branch} has no commit {moment.id_begin} in its history"
            if moment.time is None
            else f"{branch.branch} had no commit yet at {moment.time:%Y-%m-%d %H:%M:%S} UTC"
        )
    return await _before(pfs, found[0]) if moment.is_before else found[0]


async def _meant(pfs: WholePfs, branch: BranchInfo, moment: Moment) -> list[CommitInfo]:
    found = []
    async for info in history_of(pfs, branch):
        if _is_meant(info, moment):
            found.append(info)
            if moment.time is not None or info.commit.id == moment.id_begin:
                break
    return found


async def _before(pfs: WholePfs, info: CommitInfo) -> CommitInfo:
    """The commit that one is based on; not one that failed, which nothing is based on."""
    async for older in pfs.list_commit(info.commit.repo, newest=info.commit):
        if older.commit != info.commit and not older.error:
            return older
    raise HistoryRefused(f"there is no commit before {info.commit.id}")


def _is_meant(info: CommitInfo, moment: Moment) -> bool:
    if moment.time is None:
        return info.commit.id.startswith(moment.id_begin)
    return info.finishing is not None and not info.error and info.finishing <= moment.time
