"""How many calls to pachd a list of versions may cost, and what does not wait for its history."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pfs_client.values import AddFile, Branch, DeleteFile, Repo
from tests.cluster.conftest import Cluster

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
COMMITS = 4
KEYS = 250


@pytest.fixture
def options() -> dict[str, Any]:
    return {"pfs_call_seconds": 100.0, "layers": ("versions",)}


async def store_history(cluster: Cluster) -> None:
    """A thousand versions, written past the gateway."""
    for number in range(COMMITS):
        changes = [
            change
            for key in range(KEYS)
            for change in (DeleteFile(f"/k{key:03}"), AddFile(f"/k{key:03}", bytes(number)))
        ]
        await cluster.pachd.modify_file(BRANCH, changes)


async def test_a_thousand_versions_cost_five_calls_once_the_history_is_read(
    cluster: Cluster,
) -> None:
    await store_history(cluster)
    first = await cluster.s3("list_object_versions", Bucket=BUCKET)
    cluster.wire.calls.clear()
    again = await cluster.s3("list_object_versions", Bucket=BUCKET)
    assert cluster.wire.count().total() <= 5, cluster.wire.count()
    assert len(again["Versions"]) == COMMITS * KEYS
    assert again["Versions"] == first["Versions"]


async def test_reads_and_writes_do_not_wait_while_a_history_is_read(cluster: Cluster) -> None:
    await store_history(cluster)
    gate = cluster.wire.hold("DiffFile")
    listing = asyncio.ensure_future(cluster.s3("list_object_versions", Bucket=BUCKET))
    await cluster.wire.came("DiffFile")
    got = await cluster.s3("head_object", Bucket=BUCKET, Key="k000")
    assert got["ContentLength"] == COMMITS - 1
    await cluster.s3("put_object", Bucket=BUCKET, Key="new", Body=b"1")
    await cluster.s3("list_objects_v2", Bucket=BUCKET)
    assert not listing.done()
    gate.set()
    assert len((await listing)["Versions"]) == COMMITS * KEYS


async def test_no_more_histories_are_read_at_once_than_two(cluster: Cluster) -> None:
    buckets = [f"b{number}.r" for number in range(4)]
    for bucket in buckets:
        await cluster.s3("create_bucket", Bucket=bucket)
        await cluster.s3("put_object", Bucket=bucket, Key="a", Body=b"1")
    gate = cluster.wire.hold("DiffFile")
    listings = [
        asyncio.ensure_future(cluster.s3("list_object_versions", Bucket=bucket))
        for bucket in buckets
    ]
    await cluster.wire.came("DiffFile", 2)
    await cluster.s3("head_object", Bucket=buckets[3], Key="a")
    assert cluster.wire.count()["DiffFile"] == 2
    gate.set()
    answers = await asyncio.gather(*listings)
    assert [len(answer["Versions"]) for answer in answers] == [1, 1, 1, 1]


async def test_versions_of_a_history_that_is_known_are_found_without_asking_for_it(
    cluster: Cluster,
) -> None:
    await store_history(cluster)
    listed = await cluster.s3("list_object_versions", Bucket=BUCKET, Prefix="k000")
    named = [{"Key": "k000", "VersionId": one["VersionId"]} for one in listed["Versions"]]
    await cluster.s3("delete_objects", Bucket=BUCKET, Delete={"Objects": named})
    cluster.wire.calls.clear()
    refused = await cluster.s3("delete_objects", Bucket=BUCKET, Delete={"Objects": named})
    assert [error["Code"] for error in refused["Errors"]] == ["NotImplemented"] * COMMITS
    assert cluster.wire.count() == {"InspectBranch": 1, "InspectCommit": COMMITS}
