"""The branches behind buckets, and the commit that a request sees: HEAD."""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.addressing import branch_of
from pfs_client.failures import BranchNotFound, RepoNotFound
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, BranchInfo, Commit
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
    """When a branch's head was committed, which is what its files' `Last-Modified` says."""
    head = (await pfs.inspect_branch(branch)).head
    return await last_modified(pfs, head, (await pfs.inspect_commit(head)).finishing)


async def last_modified(pfs: PfsClient, head: Commit, committed: datetime | None) -> datetime:
    """When a file changed, as far as PFS knows: when HEAD was committed, or begun if it is open.

    PFS says that of every file at HEAD, whenever it changed (`docs/pachd.md`, hazard 7).

    In whole seconds, and never in the future: another machine's clock may be ahead, and HTTP
    forbids a time that is later than the answer's Date
    (https://www.rfc-editor.org/rfc/rfc9110#section-8.8.2.1).
    """
    if committed is None:
        info = await pfs.inspect_commit(head)
        committed = (info.finished or info.started).astimezone(UTC)
    return min(committed, datetime.now(UTC)).replace(microsecond=0)
