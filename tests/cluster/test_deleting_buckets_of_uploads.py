"""A bucket that has seen many uploads is deleted, or one to which an upload is just begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from pachd_server.hazards import Hazards
from pfs_client.limits.concurrency import for_each
from pfs_client.repo_removal import FEW_COMMITS
from pfs_client.uploads.beginnings import SHARED
from pfs_client.uploads.records import upload_id_of
from pfs_client.values import Branch
from tests.cluster.conftest import Cluster, Gateways
from tests.cluster.test_deleting_buckets import BRANCH, BUCKET, is_gone, until

KEY = "d/upload"
AT_ONCE = 8


@pytest.fixture
def hazards() -> Hazards:
    return Hazards(deadly_commits=FEW_COMMITS + 20)


@pytest.fixture
def options() -> dict[str, Any]:
    return {"pfs_call_seconds": 100.0, "layers": ("multipart",)}


async def begin(cluster: Cluster) -> dict[str, Any]:
    named = {"Bucket": BUCKET, "Key": KEY}
    begun = await cluster.s3("create_multipart_upload", **named)
    return {**named, "UploadId": begun["UploadId"]}


async def complete(cluster: Cluster, upload: dict[str, Any]) -> None:
    sent = await cluster.s3("upload_part", **upload, PartNumber=1, Body=b"x")
    listed = {"Parts": [{"PartNumber": 1, "ETag": sent["ETag"]}]}
    await cluster.s3("complete_multipart_upload", **upload, MultipartUpload=listed)


async def branches(cluster: Cluster) -> list[str]:
    return [info.branch.name for info in await cluster.pachd.list_branch(BRANCH.repo)]


@pytest.mark.parametrize("uploads", [130, pytest.param(300, marks=pytest.mark.thorough)])
async def test_a_repo_that_has_seen_many_uploads_goes(cluster: Cluster, uploads: int) -> None:
    """Of them one in ten is completed, one in ten is still open, and the others are aborted."""

    async def live(number: int) -> None:
        upload = await begin(cluster)
        if number % 10 == 1:
            await complete(cluster, upload)
        elif number % 10 != 2:
            await cluster.s3("abort_multipart_upload", **upload)

    await for_each(range(uploads), live, AT_ONCE)
    await cluster.s3("delete_object", Bucket=BUCKET, Key=KEY)
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    assert (await cluster.s3("list_buckets"))["Buckets"] == []
    await until(lambda: is_gone(cluster.pachd))


def is_of_upload(request: Any) -> bool:
    branch = request.branch.name
    return upload_id_of(Branch(BRANCH.repo, branch)) is not None


def any_call(request: Any) -> bool:
    return True


def is_of_shared_branch(request: Any) -> bool:
    return bool(request.branch.name == SHARED)


@pytest.mark.parametrize(
    ("uploads_before", "method", "when", "calls"),
    [
        pytest.param(
            0, "CreateBranch", is_of_shared_branch, 1, id="the first, at the shared branch"
        ),
        pytest.param(0, "CreateBranch", is_of_upload, 2, id="the first, at its branch"),
        pytest.param(0, "ModifyFile", any_call, 1, id="the first, at its record"),
        pytest.param(1, "CreateBranch", is_of_upload, 1, id="another, at its branch"),
        pytest.param(1, "ModifyFile", any_call, 1, id="another, at its record"),
    ],
)
async def test_an_upload_whose_bucket_goes_while_it_begins(
    cluster: Cluster, uploads_before: int, method: str, when: Callable[[Any], bool], calls: int
) -> None:
    for _ in range(uploads_before):
        await cluster.s3("abort_multipart_upload", **await begin(cluster))
    await cluster.settle()
    cluster.wire.calls.clear()
    gate = cluster.wire.hold(method, when)
    beginning = asyncio.create_task(
        cluster.refusal("create_multipart_upload", Bucket=BUCKET, Key=KEY)
    )
    await cluster.wire.came(method, calls)
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    gate.set()
    assert (await beginning)[:2] == (404, "NoSuchBucket")
    assert await is_gone(cluster.pachd)


async def test_an_upload_that_begins_while_its_bucket_goes(
    cluster: Cluster, gateways: Gateways
) -> None:
    """It was begun, and keeps the repo until somebody looks after uploads."""
    await cluster.s3("abort_multipart_upload", **await begin(cluster))
    await cluster.settle()
    cluster.wire.calls.clear()
    creating = cluster.wire.hold("CreateBranch", is_of_upload)
    deleting = cluster.wire.hold("DeleteBranch", is_of_shared_branch)
    beginning = asyncio.create_task(begin(cluster))
    await cluster.wire.came("CreateBranch")
    removal = asyncio.create_task(cluster.s3("delete_bucket", Bucket=BUCKET))
    await cluster.wire.came("DeleteBranch", times=2)
    creating.set()
    upload = await beginning
    deleting.set()
    await removal
    assert (await cluster.refusal("list_parts", **upload))[1] == "NoSuchBucket"
    [left] = await branches(cluster)
    assert upload_id_of(Branch(BRANCH.repo, left)) == upload["UploadId"]
    await gateways.start(pfs=f"grpc://{cluster.server.address}", layers=("multipart",))
    await until(lambda: is_gone(cluster.pachd))


async def test_a_bucket_that_is_created_in_place_of_one_takes_uploads(cluster: Cluster) -> None:
    await begin(cluster)
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    await cluster.s3("create_bucket", Bucket=BUCKET)
    await complete(cluster, await begin(cluster))
    assert await cluster.content_of(KEY) == b"x"
