"""What an upload has left goes: file sets, commits, one at a time and at a pace, and its branch.

Many commits that go at once can end pachd (`docs/pachd.md`, "Deleting repos and commits"). They go
into HEAD, which stays as it is: were HEAD dropped instead, the upload would be there again, as it
was before it was aborted. HEAD goes last, once there is no branch that could go back to another.
The empty commit that pachd began the branch with stays: it is based on none, so that it can be
neither squashed into HEAD nor dropped then.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from pfs_client.failures import (
    BranchNotFound,
    FileNotFound,
    PfsAccessDenied,
    PfsFailure,
    RepoNotFound,
)
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.interface import PfsClient
from pfs_client.uploads.records import PARTS_PATH, read_part
from pfs_client.values import Branch, Commit, File

_PACE_SECONDS = 0.02


async def remove_upload(pfs: PfsClient, writes: GroupedWrites, branch: Branch) -> None:
    """Remove an upload's branch and its records. What of it cannot go stays where it is."""
    with suppress(BranchNotFound, RepoNotFound):
        async with writes.turn_at(branch):
            head = (await pfs.inspect_branch(branch)).head
            await pfs.inspect_commit(head, wait_finished=True)
            await _release_file_sets(pfs, head)
            # Only a role on the whole cluster lets who asks pachd squash and drop commits.
            with suppress(PfsAccessDenied):
                await _squash_between(pfs, branch, head)
            await pfs.delete_branch(branch)
            with suppress(PfsFailure):  # then a commit stays that nothing refers to
                await pfs.drop_commit(head, branch=branch.name)


async def _release_file_sets(pfs: PfsClient, head: Commit) -> None:
    """Say that nobody needs the parts any more, for a PFS that keeps them no longer then."""
    with suppress(FileNotFound):
        for info in await pfs.walk_file(File(head, PARTS_PATH)):
            part = read_part(info.path)
            if part is not None:
                await pfs.release_file_set(part.file_set_id)


async def _squash_between(pfs: PfsClient, branch: Branch, head: Commit) -> None:
    """Squash what is between HEAD and the commit that the branch began with."""
    infos = [info async for info in pfs.list_commit(head.repo, newest=head)]
    for info in infos[1:]:
        if info.parent is None:
            continue
        try:
            await pfs.squash_commit(info.commit, branch=branch.name)
        except (PfsAccessDenied, RepoNotFound):
            raise
        except PfsFailure:
            continue
        await asyncio.sleep(_PACE_SECONDS)
