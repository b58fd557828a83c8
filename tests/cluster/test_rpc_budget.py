"""How many calls to pachd a request may cost. Counted, not timed."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pfs_client.values import AddFile, Branch, DeleteFile, Repo
from tests.cluster.conftest import Cluster
from tests.cluster.histories import read_history

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    return {"pfs_call_seconds": 100.0, "state_dir": str(tmp_path / "state")}


async def cost(cluster: Cluster, operation: str, **parameters: Any) -> Counter[str]:
    """The calls that one request makes, once the branch's history has been read."""
    await read_history(cluster, BRANCH)
    cluster.wire.calls.clear()
    answer = await cluster.s3(operation, **parameters)
    if "Body" in answer:
        await cluster.in_thread(answer["Body"].read)
    return cluster.wire.count()


async def fill(cluster: Cluster, *keys: str, content: bytes = b"1") -> None:
    """Write files past the gateway, so that it knows nothing of them."""
    await cluster.pachd.modify_file(BRANCH, [AddFile("/" + key, content) for key in keys])


async def test_head_object(cluster: Cluster) -> None:
    await fill(cluster, "a")
    head = {"Bucket": BUCKET, "Key": "a"}
    assert await cost(cluster, "head_object", **head) == {"InspectBranch": 1, "InspectFile": 1}
    assert await cost(cluster, "head_object", **head) == {"InspectBranch": 1}


async def test_get_object(cluster: Cluster) -> None:
    await fill(cluster, "a", "b")
    get = {"Bucket": BUCKET, "Key": "a"}
    cold = {"InspectBranch": 1, "InspectFile": 1, "GetFile": 1}
    assert await cost(cluster, "get_object", **get) == cold
    assert await cost(cluster, "get_object", **get) == {"InspectBranch": 1}
    ranged = await cost(cluster, "get_object", **get, Range="bytes=0-0")
    assert ranged == {"InspectBranch": 1}


async def test_an_unread_history_costs_no_more_than_a_search(cluster: Cluster) -> None:
    for key in "abc":
        await fill(cluster, key)
    gate = cluster.wire.hold("GetFileSet")  # which the background asks for
    cluster.wire.calls.clear()
    await cluster.s3("head_object", Bucket=BUCKET, Key="a")
    calls = cluster.wire.count()
    del calls["GetFileSet"]
    assert calls.pop("ListCommit") <= 2
    assert calls == {"InspectBranch": 1, "InspectFile": 1, "FindCommits": 1, "InspectCommit": 1}
    gate.set()
    await read_history(cluster, BRANCH)


async def test_a_commit_of_others_costs_three_calls_once(cluster: Cluster) -> None:
    await fill(cluster, "a")
    assert await cost(cluster, "head_object", Bucket=BUCKET, Key="a")
    await fill(cluster, "b")
    cluster.wire.calls.clear()
    await cluster.s3("list_objects_v2", Bucket=BUCKET)
    of_the_commit = {"ListCommit": 1, "GetFileSet": 1}
    assert cluster.wire.count() == {"InspectBranch": 1, "WalkFile": 2, **of_the_commit}
    await cluster.s3("head_object", Bucket=BUCKET, Key="a")
    assert cluster.wire.count()["GetFileSet"] == 1


async def test_our_own_commits_need_no_calls_for_times(cluster: Cluster) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    await cost(cluster, "head_object", Bucket=BUCKET, Key="a")
    await cluster.s3("put_object", Bucket=BUCKET, Key="b", Body=b"1")
    cluster.wire.calls.clear()
    await cluster.s3("head_object", Bucket=BUCKET, Key="b")
    await cluster.s3("list_objects_v2", Bucket=BUCKET)
    calls = cluster.wire.count()
    # The gateway still sees how its own commit finishes.
    assert set(calls) <= {"InspectBranch", "InspectCommit", "InspectFile", "WalkFile"}
    assert (calls["InspectFile"], calls["WalkFile"]) == (1, 1)


async def test_what_a_commit_leaves_alone_is_not_fetched_again(cluster: Cluster) -> None:
    await fill(cluster, "a")
    await cost(cluster, "get_object", Bucket=BUCKET, Key="a")
    await fill(cluster, "other")
    again = await cost(cluster, "get_object", Bucket=BUCKET, Key="a")
    assert again == {"InspectBranch": 1, "InspectFile": 1}


async def test_a_key_that_is_not_there(cluster: Cluster) -> None:
    await fill(cluster, "a")
    await cost(cluster, "head_object", Bucket=BUCKET, Key="a")
    await read_history(cluster, BRANCH)
    cluster.wire.calls.clear()
    for _ in range(3):
        with pytest.raises(Exception, match="404"):
            await cluster.s3("head_object", Bucket=BUCKET, Key="missing")
    assert cluster.wire.count() == {"InspectBranch": 3, "InspectFile": 1}


@pytest.mark.parametrize(
    ("more", "call"),
    [
        ({}, "WalkFile"),
        ({"Delimiter": "/"}, "ListFile"),
        ({"Prefix": "d1/d2/", "MaxKeys": 7}, "WalkFile"),
        ({"Prefix": "d1/d2/", "Delimiter": "/"}, "ListFile"),
        ({"Prefix": "d1/d2/f000", "StartAfter": "d1/d2/f0002"}, "WalkFile"),
    ],
)
async def test_a_page_of_a_listing(cluster: Cluster, more: dict[str, Any], call: str) -> None:
    await fill(
        cluster,
        *(f"d{d}/d2/f{n:04}" for d in range(3) for n in range(600)),
        *(f"e{n:04}/one/file" for n in range(600)),
    )
    expected = {"InspectBranch": 1, call: 1}
    assert await cost(cluster, "list_objects_v2", Bucket=BUCKET, **more) == expected
    assert await cost(cluster, "list_objects_v2", Bucket=BUCKET, **more) == {"InspectBranch": 1}


async def test_a_page_with_more_directories_than_files(cluster: Cluster) -> None:
    await fill(cluster, *(f"{n:04}/a/b/c/d/file" for n in range(1100)))
    cold = await cost(cluster, "list_objects_v2", Bucket=BUCKET)
    assert cold == {"InspectBranch": 1, "WalkFile": 1}


async def cost_of_put(cluster: Cluster, key: str, content: bytes, *, at_once: bool) -> Counter[str]:
    """The calls of a PUT whose body comes with its head, or only once nobody waits for more."""
    head = (
        f"PUT /{BUCKET}/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    cluster.wire.calls.clear()
    writer.write(head.encode() + (content if at_once else b""))
    if not at_once:
        await cluster.wire.came("InspectBranch", 1)
        writer.write(content)
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.close()
    await writer.wait_closed()
    return cluster.wire.count()


@pytest.mark.parametrize(
    ("size_bytes", "at_once", "looks"), [(1, True, 1), (1, False, 2), (2_000_000, True, 2)]
)
async def test_a_small_put_that_has_come_looks_at_its_branch_once(
    cluster: Cluster, size_bytes: int, at_once: bool, looks: int
) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    calls = await cost_of_put(cluster, "b", bytes(size_bytes), at_once=at_once)
    assert (calls["InspectBranch"], calls["ModifyFile"]) == (looks, 1)


async def test_puts_that_arrive_while_a_commit_is_held_share_the_next(cluster: Cluster) -> None:
    gate = cluster.wire.hold("ModifyFile")
    first = asyncio.create_task(cluster.s3("put_object", Bucket=BUCKET, Key="first", Body=b"1"))
    await cluster.wire.came("ModifyFile")
    tasks = [asyncio.create_task(put(cluster, number)) for number in range(100)]
    while cluster.requests < 101 or cluster.wire.active > 1:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    gate.set()
    await asyncio.gather(first, *tasks)
    calls = cluster.wire.count()
    assert calls["ModifyFile"] == 2
    assert calls["InspectBranch"] < 60  # shared, too
    assert calls["WalkFile"] < 20
    listed = await cluster.s3("list_objects_v2", Bucket=BUCKET)
    assert listed["KeyCount"] == 101


async def put(cluster: Cluster, number: int) -> None:
    """A PUT as a client sends it, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    writer.write(
        f"PUT /{BUCKET}/k{number} HTTP/1.1\r\nHost: localhost\r\n".encode()
        + b"Content-Length: 1\r\n\r\n1"
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_ranges_read_one_after_the_other(cluster: Cluster) -> None:
    size, piece = 256 * 1024**2, 64 * 1024
    chunk = bytes(range(256)) * 4096
    await cluster.pachd.modify_file(
        BRANCH, [DeleteFile("/big"), *(AddFile("/big", chunk) for _ in range(size // len(chunk)))]
    )
    await read_history(cluster, BRANCH)
    calls: Counter[str] = Counter()
    for offset in range(size // 2 + 512, size // 2 + 512 + 64 * piece, piece):
        cluster.wire.calls.clear()
        got = await cluster.s3(
            "get_object", Bucket=BUCKET, Key="big", Range=f"bytes={offset}-{offset + piece - 1}"
        )
        content = await cluster.in_thread(got["Body"].read)
        assert content == (chunk * 2)[offset % len(chunk) :][:piece]
        calls += cluster.wire.count()
    assert calls["GetFile"] <= 5
    assert calls["InspectFile"] == 1
    assert calls["InspectBranch"] == 64


async def test_list_buckets(cluster: Cluster) -> None:
    for number in range(5):
        await cluster.s3("create_bucket", Bucket=f"master.more-{number}")
        await cluster.s3("create_bucket", Bucket=f"dev.more-{number}")
    calls = await cost(cluster, "list_buckets")
    assert calls == {"ListRepo": 1, "ListBranch": 6}


async def test_delete_objects_is_one_commit(cluster: Cluster) -> None:
    await fill(cluster, *(f"k{n}" for n in range(500)))
    keys = {"Objects": [{"Key": f"k{n}"} for n in range(500)]}
    calls = await cost(cluster, "delete_objects", Bucket=BUCKET, Delete=keys)
    assert calls["ModifyFile"] == 1
    assert calls.total() <= 8
