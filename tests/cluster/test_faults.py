"""The network or pachd fails in the middle of an upload, a download, a commit.

After each: the client had an honest answer, no object is half written, nothing keeps running, and
the gateway works again by itself once pachd is back.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from grpc import StatusCode

from tests.cluster.conftest import Cluster
from tests.cluster.wire import Fault

LARGE = 24 * 1024 * 1024
BUCKET = "master.r"
Break = Callable[[Cluster], None]


@pytest.fixture
def options() -> dict[str, Any]:
    """No call may take long: most of these tests wait until one is given up."""
    return {"pfs_call_seconds": 2.0}


def cut(cluster: Cluster) -> None:
    cluster.proxy.cut()


def stall(cluster: Cluster) -> None:
    cluster.proxy.stall()


async def away(cluster: Cluster) -> None:
    await cluster.proxy.stop()


async def refusal(cluster: Cluster, operation: str, **parameters: Any) -> tuple[int, str, bool]:
    return await cluster.refusal(operation, Bucket=BUCKET, **parameters)


UNAVAILABLE = (503, "ServiceUnavailable", True)
SLOW_DOWN = (503, "SlowDown", True)


async def works_again(cluster: Cluster) -> None:
    cluster.proxy.flow()
    content = os.urandom(2_000_000)
    for _ in range(40):
        try:
            await cluster.s3("put_object", Bucket=BUCKET, Key="again", Body=content)
            break
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ServiceUnavailable"  # noqa: PT017
            await asyncio.sleep(0.1)
    assert await cluster.content_of("again") == content
    await cluster.settle()


@pytest.mark.parametrize("size", [LARGE, 500_000])
@pytest.mark.parametrize("break_it", [cut, stall])
async def test_an_upload_is_broken(cluster: Cluster, break_it: Break, size: int) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"old")
    cluster.proxy.after(size // 2, lambda: break_it(cluster))
    refused = await refusal(cluster, "put_object", Key="a", Body=os.urandom(size))
    assert refused == UNAVAILABLE
    await works_again(cluster)
    assert await cluster.content_of("a") == b"old"


@pytest.mark.parametrize(
    ("code", "expected"),
    [(StatusCode.UNAVAILABLE, UNAVAILABLE), (StatusCode.RESOURCE_EXHAUSTED, SLOW_DOWN)],
)
@pytest.mark.parametrize("method", ["CreateFileSet", "ModifyFile", "RenewFileSet", "InspectFile"])
@pytest.mark.parametrize("options", [{"pfs_call_seconds": 20.0}])
async def test_pachd_refuses_in_the_middle_of_an_upload(
    cluster: Cluster, method: str, code: StatusCode, expected: tuple[int, str, bool]
) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"old")
    after = {"CreateFileSet": 5, "ModifyFile": 1}.get(method, 0)
    cluster.wire.faults[method] = Fault(code, after_messages=after, times=20)
    refused = await refusal(cluster, "put_object", Key="a", Body=os.urandom(LARGE))
    assert refused == expected
    cluster.wire.faults.clear()
    await works_again(cluster)
    assert await cluster.content_of("a") == b"old"


async def test_an_upload_is_slow(cluster: Cluster) -> None:
    content = os.urandom(12_000_000)
    cluster.proxy.bytes_a_second = 3_000_000  # twice as long as a call may be idle
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=content)
    assert await cluster.content_of("a") == content
    await works_again(cluster)


@pytest.mark.parametrize("break_it", [cut, stall])
async def test_a_download_is_broken(cluster: Cluster, break_it: Break) -> None:
    content = os.urandom(LARGE)
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=content)
    cluster.proxy.after(LARGE // 2, lambda: break_it(cluster))
    await cut_short(cluster, "a", LARGE)
    await works_again(cluster)
    assert await cluster.content_of("a") == content


@pytest.mark.parametrize("code", [StatusCode.UNAVAILABLE, StatusCode.RESOURCE_EXHAUSTED])
async def test_pachd_gives_up_in_the_middle_of_a_download(
    cluster: Cluster, code: StatusCode
) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=os.urandom(LARGE))
    cluster.wire.faults["GetFile"] = Fault(code, after_messages=2)
    await cut_short(cluster, "a", LARGE)
    await works_again(cluster)


async def cut_short(cluster: Cluster, key: str, size: int) -> None:
    """Once its beginning has been sent, a download can only be cut: nobody takes it for whole."""
    got = await cluster.s3("get_object", Bucket=BUCKET, Key=key)
    assert got["ContentLength"] == size
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        await cluster.in_thread(got["Body"].read)


@pytest.mark.parametrize("method", ["InspectBranch", "InspectFile", "GetFile"])
@pytest.mark.parametrize(
    ("code", "expected"),
    [(StatusCode.UNAVAILABLE, UNAVAILABLE), (StatusCode.RESOURCE_EXHAUSTED, SLOW_DOWN)],
)
async def test_a_download_is_refused_at_its_beginning(
    cluster: Cluster, method: str, code: StatusCode, expected: tuple[int, str, bool]
) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    cluster.wire.faults[method] = Fault(code, times=20)
    assert await refusal(cluster, "get_object", Key="a") == expected
    cluster.wire.faults.clear()
    await works_again(cluster)


@pytest.mark.parametrize("method", ["InspectBranch", "InspectFile", "GetFile", "ListFile"])
async def test_a_read_that_fails_once_is_tried_again(cluster: Cluster, method: str) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    cluster.wire.faults[method] = Fault(StatusCode.UNAVAILABLE)
    if method == "ListFile":
        listed = await cluster.s3("list_objects_v2", Bucket=BUCKET, Delimiter="/")
        assert [o["Key"] for o in listed["Contents"]] == ["a"]
    assert await cluster.content_of("a") == b"1"


async def test_a_download_is_slow(cluster: Cluster) -> None:
    content = os.urandom(12_000_000)
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=content)
    cluster.proxy.bytes_a_second = 3_000_000
    assert await cluster.content_of("a") == content
    await works_again(cluster)


@pytest.mark.parametrize("break_it", [cut, stall])
async def test_a_commit_is_broken(cluster: Cluster, break_it: Break) -> None:
    """Whether it happened nobody can say; it must be whole, or not at all."""
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"old")
    gate = cluster.wire.hold("ModifyFile")
    putting = asyncio.create_task(refusal(cluster, "put_object", Key="a", Body=b"new"))
    await cluster.wire.came("ModifyFile", 2)
    break_it(cluster)
    assert await putting == UNAVAILABLE
    gate.set()
    await works_again(cluster)
    assert await cluster.content_of("a") in (b"old", b"new")


@pytest.mark.parametrize(
    ("code", "expected"),
    [(StatusCode.UNAVAILABLE, UNAVAILABLE), (StatusCode.RESOURCE_EXHAUSTED, SLOW_DOWN)],
)
async def test_a_commit_that_happened_but_was_not_answered_is_not_sent_again(
    cluster: Cluster, code: StatusCode, expected: tuple[int, str, bool]
) -> None:
    cluster.wire.faults["ModifyFile"] = Fault(code, after_messages=None)
    assert await refusal(cluster, "put_object", Key="a", Body=b"new") == expected
    assert cluster.wire.count()["ModifyFile"] == 1
    assert await cluster.content_of("a") == b"new"
    await works_again(cluster)


@pytest.mark.parametrize("break_it", [cut, stall])
async def test_a_listing_is_broken(cluster: Cluster, break_it: Break) -> None:
    await asyncio.gather(
        *(cluster.s3("put_object", Bucket=BUCKET, Key=f"k{n}", Body=b"1") for n in range(20))
    )
    if break_it is stall:
        stall(cluster)
        assert await refusal(cluster, "list_objects_v2") == UNAVAILABLE
    else:
        cluster.wire.faults["WalkFile"] = Fault(StatusCode.UNAVAILABLE, after_messages=5, times=9)
        assert await refusal(cluster, "list_objects_v2") == UNAVAILABLE
        cluster.wire.faults.clear()
    await works_again(cluster)
    assert (await cluster.s3("list_objects_v2", Bucket=BUCKET))["KeyCount"] == 21


async def test_pachd_is_away_for_a_while(cluster: Cluster) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1")
    await cluster.proxy.stop()
    calls: list[tuple[str, dict[str, Any]]] = [
        ("get_object", {"Key": "a"}),
        ("put_object", {"Key": "a", "Body": b"2"}),
        ("delete_object", {"Key": "a"}),
        ("list_objects_v2", {}),
        ("create_bucket", {}),
        ("delete_bucket", {}),
    ]
    refused = await asyncio.gather(*(refusal(cluster, name, **more) for name, more in calls))
    assert set(refused) == {UNAVAILABLE}
    await cluster.proxy.start()
    await works_again(cluster)
    assert await cluster.content_of("a") == b"1"


async def test_a_client_that_goes_away_during_its_download_ends_the_call(cluster: Cluster) -> None:
    await cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=os.urandom(LARGE))
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    writer.write(b"GET /master.r/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await reader.readexactly(1000)
    assert cluster.wire.active == 1
    writer.transport.abort()
    await cluster.settle()


async def test_a_client_that_goes_away_during_its_upload_leaves_nothing(cluster: Cluster) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    head = f"PUT /master.r/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: {LARGE}\r\n\r\n"
    writer.write(head.encode() + bytes(LARGE // 2))
    await cluster.wire.came("CreateFileSet")
    writer.transport.abort()
    await cluster.settle()
    assert cluster.wire.count()["ModifyFile"] == 0
    assert await cluster.content_of("a") is None
    assert not list((cluster.engine.directory.path / "staging").iterdir())


async def test_a_client_that_goes_away_while_its_commit_waits_takes_it_with_it(
    cluster: Cluster,
) -> None:
    gate = cluster.wire.hold("ModifyFile")
    first = asyncio.create_task(cluster.s3("put_object", Bucket=BUCKET, Key="a", Body=b"1"))
    await cluster.wire.came("ModifyFile")
    tasks = len(asyncio.all_tasks())
    _, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    writer.write(b"PUT /master.r/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1")
    while cluster.requests < 2:  # noqa: ASYNC110 - the gateway tells nobody
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    writer.transport.abort()
    while len(asyncio.all_tasks()) > tasks:  # noqa: ASYNC110 - the gateway tells nobody
        await asyncio.sleep(0.05)
    gate.set()
    await first
    await cluster.settle()
    assert await cluster.content_of("a") == b"1"
    assert await cluster.content_of("b") is None


async def test_a_client_that_only_ends_its_side_gets_its_answer(cluster: Cluster) -> None:
    gate = cluster.wire.hold("ModifyFile")
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    writer.write(b"PUT /master.r/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1")
    writer.write_eof()
    assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"  # is anybody there?
    gate.set()
    answer = (await reader.read()).replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"")
    assert answer.lstrip().startswith(b"HTTP/1.1 200 OK\r\n")
    writer.close()
    assert await cluster.content_of("b") == b"1"
    await cluster.settle()


async def test_many_uploads_are_cut_at_once(cluster: Cluster) -> None:
    cluster.proxy.after(LARGE, lambda: cut(cluster))
    results = await asyncio.gather(
        *(
            cluster.s3("put_object", Bucket=BUCKET, Key=f"k{n}", Body=bytes(LARGE))
            for n in range(6)
        ),
        return_exceptions=True,
    )
    failed = [r for r in results if isinstance(r, BaseException)]
    assert failed
    for error in failed:
        assert isinstance(error, ClientError | ConnectionClosedError | HTTPClientError), error
    await works_again(cluster)
    for number, result in enumerate(results):
        stored = await cluster.content_of(f"k{number}")
        assert stored == (None if isinstance(result, BaseException) else bytes(LARGE))
