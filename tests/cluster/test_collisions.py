"""A file and a directory at one path: pachd takes both and loses the commit, so it is asked before.

Our own server would refuse them too; what counts is that they do not come over its wire.
"""

from __future__ import annotations

import asyncio
from typing import Any

from grpc import StatusCode

from pfs_client.values import AddFile, Branch, Repo
from tests.cluster.conftest import Cluster
from tests.cluster.wire import Fault
from tests.pfs_contract.reading import put

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
REFUSED = (400, "InvalidFilePath", False)
LARGE = bytes(1_500_000)


def committed(cluster: Cluster) -> list[str]:
    """What was put into commits, in order."""
    messages = [m for call in cluster.wire.of("ModifyFile") for m in call.messages[1:]]
    return [m.add_file.path or m.copy_file.dst for m in messages if not m.HasField("delete_file")]


async def put_object(cluster: Cluster, key: str, body: bytes = b"1") -> Any:
    return await cluster.s3("put_object", Bucket=BUCKET, Key=key, Body=body)


async def refused_put(cluster: Cluster, key: str, body: bytes = b"1") -> tuple[int, str, bool]:
    return await cluster.refusal("put_object", Bucket=BUCKET, Key=key, Body=body)


async def test_a_file_where_a_directory_is_and_below_a_file(cluster: Cluster) -> None:
    await put_object(cluster, "d/e/x")
    for key in ("d", "d/e", "d/e/x/y", "d/e/x/y/z"):
        for body in (b"1", LARGE):
            assert await refused_put(cluster, key, body) == REFUSED, key
    assert committed(cluster) == ["/d/e/x"]
    listed = await cluster.s3("list_objects_v2", Bucket=BUCKET)
    assert [o["Key"] for o in listed["Contents"]] == ["d/e/x"]


async def test_what_others_wrote_is_in_the_way_too(cluster: Cluster) -> None:
    await put_object(cluster, "mine")
    await put(cluster.pachd, BRANCH, "/d/x", b"1")
    cluster.wire.calls.clear()
    assert await refused_put(cluster, "d") == REFUSED
    assert await refused_put(cluster, "d/x/y") == REFUSED
    assert await refused_put(cluster, "mine/x") == REFUSED
    assert committed(cluster) == []


async def while_a_commit_is_under_way(cluster: Cluster, *calls: Any) -> list[Any]:
    """Do things, in order, that share the commit after the one under way."""
    gate = cluster.wire.hold("ModifyFile")
    before = cluster.wire.count()["ModifyFile"]
    first = asyncio.create_task(put_object(cluster, "first-of-all"))
    await cluster.wire.came("ModifyFile", before + 1)
    tasks = []
    for call in calls:
        branches = cluster.wire.count()["InspectBranch"]
        tasks.append(asyncio.create_task(call))
        await cluster.wire.came("InspectBranch", branches + 1)
        await asyncio.sleep(0.1)  # what it does then, it does here
    gate.set()
    return (await asyncio.gather(first, *tasks))[1:]


async def test_two_that_collide_within_one_group(cluster: Cluster) -> None:
    results = await while_a_commit_is_under_way(
        cluster,
        put_object(cluster, "a"),
        refused_put(cluster, "a/x"),
        put_object(cluster, "b/x/y"),
        refused_put(cluster, "b/x"),
        refused_put(cluster, "b"),
        put_object(cluster, "c"),
    )
    assert [result for result in results if isinstance(result, tuple)] == [REFUSED] * 3
    assert committed(cluster) == ["/first-of-all", "/a", "/b/x/y", "/c"]
    assert cluster.wire.count()["ModifyFile"] == 2


async def test_a_removal_clears_the_way(cluster: Cluster) -> None:
    await put_object(cluster, "a")
    await put_object(cluster, "b/x")
    await cluster.s3("delete_object", Bucket=BUCKET, Key="a")
    await put_object(cluster, "a/y")
    await cluster.s3("delete_object", Bucket=BUCKET, Key="b/x")
    await put_object(cluster, "b")
    assert await refused_put(cluster, "a") == REFUSED
    assert await refused_put(cluster, "b/x") == REFUSED


async def test_a_removal_in_the_same_group_clears_the_way(cluster: Cluster) -> None:
    """In a commit of its own before: whether pachd would take both in one nobody has tried."""
    await put_object(cluster, "a")
    await put_object(cluster, "b/x")
    delete = {"Objects": [{"Key": "a"}, {"Key": "b/x"}]}
    await while_a_commit_is_under_way(
        cluster,
        cluster.s3("delete_objects", Bucket=BUCKET, Delete=delete),
        put_object(cluster, "a/y"),
        put_object(cluster, "b"),
    )
    assert await cluster.content_of("a/y") == b"1"
    assert await cluster.content_of("b") == b"1"
    *_, removal, additions = (
        [message.WhichOneof("body") for message in call.messages[1:]]
        for call in cluster.wire.of("ModifyFile")
    )
    assert removal == ["delete_file"] * 2
    assert additions == ["delete_file", "add_file"] * 2


async def test_a_removal_that_fails_clears_no_way(cluster: Cluster) -> None:

    await put_object(cluster, "a")
    gate = cluster.wire.hold("ModifyFile")
    first = asyncio.create_task(put_object(cluster, "first-of-all"))
    await cluster.wire.came("ModifyFile", 2)
    delete = asyncio.create_task(cluster.refusal("delete_object", Bucket=BUCKET, Key="a"))
    await asyncio.sleep(0.2)
    below = asyncio.create_task(refused_put(cluster, "a/y"))
    await asyncio.sleep(0.2)
    cluster.wire.faults["ModifyFile"] = Fault(StatusCode.UNAVAILABLE)
    gate.set()
    await first
    assert (await delete)[0] == 503
    assert await below == REFUSED
    assert await cluster.content_of("a") == b"1"


async def test_what_stands_in_an_open_commit_is_in_the_way(cluster: Cluster) -> None:
    await cluster.pachd.start_commit(BRANCH)
    await cluster.pachd.modify_file(BRANCH, [AddFile("/theirs/x", b"1")])
    await put_object(cluster, "ours")
    cluster.wire.calls.clear()
    for key in ("theirs", "theirs/x/y", "ours/x"):
        assert await refused_put(cluster, key) == REFUSED
    assert committed(cluster) == []
    await cluster.s3("delete_object", Bucket=BUCKET, Key="ours")
    await put_object(cluster, "ours/x")
