"""What a body and a document make the process hold and compute, whatever their client sends."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Mapping, MutableMapping
from dataclasses import replace
from typing import Any

import pytest

from handlers.exchange import Limits, S3Request, Services
from handlers.request_body import RequestBody, read_document
from pfs_client.limits.memory_budget import MemoryBudget, Share
from s3_wire.chunk_signatures import ChunkSignatures
from s3_wire.credential import SigningKey
from s3_wire.errors import MalformedXML
from s3_wire.signature_errors import SignatureDoesNotMatch
from tests.s3_wire.signed_chunks import KEY, SEED, chunk_signatures, chunked

CHUNKED = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
MIB = 1024 * 1024


def request_of(
    services: Services, body: bytes, headers: Mapping[str, str], piece_bytes: int = 64 * 1024
) -> S3Request:
    begins = iter(range(0, len(body), piece_bytes))

    async def receive() -> dict[str, object]:
        await asyncio.sleep(0)
        at = next(begins)
        end = at + piece_bytes
        return {"type": "http.request", "body": body[at:end], "more_body": end < len(body)}

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
    content, most_bytes = await received(request_of(services, wire, headers, 8 * 1024))
    assert content == b"ab" * (size_bytes // 2)
    assert most_bytes < 4 * size_bytes


async def test_the_smallest_signed_chunks_are_verified_before_they_take_much(
    services: Services,
) -> None:
    number = 6_000
    wire = chunked(*[b"a"] * number, b"")
    request = signed_request(services, wire, number, 8 * 1024)
    counted = Counted(SigningKey(KEY), "t", "scope", SEED)
    request = replace(request, chunk_signatures=counted)
    (content,) = [piece async for piece in RequestBody(request).pieces()]
    assert content == b"a" * number
    assert MIB < counted.most_bytes < MIB * 3 // 2


async def test_a_body_that_comes_in_drops_takes_no_more_memory_than_another(
    services: Services,
) -> None:
    content = b"ab" * 10_000
    taken, most_bytes = await received(request_of(services, content, {}, 2))
    assert taken == content
    assert most_bytes < 10 * len(content)


@pytest.mark.parametrize("behind", [b"", b"no framing\r\n", b"5;chunk-signature="])
@pytest.mark.parametrize("at", [0, 1, 19])
async def test_a_wrong_chunk_is_told_before_its_rest_has_come(
    services: Services, at: int, behind: bytes
) -> None:
    """Whatever comes after it, and even if nothing of that is framed or signed."""
    chunk_bytes = 200_000
    wire = chunked(*[b"x" * chunk_bytes] * 20, spoil=at) + behind
    request = signed_request(services, wire, 100 * MIB)
    taken = given = 0

    async def receive() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await request.receive()
        taken += len(message["body"])
        return message

    async def take() -> None:
        nonlocal given
        async for piece in RequestBody(replace(request, receive=receive)).pieces():
            given += len(piece)

    with pytest.raises(SignatureDoesNotMatch):
        await take()
    assert given <= (at + 1) * chunk_bytes
    assert taken <= (at + 1) * chunk_bytes + 2 * MIB


class Counted(ChunkSignatures):
    """Knows how much it had noted at most."""

    most_bytes = 0

    def verify(self) -> None:
        self.most_bytes = max(self.most_bytes, self.noted_bytes)
        super().verify()


async def received(request: S3Request) -> tuple[bytes, int]:
    """A body of one piece, and how many bytes were held for it at most."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        (content,) = [piece async for piece in RequestBody(request).pieces()]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return content, most - before


def signed_request(
    services: Services, wire: bytes, size_bytes: int, piece_bytes: int = 64 * 1024
) -> S3Request:
    """A request whose body is signed chunk by chunk."""
    headers = {
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": str(size_bytes),
    }
    request = request_of(services, wire, headers, piece_bytes)
    return replace(request, chunk_signatures=chunk_signatures())


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
        document = await read_document(request, "CompleteMultipartUpload", 10_000)
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(document.children) == 200
    assert now - before < request.memory.held_bytes


async def test_a_part_with_far_more_elements_than_any_is_refused(services: Services) -> None:
    wire = f"<CompleteMultipartUpload><Part>{'<a/>' * 64}</Part></CompleteMultipartUpload>"
    with pytest.raises(MalformedXML):
        await read_document(
            request_of(services, wire.encode(), {}), "CompleteMultipartUpload", 10_000
        )
