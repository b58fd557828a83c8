"""A branch whose history has not been read: nobody waits long, and who wants to knows it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from pfs_client.values import AddFile, Branch, DeleteFile, Repo
from tests.cluster.conftest import Cluster
from tests.cluster.histories import read_history

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
WAIT_SECONDS = 0.5


@pytest.fixture
def exact() -> bool:
    return False


@pytest.fixture
def options(tmp_path: Path, exact: bool) -> dict[str, Any]:
    state = str(tmp_path / "state")
    return {
        "pfs_call_seconds": 100.0,
        "state_dir": state,
        "history_wait": WAIT_SECONDS,
        "exact_times": exact,
    }


async def fill(cluster: Cluster) -> None:
    """Two commits, of a pachd that never says what they changed."""
    for key in "ab":
        await cluster.pachd.modify_file(BRANCH, [DeleteFile("/" + key), AddFile("/" + key, b"1")])
    for method in ("GetFileSet", "FindCommits"):
        cluster.wire.hold(method)


def release(cluster: Cluster) -> None:
    for gate, _ in cluster.wire.gates.values():
        gate.set()


async def test_answers_wait_no_longer_than_they_may(cluster: Cluster) -> None:
    await fill(cluster)
    for operation, more in (("head_object", {"Key": "a"}), ("list_objects_v2", {})):
        began = time.monotonic()
        await cluster.s3(operation, Bucket=BUCKET, **more)
        assert WAIT_SECONDS <= time.monotonic() - began < WAIT_SECONDS + 10
    release(cluster)
    await read_history(cluster, BRANCH)
    began = time.monotonic()
    await cluster.s3("list_objects_v2", Bucket=BUCKET)
    assert time.monotonic() - began < WAIT_SECONDS


@pytest.mark.parametrize("exact", [True])
async def test_exact_times_are_answered_or_nothing_is(cluster: Cluster) -> None:
    await fill(cluster)
    for operation in ("get_object", "list_objects", "list_objects_v2"):
        more = {"Key": "a"} if operation == "get_object" else {}
        refusal = await cluster.refusal(operation, Bucket=BUCKET, **more)
        assert refusal == (503, "ServiceUnavailable", True)
    release(cluster)
    await read_history(cluster, BRANCH)
    listed = await cluster.s3("list_objects_v2", Bucket=BUCKET)
    assert len(listed["Contents"]) == 2
