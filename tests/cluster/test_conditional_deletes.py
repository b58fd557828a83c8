"""A DeleteObjects with conditions looks at its keys together, and waits for the head once."""

from __future__ import annotations

from typing import Any

import pytest

from pfs_client.values import AddFile, Branch, DeleteFile, Repo
from tests.cluster.conftest import Cluster

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
KEYS = 1000


@pytest.fixture
def options() -> dict[str, Any]:
    return {"pfs_call_seconds": 100.0, "sole_writer": True}


async def fill(cluster: Cluster, keys: list[str]) -> dict[str, str]:
    """Write files, each with its key as its content, and give their ETags."""
    changes = [(DeleteFile("/" + key), AddFile("/" + key, key.encode())) for key in keys]
    await cluster.pachd.modify_file(BRANCH, [one for pair in changes for one in pair])
    etags: dict[str, str] = {}
    token: dict[str, str] = {}
    while len(etags) < len(keys):
        page = await cluster.s3("list_objects_v2", Bucket=BUCKET, **token)
        etags |= {found["Key"]: found["ETag"] for found in page["Contents"]}
        token = {"ContinuationToken": page.get("NextContinuationToken", "")}
    cluster.wire.calls.clear()
    return etags


def walks(cluster: Cluster) -> int:
    """How many listings were asked for, but those of the history of changes."""
    calls = cluster.wire.of("WalkFile") + cluster.wire.of("ListFile")
    return sum(call.messages[0].file.commit.repo.name == "r" for call in calls)


async def delete(cluster: Cluster, etags: dict[str, str]) -> dict[str, str]:
    """Delete keys that have these ETags, and give the codes of those that are refused."""
    objects = [{"Key": key, "ETag": etag} for key, etag in etags.items()]
    answer = await cluster.s3("delete_objects", Bucket=BUCKET, Delete={"Objects": objects})
    return {error["Key"]: error["Code"] for error in answer.get("Errors", [])}


@pytest.mark.parametrize(
    "key", ["d{:04}/x/file", "{:04}", "many/f{:04}"], ids=["directories", "root", "one directory"]
)
async def test_a_thousand_keys_are_a_handful_of_calls(cluster: Cluster, key: str) -> None:
    others = [f"e/{n:04}" for n in range(300)]
    etags = await fill(cluster, [key.format(n) for n in range(KEYS)] + others)
    wanted = {name: etag for name, etag in etags.items() if name not in others}
    wrong = key.format(7)
    wanted[wrong] = '"0000"'
    wanted |= {"absent": '"0000"'}
    del wanted[key.format(8)]
    assert await delete(cluster, wanted) == {
        wrong: "PreconditionFailed",
        "absent": "NoSuchKey",
    }
    await cluster.settle()
    calls = cluster.wire.count()
    assert calls["InspectFile"] <= 4
    assert walks(cluster) == 1
    assert calls["InspectCommit"] <= 6
    assert calls["ModifyFile"] == 1
    assert calls.total() <= 20
    left = await cluster.s3("list_objects_v2", Bucket=BUCKET)
    assert {found["Key"] for found in left["Contents"]} == {wrong, key.format(8), *others}


async def test_scattered_keys_are_looked_at_one_by_one_but_wait_once(cluster: Cluster) -> None:
    names = [f"{n:05}" for n in range(4000)]
    etags = await fill(cluster, names)
    scattered = {name: etags[name] for name in names[::100]}
    assert await delete(cluster, scattered) == {}
    await cluster.settle()
    calls = cluster.wire.count()
    assert calls["InspectFile"] <= len(scattered)
    assert walks(cluster) <= 2
    assert calls["InspectCommit"] <= 6


async def test_one_key_is_one_look(cluster: Cluster) -> None:
    etags = await fill(cluster, ["a", "b"])
    assert await delete(cluster, {"a": etags["a"]}) == {}
    await cluster.settle()
    calls = cluster.wire.count()
    assert (calls["InspectFile"], walks(cluster)) == (1, 0)


async def test_odd_names_are_found(cluster: Cluster) -> None:
    """What stands just before another in the order of paths is no matter of luck."""
    names = ["d/ ", "d0", "d/x", "d ", "d-/y", "d", "a/b/c/d", "a.b", "a0", "~", " "]
    etags = await fill(cluster, [name for name in names if name != "d"])
    assert await delete(cluster, {**etags, "d": '"0000"'}) == {"d": "NoSuchKey"}
    left = await cluster.s3("list_objects_v2", Bucket=BUCKET)
    assert "Contents" not in left
