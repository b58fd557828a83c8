"""Commits that are closed and not finished yet, and commits that somebody holds open."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pfs_client.values import Branch, Commit, Repo
from tests.cluster.conftest import Cluster
from tests.pfs_contract.reading import head_of, put

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
LARGE = bytes(1_500_000)


@pytest.fixture
def options() -> dict[str, Any]:
    """No call may take long: most of these tests wait until one is given up."""
    return {"pfs_call_seconds": 2.0}


async def put_object(cluster: Cluster, key: str, body: bytes = b"1") -> Any:
    return await cluster.s3("put_object", Bucket=BUCKET, Key=key, Body=body)


async def keys(cluster: Cluster) -> list[str]:
    listed = await cluster.s3("list_objects_v2", Bucket=BUCKET)
    return [o["Key"] for o in listed.get("Contents", ())]


async def head(cluster: Cluster) -> Commit:
    return (await cluster.pachd.inspect_branch(BRANCH)).head


async def commits(cluster: Cluster) -> int:
    """How many commits the branch has."""
    at: Commit | None = await head(cluster)
    count = 0
    while at is not None:
        at = (await cluster.pachd.inspect_commit(at)).parent
        count += 1
    return count


async def waits_for(cluster: Cluster, readers: list[asyncio.Task[Any]]) -> None:
    """See that readers have come to where they wait for commits."""
    async with asyncio.timeout(5):
        while sum(cluster.finishing.waiting.values()) < len(readers):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not any(reader.done() for reader in readers)


async def test_reads_of_a_head_that_is_finishing_wait_and_see_it(cluster: Cluster) -> None:
    await put_object(cluster, "a", b"old")
    cluster.finishing.hold()
    await put_object(cluster, "a", b"new")
    readers = [
        asyncio.create_task(call)
        for call in (
            cluster.content_of("a"),
            keys(cluster),
            cluster.s3("head_object", Bucket=BUCKET, Key="a"),
        )
    ]
    await waits_for(cluster, readers)
    cluster.finishing.release()
    assert await readers[0] == b"new"
    assert await readers[1] == ["a"]
    assert (await readers[2])["ContentLength"] == 3


async def test_what_reads_no_file_does_not_wait(cluster: Cluster) -> None:
    cluster.finishing.hold()
    await put_object(cluster, "a")
    async with asyncio.timeout(1.5):
        await cluster.s3("head_bucket", Bucket=BUCKET)
        await cluster.s3("get_bucket_location", Bucket=BUCKET)
        assert len((await cluster.s3("list_buckets"))["Buckets"]) == 1
        await cluster.s3("create_bucket", Bucket="other.r")
        await put_object(cluster, "b")
        await cluster.s3("put_object", Bucket="other.r", Key="b", Body=b"1")
    cluster.finishing.release()
    assert await keys(cluster) == ["a", "b"]


async def test_a_head_that_does_not_finish_is_a_503(cluster: Cluster) -> None:
    await put_object(cluster, "a")
    cluster.finishing.hold()
    await put_object(cluster, "b")
    for operation, more in (("get_object", {"Key": "a"}), ("list_objects_v2", {})):
        refused = await cluster.refusal(operation, Bucket=BUCKET, **more)
        assert refused == (503, "ServiceUnavailable", True)
    cluster.finishing.release()
    assert await keys(cluster) == ["a", "b"]


async def test_a_write_that_waits_too_long_is_told_to_slow_down(cluster: Cluster) -> None:
    cluster.finishing.hold()
    await put_object(cluster, "1")
    await put_object(cluster, "2")
    refused = await cluster.refusal("put_object", Bucket=BUCKET, Key="3", Body=b"1")
    assert refused[0] == 503
    assert refused[2], "it says when to try again"
    cluster.finishing.release()
    await put_object(cluster, "4")
    assert await keys(cluster) == ["1", "2", "4"]


async def test_writes_join_an_open_commit_and_reads_see_them(cluster: Cluster) -> None:
    await put_object(cluster, "before")
    opened = await cluster.pachd.start_commit(BRANCH)
    before = await commits(cluster)
    await put_object(cluster, "small")
    await put_object(cluster, "large", LARGE)
    await put_object(cluster, "gone")
    await cluster.s3("delete_object", Bucket=BUCKET, Key="gone")
    delete = {"Objects": [{"Key": "before"}]}
    await cluster.s3("delete_objects", Bucket=BUCKET, Delete=delete)
    assert await keys(cluster) == ["large", "small"]
    assert await cluster.content_of("large") == LARGE
    assert await head(cluster) == opened
    assert await commits(cluster) == before
    assert (await cluster.pachd.inspect_commit(opened)).is_open, "it is not ours to close"
    await cluster.pachd.finish_commit(opened)
    assert await keys(cluster) == ["large", "small"]
    await put_object(cluster, "after")
    assert await commits(cluster) == before + 1


async def test_an_open_commit_whose_base_is_unfinished(cluster: Cluster) -> None:
    """pachd refuses to read it; who reads waits for the base, and then for nothing more."""
    cluster.finishing.hold()
    await put_object(cluster, "base")
    await cluster.pachd.start_commit(BRANCH)
    async with asyncio.timeout(1.5):
        await cluster.s3("head_bucket", Bucket=BUCKET)
        assert len((await cluster.s3("list_buckets"))["Buckets"]) == 1
    readers = [
        asyncio.create_task(call)
        for call in (cluster.content_of("base"), keys(cluster), put_object(cluster, "joins"))
    ]
    await waits_for(cluster, readers)
    cluster.finishing.release()
    assert await readers[0] == b"1"
    assert "base" in await readers[1]
    await readers[2]
    assert await keys(cluster) == ["base", "joins"]


async def test_an_open_commit_whose_base_never_finishes_is_a_503(cluster: Cluster) -> None:
    cluster.finishing.hold()
    await put_object(cluster, "base")
    await cluster.pachd.start_commit(BRANCH)
    async with asyncio.timeout(10):
        for operation, more in (("get_object", {"Key": "base"}), ("list_objects_v2", {})):
            refused = await cluster.refusal(operation, Bucket=BUCKET, **more)
            assert refused == (503, "ServiceUnavailable", True)
    cluster.finishing.release()
    assert await keys(cluster) == ["base"]


async def test_what_stays_open_for_long_is_read_and_written_all_the_while(
    cluster: Cluster,
) -> None:
    opened = await cluster.pachd.start_commit(BRANCH)
    for number in range(10):
        await put_object(cluster, "same", str(number).encode())
        assert await cluster.content_of("same") == str(number).encode()
    asked = [call for call in cluster.wire.of("InspectCommit") if call.messages[0].wait]
    assert asked == [], "nobody waits for an open commit"
    await cluster.pachd.finish_commit(opened)


async def test_the_gateway_itself_never_leaves_the_head_open(cluster: Cluster) -> None:
    await asyncio.gather(*(put_object(cluster, f"k{n}", LARGE) for n in range(5)))
    await asyncio.gather(*(put_object(cluster, f"s{n}") for n in range(20)))
    await cluster.s3("delete_object", Bucket=BUCKET, Key="k1")
    assert (await cluster.pachd.inspect_commit(await head(cluster))).finishing
    assert cluster.wire.count()["StartCommit"] == 0


async def test_a_bucket_of_another_commits_head(cluster: Cluster) -> None:
    """A branch that is made to be another commit's shows that at once."""
    await put_object(cluster, "a", b"1")
    first = await head_of(cluster.pachd, BRANCH)
    await put_object(cluster, "a", b"2")
    await cluster.pachd.create_branch(BRANCH, head=first)
    assert await cluster.content_of("a") == b"1"
    await put_object(cluster, "b", b"3")
    assert await cluster.content_of("a") == b"1"
    await put(cluster.pachd, BRANCH, "/c", b"4")
    assert await keys(cluster) == ["a", "b", "c"]


class TestAcknowledgedOnceFinished:
    @pytest.fixture
    def options(self) -> dict[str, Any]:
        return {"ack": "finished", "pfs_call_seconds": 10.0}

    async def test_a_write_is_answered_once_its_commit_has_finished(self, cluster: Cluster) -> None:
        cluster.finishing.hold()
        putting = asyncio.create_task(put_object(cluster, "a"))
        await waits_for(cluster, [putting])
        cluster.finishing.release()
        await putting

    async def test_a_write_into_an_open_commit_is_answered_at_once(self, cluster: Cluster) -> None:
        await cluster.pachd.start_commit(BRANCH)
        async with asyncio.timeout(3):
            await put_object(cluster, "a")
            await put_object(cluster, "b", LARGE)

    async def test_a_write_whose_commit_fails_is_no_success(self, cluster: Cluster) -> None:
        def fail(info: Any) -> None:
            if info.HasField("finished") and info.HasField("parent_commit"):
                info.error = "file / directory path collision (/a)"

        await put_object(cluster, "before")
        cluster.wire.edits["InspectCommit"] = fail
        refused = await cluster.refusal("put_object", Bucket=BUCKET, Key="a", Body=b"1")
        assert refused[:2] == (500, "InternalError")
        cluster.wire.edits.clear()
        await put_object(cluster, "b")


async def test_a_file_set_that_expires_before_its_commit(cluster: Cluster) -> None:
    """Nothing of it is stored, the old file stays, and the client may try again."""
    await put_object(cluster, "a", b"old")
    gate = cluster.wire.hold("RenewFileSet")
    putting = asyncio.create_task(cluster.refusal("put_object", Bucket=BUCKET, Key="a", Body=LARGE))
    await cluster.wire.came("RenewFileSet")
    await cluster.engine.write(lambda db: db.execute("UPDATE file_set SET expires_us = 0"))
    gate.set()
    assert await putting == (503, "ServiceUnavailable", True)
    assert cluster.wire.count()["ModifyFile"] == 1
    assert await cluster.content_of("a") == b"old"
    await put_object(cluster, "a", LARGE)
    assert await cluster.content_of("a") == LARGE


async def test_a_copy_that_pachd_makes_of_nothing_is_no_success(cluster: Cluster) -> None:
    cluster.wire.loses = lambda message: message.HasField("copy_file")
    refused = await cluster.refusal("put_object", Bucket=BUCKET, Key="a", Body=LARGE)
    assert refused == (503, "ServiceUnavailable", True)
    cluster.wire.loses = lambda message: False
    await put_object(cluster, "a", LARGE)
    assert await cluster.content_of("a") == LARGE


async def test_every_file_set_has_been_looked_at_and_is_renewed_before_it_is_copied(
    cluster: Cluster,
) -> None:
    await asyncio.gather(*(put_object(cluster, f"k{n}", LARGE) for n in range(6)))
    order = [
        (call.method, message)
        for call in cluster.wire.calls
        if call.method in ("RenewFileSet", "InspectFile", "ModifyFile")
        for message in call.messages
    ]
    seen: set[str] = set()
    renewed: set[str] = set()
    copies = 0
    for method, message in order:
        if method == "RenewFileSet":
            assert message.ttl_seconds >= 60
            renewed.add(message.file_set_id)
        elif method == "InspectFile":
            seen.add(message.file.commit.id)
        elif method == "ModifyFile" and message.HasField("copy_file"):
            assert message.copy_file.src.commit.id in renewed & seen
            copies += 1
    assert copies == 6
