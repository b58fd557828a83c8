"""A client that reads one page after the other finds the next already asked for."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from grpc import StatusCode

from pfs_client.values import AddFile, Branch, DeleteFile, Repo
from tests.cluster.conftest import Cluster
from tests.cluster.histories import read_history
from tests.cluster.wire import Fault

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
PAGE = 100


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    return {"pfs_call_seconds": 100.0, "state_dir": str(tmp_path / "state"), "history_wait": 10.0}


async def fill(cluster: Cluster, pages: int, key: str = "k{:05}") -> list[str]:
    names = [key.format(n) for n in range(pages * PAGE)]
    await cluster.pachd.modify_file(BRANCH, [AddFile("/" + name, b"1") for name in names])
    await read_history(cluster, BRANCH)
    cluster.wire.calls.clear()
    return names


async def page(cluster: Cluster, token: str = "", **more: Any) -> tuple[list[str], str]:
    """The keys of one page, and the token of the next."""
    given = {"ContinuationToken": token} if token else {}
    answer = await cluster.s3("list_objects_v2", Bucket=BUCKET, MaxKeys=PAGE, **given, **more)
    keys = [found["Key"] for found in answer.get("Contents", [])]
    keys += [found["Prefix"] for found in answer.get("CommonPrefixes", [])]
    return keys, answer.get("NextContinuationToken", "")


@pytest.mark.parametrize(
    ("key", "more", "call"),
    [
        ("k{:05}", {}, "WalkFile"),
        ("d/k{:05}/x", {"Prefix": "d/"}, "WalkFile"),
        ("d/k{:05}/x", {"Prefix": "d/", "Delimiter": "/"}, "ListFile"),
        ("d/k{:05}", {"Prefix": "d/", "Delimiter": "/"}, "ListFile"),
    ],
)
async def test_each_page_is_asked_for_once_and_the_third_before_the_client_does(
    cluster: Cluster, key: str, more: dict[str, Any], call: str
) -> None:
    names = await fill(cluster, 5, key)
    read, token = await page(cluster, **more)
    assert len(cluster.wire.of(call)) == 1
    for number in range(2, 6):
        keys, token = await page(cluster, token, **more)
        read += keys
        await cluster.settle()
        assert len(cluster.wire.of(call)) == min(number + 1, 5)
    assert not token
    assert [name.removesuffix("/") for name in read] == [
        name.removesuffix("/x") if "Delimiter" in more else name for name in names
    ]
    assert cluster.wire.count() == {"InspectBranch": 5, call: 5}


async def test_a_page_that_is_on_its_way_is_not_asked_for_again(cluster: Cluster) -> None:
    await fill(cluster, 4)
    _, token = await page(cluster)
    gate = cluster.wire.hold("WalkFile", lambda request: "k00199" in request.paginationMarker.path)
    _, token = await page(cluster, token)
    await cluster.wire.came("WalkFile", 3)
    third = asyncio.create_task(page(cluster, token))
    await cluster.wire.came("InspectBranch", 3)
    await asyncio.sleep(0.1)
    gate.set()
    assert (await third)[0][0] == "k00200"
    await cluster.settle()
    assert len(cluster.wire.of("WalkFile")) == 4


async def test_one_page_alone_asks_for_nothing_ahead(cluster: Cluster) -> None:
    await fill(cluster, 3)
    await page(cluster)
    await cluster.s3("list_objects_v2", Bucket=BUCKET, StartAfter="k00050", MaxKeys=PAGE)
    _, token = await page(cluster)
    await cluster.s3("list_objects_v2", Bucket=BUCKET, ContinuationToken=token, MaxKeys=PAGE // 2)
    await cluster.settle()
    assert len(cluster.wire.of("WalkFile")) == 3


async def test_a_failure_ahead_is_told_to_nobody(cluster: Cluster) -> None:
    names = await fill(cluster, 4)
    _, token = await page(cluster)
    cluster.wire.faults["WalkFile"] = Fault(
        StatusCode.UNKNOWN, when=lambda request: "k00199" in request.paginationMarker.path
    )
    _, token = await page(cluster, token)
    await cluster.settle()
    assert (await page(cluster, token))[0] == names[2 * PAGE : 3 * PAGE]


async def test_it_ends_with_a_request_that_ends_early(cluster: Cluster) -> None:
    await fill(cluster, 4)
    _, token = await page(cluster)
    cluster.wire.hold("WalkFile", lambda request: "k00199" in request.paginationMarker.path)
    await cluster.pachd.modify_file(BRANCH, [DeleteFile("/new"), AddFile("/new", b"1")])
    calls = ("GetFileSet", "FindCommits", "ListCommit", "InspectCommit")
    held = [cluster.wire.hold(method) for method in calls]
    _, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    target = f"/{BUCKET}?list-type=2&max-keys={PAGE}&continuation-token={token}"
    writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await cluster.wire.came("WalkFile", 3)
    # A connection that is only closed may still be read from; this one is reset.
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
    await asyncio.sleep(0.1)
    for gate in held:
        gate.set()
    await cluster.settle()
