"""Operations on the service: ListBuckets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import datetime

from handlers.addressing import bucket_of
from handlers.buckets import REGION
from handlers.exchange import S3Request, S3Response, xml_response
from handlers.page_tokens import after_token, token_for
from handlers.timestamps import iso_8601
from pfs_client.failures import RepoNotFound
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, BranchInfo, Repo, RepoInfo, is_commit_id
from s3_wire import xml
from s3_wire.errors import InvalidArgument

OWNER_ID = "pfs"
MAX_BUCKETS = 10_000
_BUCKET_BYTES = 2 * 1024
"""What a bucket with a long name takes, with its XML."""

_REGION_NAME = re.compile(r"[a-z]{2}(-[a-z]+)+-\d", re.ASCII)
_CONCURRENT_REPOS = 8


async def list_buckets(request: S3Request) -> S3Response:
    """ListBuckets: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html ."""
    prefix = request.parameters.get("prefix", "")
    token = request.parameters.get("continuation-token")
    after = after_token(token) if token else ""
    wanted = request.parameters.get("max-buckets", MAX_BUCKETS)
    await request.memory.need(wanted * _BUCKET_BYTES)
    named = sorted(
        (
            (bucket_of(branch), branch, repo)
            for repo in await _repos(request)
            for branch in repo.branches
            if _is_listed(request, branch)
        ),
        key=lambda entry: entry[0],
    )
    found = [entry for entry in named if entry[0].startswith(prefix) and entry[0] > after]
    page = found[:wanted]
    created = await _creation_times(request.services.pfs, [repo for _, _, repo in page])
    content = [f"<Owner>{xml.element('ID', OWNER_ID)}</Owner><Buckets>"]
    content += [_bucket(name, created.get(branch, repo.created)) for name, branch, repo in page]
    content.append("</Buckets>")
    if len(found) > len(page):
        content.append(xml.element("ContinuationToken", token_for(page[-1][0])))
    if "prefix" in request.parameters:
        content.append(xml.element("Prefix", prefix))
    return xml_response(xml.document("ListAllMyBucketsResult", content), request.memory)


def _is_listed(request: S3Request, branch: Branch) -> bool:
    """Whether a branch is a bucket, and whoever asks may know it.

    One that is called as commits are cannot be reached where buckets have versions.
    """
    if branch.is_hidden or not request.access.covers(branch):
        return False
    return request.services.histories is None or not is_commit_id(branch.name)


async def _repos(request: S3Request) -> list[RepoInfo]:
    """All repos; none where the client asks for buckets of another region."""
    region = request.parameters.get("bucket-region", REGION)
    if not _REGION_NAME.fullmatch(region):
        raise InvalidArgument(
            f"Argument value {region} is not a valid AWS Region",
            ArgumentName="bucket-region",
            ArgumentValue=region,
        )
    return await request.services.pfs.list_repo() if region == REGION else []


async def _creation_times(pfs: PfsClient, repos: Iterable[RepoInfo]) -> dict[Branch, datetime]:
    """When each branch of some repos was created, where PFS knows it: one call a repo."""
    at_once = asyncio.Semaphore(_CONCURRENT_REPOS)

    async def branches_of(repo: Repo) -> list[BranchInfo]:
        async with at_once:
            try:
                return await pfs.list_branch(repo)
            except RepoNotFound:
                return []  # deleted since it was listed

    listed = await asyncio.gather(*map(branches_of, {info.repo for info in repos}))
    return {info.branch: info.created for infos in listed for info in infos if info.created}


def _bucket(name: str, created: datetime) -> str:
    parts = (
        xml.element("Name", name),
        xml.element("CreationDate", iso_8601(created)),
        xml.element("BucketRegion", REGION),
    )
    return f"<Bucket>{''.join(parts)}</Bucket>"
