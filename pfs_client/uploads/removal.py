"""What an upload has left goes: its commits, one at a time and at a pace, and then its branch.

Many commits that go at once can end pachd (`docs/pachd.md`, "Deleting repos and commits"). They go
into HEAD, which stays as it is: were HEAD dropped instead, the upload would be there again, as it
was before it was aborted.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from pfs_client.failures import BranchNotFound, PfsAccessDenied, PfsFailure, RepoNotFound
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.interface import PfsClient
from pfs_client.values import Branch

_PACE_SECONDS = 0.02


async def remove_upload(pfs: PfsClient, writes: GroupedWrites, branch: Branch) -> None:
    """Remove an upload's branch and its records. What of it cannot go stays where it is."""
    with suppress(BranchNotFound, RepoNotFound):
        async with writes.turn_at(branch):
            # Only a role on the whole cluster lets who asks pachd squash commits.
            with suppress(PfsAccessDenied):
                await _squash_commits(pfs, branch)
            await pfs.delete_branch(branch)


async def _squash_commits(pfs: PfsClient, branch: Branch) -> None:
    head = (await pfs.inspect_branch(branch)).head
    await pfs.inspect_commit(head, wait_finished=True)
    older = [info.commit async for info in pfs.list_commit(head.repo, newest=head)][1:]
    for commit in older:
        try:
            await pfs.squash_commit(commit, branch=branch.name)
        except (PfsAccessDenied, RepoNotFound):
            raise
        except PfsFailure:
            continue
        await asyncio.sleep(_PACE_SECONDS)
