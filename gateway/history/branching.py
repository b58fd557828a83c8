"""New branches, and commits that many writes go into."""

from __future__ import annotations

from gateway.history.commits import branch_at, writable_branch
from gateway.history.finishing import wait_for_head
from gateway.history.places import HistoryRefused, Place
from pfs_client.failures import BranchNotFound, CommitNotFinished
from pfs_client.values import Commit
from pfs_client.whole_pfs import WholePfs


async def new_branch(pfs: WholePfs, place: Place, source: Place, head: Commit) -> None:
    """Create a branch at a commit. No bytes are copied.

    Raises:
        HistoryRefused: It is there already, or would be in another repo.
    """
    if place.branch.repo != source.branch.repo:
        raise HistoryRefused(
            f"{place.bucket} would be in the repo {place.branch.repo}, and {source.bucket} is in"
            f" {source.branch.repo}: a branch stays in its repo"
        )
    try:
        await pfs.inspect_branch(place.branch)
    except BranchNotFound:
        pass
    else:
        raise HistoryRefused(f"there is a bucket {place.bucket} already")
    try:
        await pfs.create_branch(place.branch, head=head)
    except CommitNotFinished:
        raise HistoryRefused(
            f"the commit {head.id} is open: finish it first, or name one before it"
        ) from None


async def start_commit(pfs: WholePfs, place: Place, description: str) -> Commit:
    """Open a commit that all writes to a branch go into.

    Raises:
        HistoryRefused: There is no such branch, a pipeline writes it, or a commit is open already.
    """
    branch = await writable_branch(pfs, place)
    try:
        return await pfs.start_commit(branch.branch, description)
    except CommitNotFinished:
        raise HistoryRefused(
            f"{place.bucket} has an open commit already, {branch.head.id}:"
            f" s3gateway commit finish {place.bucket}"
        ) from None


async def finish_commit(pfs: WholePfs, place: Place) -> Commit:
    """Close a branch's open commit, and wait until it has finished.

    Raises:
        HistoryRefused: There is no such branch, none is open, or it failed.
    """
    head = (await branch_at(pfs, place)).head
    info = await pfs.inspect_commit(head)
    if not info.is_open:
        raise HistoryRefused(f"{place.bucket} has no open commit")
    await pfs.finish_commit(head)
    await wait_for_head(pfs, place, info.parent or head)
    return head
