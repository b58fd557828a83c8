"""The branches behind buckets, and the commit that a request sees: HEAD."""

from __future__ import annotations

from handlers.addressing import branch_of
from pfs_client.failures import BranchNotFound, RepoNotFound
from pfs_client.interface import PfsClient
from pfs_client.values import BranchInfo
from s3_wire.errors import NoSuchBucket, WriteToOutputBranch


async def existing_branch(pfs: PfsClient, bucket: str) -> BranchInfo:
    """The branch behind a bucket.

    Raises:
        NoSuchBucket: There is no such branch.
        InvalidBucketName: PFS can have none of this name.
    """
    branch = branch_of(bucket)
    try:
        return await pfs.inspect_branch(branch)
    except (BranchNotFound, RepoNotFound):
        raise NoSuchBucket(BucketName=bucket) from None


async def writable_branch(pfs: PfsClient, bucket: str) -> BranchInfo:
    """The same, refusing branches that a pipeline writes, whether or not their head is open.

    Raises:
        NoSuchBucket, InvalidBucketName: As for `existing_branch`.
        WriteToOutputBranch: It is one.
    """
    info = await existing_branch(pfs, bucket)
    if info.direct_provenance:
        raise WriteToOutputBranch(BucketName=bucket)
    return info
