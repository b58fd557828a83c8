"""The branches behind buckets, and the commit that a request sees: HEAD, or the one it names."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from handlers.addressing import NamedBucket
from handlers.exchange import Services
from handlers.modification_times import Modified
from handlers.versions import histories_of
from pfs_client.failures import BranchNotFound, CommitNotFound, RepoNotFound
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, BranchInfo
from s3_wire.errors import NoSuchBucket, WriteToOutputBranch


def named_branch(services: Services, bucket: str) -> NamedBucket:
    """What a bucket's name says; whether there is such a branch, nobody has looked.

    Raises:
        NoSuchBucket: The branch is the gateway's own.
        InvalidBucketName: PFS can have none of this name.
    """
    named = services.named(bucket)
    if named.branch.is_hidden:
        raise NoSuchBucket(BucketName=bucket)
    return named


async def existing_branch(services: Services, bucket: str) -> BranchInfo:
    """The branch behind a bucket. If the bucket is a commit of it, that stands in HEAD's place.

    Raises:
        NoSuchBucket: There is no such branch, or its history has no such commit.
        InvalidBucketName: PFS can have none of this name.
    """
    named = named_branch(services, bucket)
    try:
        info = await services.pfs.inspect_branch(named.branch)
        if not named.commit_id:
            return info
        found = await histories_of(services).commit(info, named.commit_id)
    except (BranchNotFound, RepoNotFound, CommitNotFound):
        raise NoSuchBucket(BucketName=bucket) from None
    return replace(info, head=found.commit)


async def writable_branch(services: Services, bucket: str) -> BranchInfo:
    """The branch behind a bucket that clients may write to.

    That the bucket is a commit has been refused before (`handlers.access`).

    Raises:
        NoSuchBucket: There is no such branch.
        InvalidBucketName: PFS can have none of this name.
        WriteToOutputBranch: A pipeline writes it. pachd would take a write while the head is open,
            into the pipeline's own commit (`docs/pachd.md`, "Writes and commits").
    """
    info = await existing_branch(services, bucket)
    if info.direct_provenance:
        raise WriteToOutputBranch(BucketName=bucket)
    return info


async def committed_at(pfs: PfsClient, branch: Branch) -> datetime:
    """When a branch's head was committed: what a write that has just been made is in."""
    head = (await pfs.inspect_branch(branch)).head
    return Modified.since((await pfs.inspect_commit(head)).finishing).time
