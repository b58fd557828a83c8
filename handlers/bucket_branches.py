"""The branches behind buckets, and the commit that a request sees: HEAD."""

from __future__ import annotations

from datetime import datetime

from handlers.addressing import branch_of
from handlers.modification_times import Modified
from pfs_client.failures import BranchNotFound, RepoNotFound
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, BranchInfo
from s3_wire.errors import NoSuchBucket, WriteToOutputBranch


async def existing_branch(pfs: PfsClient, bucket: str) -> BranchInfo:
    """The branch behind a bucket.

    Raises:
        NoSuchBucket: There is no such branch.
        InvalidBucketName: PFS can have none of this name.
    """
    branch = branch_of(bucket)
    if branch.is_hidden:
        raise NoSuchBucket(BucketName=bucket)
    try:
        return await pfs.inspect_branch(branch)
    except (BranchNotFound, RepoNotFound):
        raise NoSuchBucket(BucketName=bucket) from None


async def writable_branch(pfs: PfsClient, bucket: str) -> BranchInfo:
    """The branch behind a bucket that clients may write to.

    Raises:
        NoSuchBucket: There is no such branch.
        InvalidBucketName: PFS can have none of this name.
        WriteToOutputBranch: A pipeline writes it. pachd would take a write while the head is open,
            into the pipeline's own commit (`docs/pachd.md`, "Writes and commits").
    """
    info = await existing_branch(pfs, bucket)
    if info.direct_provenance:
        raise WriteToOutputBranch(BucketName=bucket)
    return info


async def committed_at(pfs: PfsClient, branch: Branch) -> datetime:
    """When a branch's head was committed: what a write that has just been made is in."""
    head = (await pfs.inspect_branch(branch)).head
    return Modified.since((await pfs.inspect_commit(head)).finishing).time
