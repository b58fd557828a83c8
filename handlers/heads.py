"""Which commit a request sees: the branch's HEAD, learned after the request arrived."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.addressing import branch_of
from handlers.exchange import S3Request
from pfs_client.failures import BranchNotFound, RepoNotFound
from pfs_client.values import BranchInfo, Commit
from s3_wire.errors import NoSuchBucket, WriteToOutputBranch


async def existing_branch(request: S3Request) -> BranchInfo:
    """The branch behind the request's bucket.

    Raises:
        NoSuchBucket, InvalidBucketName: As they say.
    """
    branch = branch_of(request.bucket)
    try:
        return await request.services.pfs.inspect_branch(branch)
    except (BranchNotFound, RepoNotFound):
        raise NoSuchBucket(BucketName=request.bucket) from None


async def writable_branch(request: S3Request) -> BranchInfo:
    """The same, refusing branches that a pipeline writes, whether or not their head is open.

    Raises:
        NoSuchBucket, InvalidBucketName, WriteToOutputBranch: As they say.
    """
    info = await existing_branch(request)
    if info.direct_provenance:
        raise WriteToOutputBranch(BucketName=request.bucket)
    return info


async def last_modified(request: S3Request, head: Commit, committed: datetime | None) -> datetime:
    """When a file changed, as far as PFS knows: when HEAD was committed, or begun if it is open."""
    if committed is not None:
        return committed
    info = await request.services.pfs.inspect_commit(head)
    return (info.finished or info.started).astimezone(UTC)
