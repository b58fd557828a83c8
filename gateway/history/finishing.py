"""Whether what was committed is there to stay."""

from __future__ import annotations

from gateway.history.commits import branch_at
from gateway.history.places import HistoryRefused, Place
from pfs_client.values import Commit
from pfs_client.whole_pfs import WholePfs


async def wait_for_head(pfs: WholePfs, place: Place, before: Commit) -> Commit:
    """Wait until a branch's commits since an earlier HEAD have finished, and return its HEAD.

    A HEAD that somebody holds open is not waited for.

    Raises:
        HistoryRefused: One of them failed: PFS drops what it held (`docs/pachd.md`, hazard 4).
    """
    head = (await branch_at(pfs, place)).head
    if head == before:
        return head
    async for info in pfs.list_commit(place.branch.repo, newest=head, since=before):
        if not info.is_open:
            finished = await pfs.inspect_commit(info.commit, wait_finished=True)
            if finished.error:
                raise HistoryRefused(
                    f"commit {info.commit.id} failed, and what it held is lost: {finished.error}."
                    " Somebody wrote to the same folder meanwhile; do it again"
                )
    return head
