"""CopyObject over pachd's wire: what it costs, and what becomes of a source that goes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pfs_client.values import AddFile, Branch, DeleteFile, Repo
from tests.cluster.conftest import Cluster

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")


@pytest.fixture
def options() -> dict[str, Any]:
    return {"pfs_call_seconds": 100.0, "layers": ("copy",)}


async def copy(cluster: Cluster, source: str, target: str) -> Any:
    return await cluster.s3("copy_object", Bucket=BUCKET, Key=target, CopySource=source)


@pytest.mark.parametrize("size_bytes", [1, 3_000_000])
async def test_what_a_copy_costs(cluster: Cluster, size_bytes: int) -> None:
    """As many calls as a small PUT, and five: two for the source, one to look, two for the time."""
    await cluster.pachd.modify_file(BRANCH, [AddFile("/a", bytes(size_bytes))])
    cluster.wire.calls.clear()
    await copy(cluster, f"{BUCKET}/a", "b")
    cost = cluster.wire.count()
    assert cost["ModifyFile"] == cost["InspectFile"] == 1
    assert cost.keys().isdisjoint({"GetFile", "CreateFileSet", "GetFileTAR"})
    assert cost.total() <= 12
    (stream,) = cluster.wire.of("ModifyFile")
    assert sum(len(m.add_file.raw.value) for m in stream.messages) == 0


async def test_a_source_whose_commit_goes_meanwhile_is_looked_up_again(cluster: Cluster) -> None:
    await cluster.pachd.create_repo(Repo("source"))
    source = Branch(Repo("source"), "master")
    await cluster.pachd.create_branch(source)
    await cluster.pachd.modify_file(source, [AddFile("/a", b"kept")])
    await cluster.pachd.modify_file(source, [DeleteFile("/a"), AddFile("/a", b"dropped")])
    gone = (await cluster.pachd.inspect_branch(source)).head
    await cluster.pachd.inspect_commit(gone, wait_finished=True)
    cluster.wire.calls.clear()
    gate = cluster.wire.hold("ModifyFile")
    copying = asyncio.create_task(copy(cluster, "master.source/a", "b"))
    await cluster.wire.came("ModifyFile")
    await cluster.pachd.drop_commit(gone)
    gate.set()
    await copying
    assert await cluster.content_of("b") == b"kept"
