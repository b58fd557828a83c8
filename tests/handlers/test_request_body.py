"""What a body and a document make the process hold and compute, whatever their client sends."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace

import pytest

from handlers.exchange import Limits, S3Request, Services
from handlers.request_body import RequestBody, read_document
from pfs_client.limits.memory_budget import MemoryBudget, Share
from s3_wire.errors import MalformedXML

CHUNKED = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
MIB = 1024 * 1024


def request_of(
    services: Services, body: bytes, headers: Mapping[str, str], piece_bytes: int = 64 * 1024
) -> S3Request:
    pieces = [body[at : at + piece_bytes] for at in range(0, len(body), piece_bytes)]

    async def receive() -> dict[str, object]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    ample = replace(services, limits=Limits(100 * MIB, 8 * MIB, 60), memory=MemoryBudget(200 * MIB))
    sent = {"content-length": str(len(body)), **headers}
    return S3Request("master.r", "a", {}, sent, {}, receive, ample, Share(ample.memory))


async def test_others_have_their_turn_between_the_chunks_of_one_piece(services: Services) -> None:
    number = 4_000
    wire = b"1\r\na\r\n" * number + b"0\r\n\r\n"
    headers = {**CHUNKED, "x-amz-decoded-content-length": str(number)}
    request = request_of(services, wire, headers, len(wire))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(count())
    content = b"".join([piece async for piece in RequestBody(request).pieces()])
    others.cancel()
    assert content == b"a" * number
    assert turns > number // 500


async def test_a_body_of_the_smallest_chunks_takes_no_more_memory_than_another(
    services: Services,
) -> None:
    size_bytes = 32 * 1024
    wire = b"2\r\nab\r\n" * (size_bytes // 2) + b"0\r\n\r\n"
    headers = {**CHUNKED, "x-amz-decoded-content-length": str(size_bytes)}
    request = request_of(services, wire, headers, 8 * 1024)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        (content,) = [piece async for piece in RequestBody(request).pieces()]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert content == b"ab" * (size_bytes // 2)
    assert most - before < 4 * size_bytes


@pytest.mark.parametrize("element", ["<a/>", "<a>text</a>"])
async def test_what_the_elements_of_a_document_take_is_counted(
    services: Services, element: str
) -> None:
    part = f"<Part>{element * 15}</Part>"
    wire = f"<CompleteMultipartUpload>{part * 200}</CompleteMultipartUpload>".encode()
    request = request_of(services, wire, {})
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        document = await read_document(request, "CompleteMultipartUpload", 10_000, 16)
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(document.children) == 200
    assert now - before < request.memory.held_bytes


async def test_a_part_with_more_elements_than_any_is_refused(services: Services) -> None:
    wire = f"<CompleteMultipartUpload><Part>{'<a/>' * 16}</Part></CompleteMultipartUpload>"
    with pytest.raises(MalformedXML):
        await read_document(
            request_of(services, wire.encode(), {}), "CompleteMultipartUpload", 10_000, 16
        )
