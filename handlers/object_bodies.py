"""From a PUT's body to a file of its branch, and what a PUT is told that is wrong in two ways."""

from __future__ import annotations

from handlers.addressing import is_directory_marker
from handlers.bucket_branches import named_branch, writable_branch
from handlers.exchange import S3Request
from handlers.request_body import RequestBody
from handlers.write_conditions import condition_error
from pfs_client.failures import (
    BranchNotFound,
    ConditionFailed,
    OutputBranch,
    PfsOverloaded,
    RepoNotFound,
    StorageFull,
)
from pfs_client.group_commit.grouped_writes import Written
from pfs_client.values import EMPTY_FILE_HASH, Branch, ExpectFile
from s3_wire.errors import InvalidFilePath, NoSuchBucket, S3Error, WriteToOutputBranch


async def write_body(
    request: S3Request, path: str, expect: ExpectFile | None
) -> tuple[RequestBody, Written]:
    """Write a request's body to the path that its key stands for, if that is as expected.

    Raises:
        NoSuchBucket: There is no such branch, which is told before anything else.
        WriteToOutputBranch: A pipeline writes it, which is as well.
        S3Error: The body is not what its request says, or the key cannot be written.
        PfsFailure: As for `GroupedWrites.put_file`.
    """
    branch = named_branch(request.services, request.bucket).branch
    try:
        body = RequestBody(request)
        if _goes_at_once(request, body):
            return body, await _write(request, branch, path, body, expect)
    except (NoSuchBucket, WriteToOutputBranch):
        raise
    except (S3Error, StorageFull, PfsOverloaded):
        await writable_branch(request.services, request.bucket)
        raise
    await writable_branch(request.services, request.bucket)
    if is_directory_marker(request.key):
        return body, await _accept_directory_marker(request, body)
    return body, await _write(request, branch, path, body, expect)


def _goes_at_once(request: S3Request, body: RequestBody) -> bool:
    """Whether nothing is won by a look at the bucket first.

    A small body that is there is written in the time that a look would take, and its commit refuses
    what a look would have refused. A directory marker has no commit.
    """
    is_small = request.services.writes.is_small(body.declared_size_bytes)
    return request.has_come and is_small and not is_directory_marker(request.key)


async def _write(
    request: S3Request, branch: Branch, path: str, body: RequestBody, expect: ExpectFile | None
) -> Written:
    try:
        return await request.services.writes.put_file(
            branch,
            path,
            body.pieces(),
            declared_size_bytes=body.declared_size_bytes,
            expect=expect,
        )
    except ConditionFailed as failed:
        raise condition_error(failed, request.key) from None
    except (BranchNotFound, RepoNotFound):
        raise NoSuchBucket(BucketName=request.bucket) from None
    except OutputBranch:
        raise WriteToOutputBranch(BucketName=request.bucket) from None


async def _accept_directory_marker(request: S3Request, body: RequestBody) -> Written:
    """A `dir/` that tools write to make a folder appear: PFS has no empty directories."""
    async for _ in body.pieces():
        raise InvalidFilePath(
            "PFS cannot hold this key: one that ends in / is a directory marker and must be empty.",
            Key=request.key,
        )
    return Written(EMPTY_FILE_HASH, None)
