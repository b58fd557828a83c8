"""Operations on buckets: CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import quote

from handlers.bucket_branches import existing_branch
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.request_body import read_optional_document
from pfs_client.failures import (
    BranchFeedsOthers,
    BranchNotFound,
    HeadMoved,
    ProjectNotFound,
    RepoExists,
    RepoNotFound,
)
from pfs_client.interface import PfsClient
from pfs_client.repo_removal import History
from pfs_client.values import HIDDEN_BRANCHES, Branch, BranchInfo, Commit, File, Part, Repo
from s3_wire import xml
from s3_wire.errors import (
    BucketAlreadyOwnedByYou,
    BucketNotEmpty,
    InvalidBucketName,
    NoSuchBucket,
    NotImplemented,
    OperationAborted,
)

REGION = "us-east-1"
"""The one location there is; in GetBucketLocation S3 writes it as an empty constraint."""

_TRIES = 5
_MAX_CONFIGURATIONS = 100


async def create_bucket(request: S3Request) -> S3Response:
    """CreateBucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html ."""
    branch = request.services.named(request.bucket).branch
    if branch.is_hidden:
        raise InvalidBucketName(
            f"Names of branches that begin with {HIDDEN_BRANCHES} are the gateway's own.",
            BucketName=request.bucket,
        )
    await _check_configuration(request)
    pfs = request.services.pfs
    # DeleteBucket holds it too, and deletes the repo with its last branch.
    async with request.services.writes.turn_at(branch.repo):
        for _ in range(_TRIES):
            await _check_missing(pfs, branch, request.bucket)
            with suppress(RepoNotFound):  # somebody has deleted it with its last branch
                await request.services.removal.unmark(branch.repo)
                await pfs.create_branch(branch)
                return S3Response(headers={"Location": "/" + quote(request.bucket)})
    raise OperationAborted("The repo is being deleted; try again.", BucketName=request.bucket)


async def head_bucket(request: S3Request) -> S3Response:
    """HeadBucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html ."""
    await existing_branch(request.services, request.bucket)
    headers = {"x-amz-bucket-region": REGION, "x-amz-access-point-alias": "false"}
    return S3Response(headers={**headers, "Content-Type": xml.CONTENT_TYPE})


async def get_bucket_location(request: S3Request) -> S3Response:
    """GetBucketLocation.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html .
    """
    await existing_branch(request.services, request.bucket)
    return xml_response(xml.document("LocationConstraint", []))


async def delete_bucket(request: S3Request) -> S3Response:
    """DeleteBucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html ."""
    branch = request.services.named(request.bucket).branch
    writes = request.services.writes
    # pachd compares nothing (`docs/pachd.md`, "Deleting repos and commits"): what this process
    # writes must wait, or it would be deleted with the branch.
    async with writes.turn_at(branch.repo), writes.turn_at(branch):
        for _ in range(_TRIES):
            with suppress(HeadMoved):
                left = await _delete_empty_branch(request)
                break
        else:
            raise OperationAborted(
                "The bucket is being written to; try again.", BucketName=request.bucket
            )
    # Not while the branch's turn is held, for which an upload that is being completed may wait.
    await request.services.uploads.end_all(left, branch)
    return S3Response(204)


async def _check_configuration(request: S3Request) -> None:
    """Accept any location, which is ignored; refuse what else a bucket could have."""
    document = await read_optional_document(
        request, "CreateBucketConfiguration", _MAX_CONFIGURATIONS
    )
    for child in document or ():
        if child.name != "LocationConstraint":
            raise NotImplemented(
                f"CreateBucketConfiguration takes no {child.name} here: buckets are branches in"
                " PFS."
            )


async def _check_missing(pfs: PfsClient, branch: Branch, bucket: str) -> None:
    """See that there is no such branch yet, but its repo."""
    try:
        await pfs.inspect_branch(branch)
    except RepoNotFound:
        await _create_repo(pfs, branch.repo, bucket)
    except BranchNotFound:
        pass
    else:
        raise BucketAlreadyOwnedByYou(BucketName=bucket)


async def _create_repo(pfs: PfsClient, repo: Repo, bucket: str) -> None:
    try:
        await pfs.create_repo(repo)
    except RepoExists:
        pass  # somebody else has just created it, which will do
    except ProjectNotFound:
        raise InvalidBucketName(
            f"PFS has no project {repo.project}.",
            BucketName=bucket,
        ) from None


async def _delete_empty_branch(request: S3Request) -> Sequence[BranchInfo]:
    """Delete the branch behind a bucket, and the repo with its last bucket.

    A repo without branches would show as no bucket: nobody could delete it through S3.

    Returns:
        The branches of a repo that stays.

    Raises:
        HeadMoved: Something else has written to it meanwhile.
        NoSuchBucket: There is none.
        BucketNotEmpty: It holds objects.
        OperationAborted: Other branches are computed from it.
    """
    pfs, removal = request.services.pfs, request.services.removal
    info = await existing_branch(request.services, request.bucket)
    await _check_empty(pfs, info.head, request.bucket)
    repo = info.branch.repo
    history = await removal.mark(info.branch)
    try:
        await _delete_branch(pfs, info, request.bucket)
    except Exception:
        if history is History.MARKED:
            await removal.unmark(repo)
        raise
    if history is History.MARKED:
        removal.begin(repo)
        return ()
    return await removal.remove_if_unseen(repo, history)


async def _delete_branch(pfs: PfsClient, info: BranchInfo, bucket: str) -> None:
    try:
        await pfs.delete_branch(info.branch, expected_head=info.head)
    except (BranchNotFound, RepoNotFound):
        raise NoSuchBucket(BucketName=bucket) from None
    except BranchFeedsOthers as feeds:
        raise OperationAborted(
            "The branch cannot be deleted, because other branches are computed from it:"
            f" {', '.join(feeds.downstream)}.",
            BucketName=bucket,
        ) from None


async def _check_empty(pfs: PfsClient, head: Commit, bucket: str) -> None:
    # The first of the two would be the root directory. pachd itself would delete a full branch.
    if await pfs.walk_file(File(head, "/"), Part(number=2)):
        raise BucketNotEmpty(BucketName=bucket)
