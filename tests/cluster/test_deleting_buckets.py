"""A bucket with a long history is deleted, and pachd lives on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import grpc
import pytest

from pachd_server.hazards import Hazards
from pfs_client.repo_removal import FEW_COMMITS, MARK
from pfs_client.values import AddFile, Branch, DeleteFile, Repo
from pfs_client.whole_pfs import WholePfs
from tests.cluster.conftest import Cluster, Gateways
from tests.cluster.pachd import Pachd, serving_pachd
from tests.cluster.wire import Fault

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
DEADLY = FEW_COMMITS + 20
SECONDS = 30


@pytest.fixture
def hazards() -> Hazards:
    return Hazards(deadly_commits=DEADLY)


@pytest.fixture
async def pachd_alone(tmp_path: Path, hazards: Hazards) -> AsyncIterator[Pachd]:
    async with serving_pachd(tmp_path / "alone", hazards=hazards) as server:
        yield server


async def write_history(pfs: WholePfs, branch: Branch = BRANCH) -> None:
    """A deadly number of commits, the last of which empties the branch."""
    for number in range(DEADLY):
        await pfs.modify_file(branch, [DeleteFile("/a"), AddFile("/a", b"%d" % number)])
    await pfs.modify_file(branch, [DeleteFile("/a")])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def is_gone(pfs: WholePfs) -> bool:
    return BRANCH.repo not in [info.repo for info in await pfs.list_repo()]


async def commits_of(pfs: WholePfs) -> int:
    return len([info async for info in pfs.list_commit(BRANCH.repo)])


async def test_a_long_history_goes_a_commit_at_a_time_and_the_bucket_at_once(
    cluster: Cluster,
) -> None:
    await write_history(cluster.pachd)
    gate = cluster.wire.hold("DropCommit")
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    assert (await cluster.s3("list_buckets"))["Buckets"] == []
    assert (await cluster.refusal("list_objects_v2", Bucket=BUCKET))[1] == "NoSuchBucket"
    assert [i.branch.name for i in await cluster.pachd.list_branch(BRANCH.repo)] == [MARK]
    gate.set()
    await until(lambda: is_gone(cluster.pachd))
    assert cluster.wire.count()["DropCommit"] >= DEADLY - FEW_COMMITS
    assert cluster.wire.count()["DeleteRepo"] == 1


async def test_a_short_history_goes_at_once(cluster: Cluster) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    await cluster.s3("delete_object", Bucket=BUCKET, Key="a")
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    assert await is_gone(cluster.pachd)
    assert not cluster.wire.of("DropCommit")


async def test_a_long_history_stays_while_the_repo_has_another_bucket(cluster: Cluster) -> None:
    await cluster.s3("create_bucket", Bucket="dev.r")
    await write_history(cluster.pachd)
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    assert [i.branch.name for i in await cluster.pachd.list_branch(BRANCH.repo)] == ["dev"]
    assert await commits_of(cluster.pachd) > DEADLY
    await cluster.s3("delete_bucket", Bucket="dev.r")
    await until(lambda: is_gone(cluster.pachd))


async def test_a_bucket_that_is_created_meanwhile_stays(cluster: Cluster) -> None:
    await write_history(cluster.pachd)
    gate = cluster.wire.hold("DropCommit")
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    await cluster.wire.came("DropCommit")
    await cluster.s3("create_bucket", Bucket=BUCKET)
    await cluster.s3("put_object", Bucket=BUCKET, Key="new", Body=b"new")
    gate.set()
    await cluster.settle()
    assert await cluster.content_of("new") == b"new"
    assert [i.branch.name for i in await cluster.pachd.list_branch(BRANCH.repo)] == ["master"]
    assert cluster.wire.count()["DropCommit"] == 1
    assert not cluster.wire.of("DeleteRepo")


async def test_a_gateway_that_starts_goes_on(pachd_alone: Pachd, gateways: Gateways) -> None:
    pfs = pachd_alone.pfs
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    await write_history(pfs)
    await pfs.create_branch(Branch(BRANCH.repo, MARK))
    await pfs.delete_branch(BRANCH)
    kept = Branch(Repo("kept"), "master")
    await pfs.create_repo(kept.repo)
    await pfs.create_branch(kept)
    await pfs.create_branch(Branch(kept.repo, MARK))
    await gateways.start(pfs=f"grpc://{pachd_alone.address}")
    await until(lambda: is_gone(pfs))
    assert [info.repo for info in await pfs.list_repo()] == [kept.repo]


async def test_where_commits_may_not_be_dropped_the_bucket_goes_and_the_repo_stays(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    await write_history(cluster.pachd)
    denied = "robot:a is not authorized to perform this operation - needs permissions"
    cluster.wire.faults["DropCommit"] = Fault(grpc.StatusCode.PERMISSION_DENIED, denied)
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    await cluster.settle()
    assert (await cluster.s3("list_buckets"))["Buckets"] == []
    assert not await is_gone(cluster.pachd)
    assert "default/r stays, without buckets" in caplog.text


async def test_hidden_branches_are_no_buckets_and_go_with_the_last_one(cluster: Cluster) -> None:
    hidden = Branch(BRANCH.repo, "_s3gateway_upload_x")
    await cluster.pachd.create_branch(hidden)
    await cluster.pachd.modify_file(hidden, [DeleteFile("/a"), AddFile("/a", b"1")])
    listed = await cluster.s3("list_buckets")
    assert [bucket["Name"] for bucket in listed["Buckets"]] == [BUCKET]
    name = {"Bucket": f"{hidden.name}.r"}
    for operation, more in (
        ("list_objects_v2", {}),
        ("get_object", {"Key": "a"}),
        ("put_object", {"Key": "a", "Body": b"1"}),
        ("delete_object", {"Key": "a"}),
        ("delete_bucket", {}),
    ):
        assert (await cluster.refusal(operation, **name, **more))[1] == "NoSuchBucket"
    assert (await cluster.refusal("head_bucket", **name))[0] == 404
    assert (await cluster.refusal("create_bucket", **name))[1] == "InvalidBucketName"
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    assert await is_gone(cluster.pachd)


async def test_a_long_history_goes_slowly_when_the_other_bucket_goes_at_the_same_time(
    cluster: Cluster,
) -> None:
    """Neither of two gateways finds that its bucket is the last one."""
    await cluster.s3("create_bucket", Bucket="dev.r")
    await write_history(cluster.pachd)
    gate = cluster.wire.hold("DeleteBranch", lambda request: request.branch.name == "master")
    deleting = asyncio.create_task(cluster.s3("delete_bucket", Bucket=BUCKET))
    await cluster.wire.came("DeleteBranch")
    await cluster.pachd.delete_branch(Branch(BRANCH.repo, "dev"))
    gate.set()
    await deleting
    assert (await cluster.s3("list_buckets"))["Buckets"] == []
    await until(lambda: is_gone(cluster.pachd))
    assert cluster.wire.count()["DropCommit"] >= DEADLY - FEW_COMMITS


async def test_commits_of_uploads_are_history_too(cluster: Cluster) -> None:
    upload = Branch(BRANCH.repo, "_s3gateway_upload_x")
    await write_history(cluster.pachd, upload)
    await cluster.s3("delete_bucket", Bucket=BUCKET)
    await until(lambda: is_gone(cluster.pachd))
    assert cluster.wire.count()["DropCommit"] >= DEADLY - FEW_COMMITS
