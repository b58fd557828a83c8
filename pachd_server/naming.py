"""Which commit a message means: by its id, or by a branch whose head it is."""

from __future__ import annotations

import grpc

from pachd_server.texts import Refusal
from pfs_client.failures import BranchNotFound, CommitNotFound
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Branch, Commit, is_commit_id
from pfs_client.whole_pfs import WholePfs


async def named_commit(pfs: WholePfs, message: pfs_pb2.Commit) -> Commit:
    """The commit that a request names; a file set stands for itself, whether or not it is there.

    Raises:
        RepoNotFound: There is no such repo.
        BranchNotFound: It is named by a branch that is not there.
        CommitNotFound: It is named by an id that neither a commit nor a branch has.
        Refusal: The id is none, and no branch is named or has it for its name: pachd panics.
    """
    commit = messages.commit_of(message)
    if commit.is_file_set:
        return commit
    if not commit.id:
        return (await pfs.inspect_branch(Branch(commit.repo, message.branch.name))).head
    try:
        await pfs.inspect_commit(commit)
    except CommitNotFound:
        await pfs.inspect_repo(commit.repo)
        if message.branch.name or is_commit_id(commit.id):
            raise
        return await _head_named(pfs, Branch(commit.repo, commit.id))
    return commit


def panic() -> Refusal:
    """What a handler says that has met nil, and was recovered (`docs/pachd.md`, "Commit ids")."""
    text = "panic: runtime error: invalid memory address or nil pointer dereference"
    return Refusal(f"{text}\n\ngoroutine 1 [running]:\n…", grpc.StatusCode.ABORTED)


async def _head_named(pfs: WholePfs, branch: Branch) -> Commit:
    """The head of a branch, for clients that put its name where a commit's id belongs."""
    try:
        return (await pfs.inspect_branch(branch)).head
    except BranchNotFound:
        raise panic() from None
