"""Which commit a message means: by its id, or by a branch whose head it is."""

from __future__ import annotations

from contextlib import suppress

from pfs_client.failures import BranchNotFound, CommitNotFound
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import FILE_SETS_REPO_NAME, Branch, Commit
from pfs_client.whole_pfs import WholePfs


async def named_commit(pfs: WholePfs, message: pfs_pb2.Commit) -> Commit:
    """The commit that a request names; a file set stands for itself, whether or not it is there.

    Raises:
        RepoNotFound: There is no such repo.
        BranchNotFound: It is named by a branch that is not there.
        CommitNotFound: It is named by an id that neither a commit nor a branch has.
    """
    commit = messages.commit_of(message)
    if commit.repo.name == FILE_SETS_REPO_NAME:
        return commit
    if not commit.id:
        return (await pfs.inspect_branch(Branch(commit.repo, message.branch.name))).head
    try:
        await pfs.inspect_commit(commit)
    except CommitNotFound:
        await pfs.inspect_repo(commit.repo)
        if message.branch.name:
            raise
        # Clients also put a branch's name where a commit's id belongs.
        with suppress(BranchNotFound):
            return (await pfs.inspect_branch(Branch(commit.repo, commit.id))).head
        raise
    return commit
