"""What an upload has left goes: file sets, commits, one at a time and at a pace, and its branch.

Many commits that go at once can end pachd (`docs/pachd.md`, "Deleting repos and commits"). They go
into HEAD, which stays as it is: were HEAD dropped instead, the upload would be there again, as it
was before it was aborted. HEAD goes last, once there is no branch that could go back to another.
The empty commit that the branch began with stays: other uploads begin there too (`beginnings`).
Only where a late record made the branch anew, pachd began it with an empty commit of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
            own, first = await _own_commits(pfs, branch, head)
            left = await _squash_into_head(pfs, branch, own)
            await pfs.delete_branch(branch)
            with suppress(PfsFailure):  # then commits stay that nothing refers to
                for commit in [*left, *first]:
                    await pfs.drop_commit(commit, branch=branch.name)


async def _release_file_sets(pfs: PfsClient, head: Commit) -> None:
    """Say that nobody needs the parts any more, for a PFS that keeps them no longer then."""
    with suppress(FileNotFound):
        for info in await pfs.walk_file(File(head, PARTS_PATH)):
            part = read_part(info.path)
            if part is not None:
                await pfs.release_file_set(part.file_set_id)


async def _own_commits(
    pfs: PfsClient, branch: Branch, head: Commit
) -> tuple[list[Commit], list[Commit]]:
    """The commits of an upload, the newest first, and the one that its branch began with.

    That one is based on none. It is not among them where uploads share it, as those that are
    beginning refer to it. While there is a branch at it, pachd puts another in its place if it is
    dropped (`docs/pachd.md`, "Deleting repos and commits").
    """
    infos = [info async for info in pfs.list_commit(head.repo, newest=head)]
    own = [info.commit for info in infos if info.parent is not None]
    first = [i.commit for i in infos if i.parent is None and i.branch == branch.name]
    return own, first


async def _squash_into_head(pfs: PfsClient, branch: Branch, own: Sequence[Commit]) -> list[Commit]:
    """Squash all commits but HEAD, and say which are left: HEAD, and those that PFS refused."""
    left = list(own[:1])
    for at, commit in enumerate(own[1:], 1):
        try:
            await pfs.squash_commit(commit, branch=branch.name)
        except RepoNotFound:
            raise
        except PfsAccessDenied:
            # Only a role on the whole cluster lets who asks pachd squash and drop commits.
            return [*left, *own[at:]]
        except PfsFailure:
            left.append(commit)
        await asyncio.sleep(_PACE_SECONDS)
    return left
