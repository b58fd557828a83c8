"""Large files: no more is read than is wanted, and nobody who is slow fills anybody's memory.

What is counted are messages and bytes; `test_memory` measures what a gateway's process takes.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from typing import Any

import pytest

from embedded_pfs.streams import READ_BYTES
from pfs_client.values import AddFile, Branch, Repo
from tests.cluster.conftest import Cluster
from tests.pfs_contract.reading import head_of

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
MIB = 1024 * 1024
SIZE = 200 * MIB
PACHDS_MESSAGE = 19 * MIB
BASE = os.urandom(MIB - 8)


def piece(number: int) -> bytes:
    return number.to_bytes(8, "big") + BASE


async def stays(value: Callable[[], Any]) -> Any:
    """Wait until something changes no more, and give it."""
    last, quiet = value(), 0
    async with asyncio.timeout(100):
        while quiet < 10:
            await asyncio.sleep(0.05)
            quiet = quiet + 1 if value() == last else 0
            last = value()
    return last


@pytest.fixture
def options() -> dict[str, Any]:
    return {"pfs_call_seconds": 100.0}


@pytest.fixture
async def large(cluster: Cluster) -> Cluster:
    """A cluster with one large object."""
    additions = [AddFile("/a", piece(n)) for n in range(SIZE // MIB)]
    await cluster.pachd.modify_file(BRANCH, additions)
    await head_of(cluster.pachd, BRANCH)
    cluster.wire.calls.clear()
    return cluster


@pytest.mark.parametrize(
    ("message_bytes", "most_messages"), [(0, 32), (PACHDS_MESSAGE, 2)], ids=["ours", "pachds"]
)
async def test_a_range_ends_the_call_where_it_ends(
    large: Cluster, message_bytes: int, most_messages: int
) -> None:
    large.wire.gathers_bytes = message_bytes
    for first, size in [(0, 10), (7 * MIB - 5, 64 * 1024), (100 * MIB, MIB), (SIZE - 70_000, 9)]:
        large.wire.calls.clear()
        span = f"bytes={first}-{first + size - 1}"
        got = await large.s3("get_object", Bucket=BUCKET, Key="a", Range=span)
        content = await large.in_thread(got["Body"].read)
        expected = b"".join(piece(n) for n in range(first // MIB, (first + size) // MIB + 1))
        assert content == expected[first % MIB :][:size]
        await large.settle()
        (call,) = large.wire.of("GetFile")
        assert call.messages[0].offset == first // MIB * MIB  # of its first block
        assert call.sent_messages <= most_messages


async def test_a_head_reads_nothing(large: Cluster) -> None:
    await large.s3("head_object", Bucket=BUCKET, Key="a")
    assert large.wire.count()["GetFile"] == 0


async def reader_of_nothing(cluster: Cluster) -> tuple[asyncio.StreamReader, Any]:
    """A client that asks for the large object and does not read on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port, limit=1024)
    writer.write(f"GET /{BUCKET}/a HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


@pytest.mark.parametrize(
    ("message_bytes", "most_bytes"),
    [(0, 24 * MIB), (PACHDS_MESSAGE, 4 * PACHDS_MESSAGE)],
    ids=["ours", "pachds"],
)
async def test_a_client_that_reads_nothing_holds_pachd_back(
    large: Cluster, message_bytes: int, most_bytes: int
) -> None:
    large.wire.gathers_bytes = message_bytes
    passed_before = large.proxy.passed_bytes
    reader, writer = await reader_of_nothing(large)
    (call,) = large.wire.of("GetFile")
    messages = await stays(lambda: call.sent_messages)
    assert messages * (message_bytes or READ_BYTES) <= most_bytes
    assert await stays(lambda: large.proxy.passed_bytes) - passed_before <= most_bytes
    digest, left = hashlib.sha256(), SIZE
    while left and (data := await reader.read(MIB)):
        digest.update(data)
        left -= len(data)
    expected = hashlib.sha256(b"".join(map(piece, range(SIZE // MIB))))
    assert digest.digest() == expected.digest()
    writer.close()
    await large.settle()


async def upload(cluster: Cluster, sent: list[int]) -> bytes:
    """Put a large object with all speed that the gateway allows; counts what it has taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.port)
    writer.transport.set_write_buffer_limits(0)
    head = f"PUT /{BUCKET}/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: {SIZE}\r\n\r\n"
    writer.write(head.encode())
    for number in range(SIZE // MIB):
        writer.write(piece(number))
        await writer.drain()
        sent[0] += MIB
    answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return answer.split(b"\r\n")[0]


async def test_an_upload_to_a_stalled_pachd_stops_taking_from_its_client(
    cluster: Cluster,
) -> None:
    sent = [0]
    cluster.proxy.after(20 * MIB, cluster.proxy.stall)
    putting = asyncio.create_task(upload(cluster, sent))
    while sent[0] < 10 * MIB:  # noqa: ASYNC110 - the gateway tells nobody
        await asyncio.sleep(0.01)
    taken = await stays(lambda: sent[0])
    assert taken <= 64 * MIB  # of 200: what had passed, and the system's buffers on the way
    cluster.proxy.flow()
    assert await putting == b"HTTP/1.1 200 OK"
    got = await cluster.content_of("b")
    assert got == b"".join(map(piece, range(SIZE // MIB)))
    await cluster.settle()
