"""Branches and repos on a pachd that says OK to more than it should."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pfs_client.failures import BranchNotFound, RepoNotFound
from pfs_client.values import AddFile, Branch, Repo
from tests.cluster.conftest import Cluster
from tests.pfs_contract.reading import head_of

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
OUTPUT = Branch(Repo("out"), "master")
LARGE = bytes(1_500_000)

WRITES: list[tuple[str, dict[str, Any]]] = [
    ("put_object", {"Key": "a", "Body": b"1"}),
    ("put_object", {"Key": "a", "Body": LARGE}),
    ("put_object", {"Key": "dir/", "Body": b""}),
    ("delete_object", {"Key": "a"}),
    ("delete_object", {"Key": "dir/"}),
    ("delete_objects", {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}}),
]


def written(cluster: Cluster) -> int:
    """How many calls there were that could write files."""
    counts = cluster.wire.count()
    return counts["ModifyFile"] + counts["CreateFileSet"] + counts["StartCommit"]


@pytest.mark.parametrize("state", ["open", "finished"])
async def test_an_output_branch_is_not_written_to(cluster: Cluster, state: str) -> None:
    """pachd takes a write as long as the head is open."""
    await cluster.pachd.create_repo(OUTPUT.repo)
    await cluster.pachd.create_branch(OUTPUT, provenance=[BRANCH])
    head = (await cluster.pachd.inspect_branch(OUTPUT)).head
    await cluster.pachd.modify_file(OUTPUT, [AddFile("/a", b"the pipeline's")])
    if state == "finished":
        await cluster.pachd.finish_commit(head)
    cluster.wire.calls.clear()
    for operation, parameters in WRITES:
        refused = await cluster.refusal(operation, Bucket="master.out", **parameters)
        assert refused == (500, "WriteToOutputBranch", False), operation
    assert written(cluster) == 0
    assert await cluster.content_of("a", "master.out") == b"the pipeline's"


async def test_a_branch_that_becomes_an_output_branch_while_a_body_comes(
    cluster: Cluster,
) -> None:
    await cluster.pachd.create_repo(OUTPUT.repo)
    await cluster.pachd.create_branch(OUTPUT)
    gate = cluster.wire.hold("CreateFileSet")
    putting = asyncio.create_task(
        cluster.refusal("put_object", Bucket="master.out", Key="a", Body=LARGE)
    )
    await cluster.wire.came("CreateFileSet")
    await cluster.pachd.create_branch(OUTPUT, provenance=[BRANCH])
    gate.set()
    assert (await putting)[:2] == (500, "WriteToOutputBranch")
    assert cluster.wire.count()["ModifyFile"] == 0


@pytest.mark.parametrize("bucket", ["other.r", "master.missing", "missing", "master.r.missing"])
async def test_no_write_creates_a_branch(cluster: Cluster, bucket: str) -> None:
    """pachd creates what is missing."""
    for operation, parameters in WRITES:
        refused = await cluster.refusal(operation, Bucket=bucket, **parameters)
        assert refused == (404, "NoSuchBucket", False), operation
    assert written(cluster) == 0
    assert cluster.wire.count()["CreateBranch"] == 0
    assert [r.repo for r in await cluster.pachd.list_repo()] == [BRANCH.repo]
    assert [b.branch for b in await cluster.pachd.list_branch(BRANCH.repo)] == [BRANCH]


async def test_a_branch_that_goes_while_a_body_comes_is_not_created_again(
    cluster: Cluster,
) -> None:
    gate = cluster.wire.hold("CreateFileSet")
    putting = asyncio.create_task(cluster.refusal("put_object", Bucket=BUCKET, Key="a", Body=LARGE))
    await cluster.wire.came("CreateFileSet")
    await cluster.pachd.delete_branch(BRANCH)
    gate.set()
    assert (await putting)[:2] == (404, "NoSuchBucket")
    with pytest.raises(BranchNotFound):
        await cluster.pachd.inspect_branch(BRANCH)


async def test_creating_a_bucket_again(cluster: Cluster) -> None:
    """CreateBranch says OK to that, and CreateRepo would be a second one's."""
    refused = await cluster.refusal("create_bucket", Bucket=BUCKET)
    assert refused == (409, "BucketAlreadyOwnedByYou", False)
    assert cluster.wire.count()["CreateBranch"] == cluster.wire.count()["CreateRepo"] == 0
    await cluster.s3("create_bucket", Bucket="other.r")
    assert cluster.wire.count()["CreateRepo"] == 0


async def test_deleting_a_bucket_that_is_not_there(cluster: Cluster) -> None:
    """DeleteRepo says OK to that."""
    for bucket in ("other.r", "master.missing", "missing", "master.r.missing"):
        refused = await cluster.refusal("delete_bucket", Bucket=bucket)
        assert refused == (404, "NoSuchBucket", False), bucket
    assert cluster.wire.count()["DeleteRepo"] == cluster.wire.count()["DeleteBranch"] == 0


async def test_the_repo_goes_with_its_last_branch_only(cluster: Cluster) -> None:
    await cluster.s3("create_bucket", Bucket="other.r")
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    assert [b.branch.name for b in await cluster.pachd.list_branch(BRANCH.repo)] == ["other"]
    await cluster.s3("delete_bucket", Bucket="other.r")
    with pytest.raises(RepoNotFound):
        await cluster.pachd.inspect_repo(BRANCH.repo)


async def test_the_last_two_branches_go_at_once(cluster: Cluster) -> None:
    """Both go, whichever of the two deletes the repo and whichever comes too late for it."""
    await cluster.s3("create_bucket", Bucket="other.r")
    deletes = [cluster.s3("delete_bucket", Bucket=bucket) for bucket in (BUCKET, "other.r")]
    for deleted in await asyncio.gather(*deletes):
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert await cluster.pachd.list_repo() == []


async def test_list_buckets_asks_for_all_repos_once(cluster: Cluster) -> None:
    """ListRepo takes pachd 8 ms a repo, half a second where there are sixty."""
    for number in range(8):
        await cluster.pachd.create_repo(Repo(f"r{number}"))
        await cluster.pachd.create_branch(Branch(Repo(f"r{number}"), "b"))
    cluster.wire.calls.clear()
    listed = await cluster.s3("list_buckets")
    expected = sorted([BUCKET, *(f"b.r{number}" for number in range(8))])
    assert [b["Name"] for b in listed["Buckets"]] == expected
    assert cluster.wire.count() == {"ListRepo": 1, "ListBranch": 9}
    cluster.wire.calls.clear()
    page = await cluster.s3("list_buckets", MaxBuckets=2)
    assert cluster.wire.count() == {"ListRepo": 1, "ListBranch": 2}
    assert [b["Name"] for b in page["Buckets"]] == expected[:2]


async def test_nothing_else_asks_for_all_repos(cluster: Cluster) -> None:
    gate = cluster.wire.hold("ListRepo")
    listing = asyncio.create_task(cluster.s3("list_buckets"))
    await cluster.wire.came("ListRepo")
    await cluster.s3("create_bucket", Bucket="other.r")
    await cluster.s3("head_bucket", Bucket="other.r")
    await cluster.s3("get_bucket_location", Bucket="other.r")
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    assert await cluster.content_of("a") == b"1"
    await cluster.s3("list_objects_v2", Bucket=BUCKET)
    await cluster.s3("delete_object", Bucket=BUCKET, Key="a")
    await cluster.s3("delete_bucket", Bucket="other.r")
    assert cluster.wire.count()["ListRepo"] == 1
    gate.set()
    await listing


async def test_a_repo_with_hundreds_of_branches(cluster: Cluster) -> None:
    names = [f"b{number:03}" for number in range(300)]
    for name in names:
        await cluster.pachd.create_branch(Branch(BRANCH.repo, name))
    cluster.wire.calls.clear()
    listed = await cluster.s3("list_buckets")
    assert [b["Name"] for b in listed["Buckets"]] == [*(f"{n}.r" for n in names), BUCKET]
    assert cluster.wire.count() == {"ListRepo": 1, "ListBranch": 1}
    cluster.wire.calls.clear()
    puts = (
        cluster.s3("put_object", Bucket=f"{name}.r", Key="a", Body=name.encode())
        for name in names[:50]
    )
    await asyncio.gather(*puts)
    assert cluster.wire.count()["ModifyFile"] == 50
    assert cluster.wire.count()["ListBranch"] == 0
    for name in names[:50:10]:
        assert await cluster.content_of("a", f"{name}.r") == name.encode()
    with pytest.raises(AssertionError):
        assert await cluster.content_of("a", f"{names[50]}.r")


async def test_a_project_that_is_not_the_default(cluster: Cluster) -> None:
    await cluster.pachd.create_project("lab")
    bucket, branch = "main.r.lab", Branch(Repo("r", "lab"), "main")
    await cluster.s3("create_bucket", Bucket=bucket)
    await cluster.s3("put_object", Bucket=bucket, Key="d/a", Body=LARGE)
    await cluster.s3("put_object", Bucket=bucket, Key="b", Body=b"1")
    assert await cluster.content_of("d/a", bucket) == LARGE
    assert await cluster.content_of("d/a") is None
    assert (await head_of(cluster.pachd, branch)).repo == Repo("r", "lab")
    listed = await cluster.s3("list_buckets")
    assert [b["Name"] for b in listed["Buckets"]] == [bucket, BUCKET]
    delete = {"Objects": [{"Key": "d/a"}, {"Key": "b"}]}
    await cluster.s3("delete_objects", Bucket=bucket, Delete=delete)
    assert (await cluster.s3("list_objects_v2", Bucket=bucket))["KeyCount"] == 0
    await cluster.s3("delete_bucket", Bucket=bucket)
    assert [r.repo for r in await cluster.pachd.list_repo()] == [BRANCH.repo]
    refused = await cluster.refusal("create_bucket", Bucket="main.r.no-such-project")
    assert refused == (400, "InvalidBucketName", False)
