"""From the network's pieces to a body's bytes: framing off, size limited, digests verified.

The body streams; what is held is at most `PIECE_BYTES` and what one receive brings. A body that
breaks off, is too large, or has another digest than it came with raises in the middle or at the end
of the iteration, so that whoever stores it must be able to drop what came before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from handlers.exchange import Limits, Receive, S3Request
from s3_wire.aws_chunked import AwsChunkedDecoder
from s3_wire.checksums import BodyDigests
from s3_wire.errors import (
    EntityTooLarge,
    IncompleteBody,
    InvalidArgument,
    MaxMessageLengthExceeded,
    MissingContentLength,
    RequestTimeout,
)

PIECE_BYTES = 1024 * 1024
_INLINE_DIGEST_BYTES = 64 * 1024


class RequestBody:
    """The body of one request.

    Raises:
        MissingContentLength: Neither its length nor an end was announced.
        EntityTooLarge, MaxMessageLengthExceeded: It is declared larger than an object, or a
            document, may be.
        InvalidArgument, InvalidDigest, InvalidRequest, BadDigest: Of its headers.
    """

    def __init__(self, request: S3Request, *, is_document: bool = False) -> None:
        headers = request.headers
        self._receive: Receive = request.receive
        self._limits: Limits = request.services.limits
        self._is_document = is_document
        self._wire_bytes_left = _declared(headers, "content-length")
        if self._wire_bytes_left is None and "transfer-encoding" not in headers:
            raise MissingContentLength
        self._decoder: AwsChunkedDecoder | None = None
        self.declared_size_bytes = self._wire_bytes_left
        if _is_aws_chunked(headers):
            self.declared_size_bytes = _declared(headers, "x-amz-decoded-content-length")
            if self.declared_size_bytes is None:
                raise MissingContentLength(
                    "You must provide the x-amz-decoded-content-length HTTP header."
                )
            self._decoder = AwsChunkedDecoder(self.declared_size_bytes)
        self._check_size(self.declared_size_bytes or 0)
        trailers = headers.get("x-amz-trailer", "") if self._decoder else ""
        self._digests = BodyDigests(headers, [t.strip().lower() for t in trailers.split(",") if t])
        self._patience = self._limits.body_idle_seconds
        self.checksum_headers: Mapping[str, str] = {}
        """The checksums that were verified, for the answer; filled at the end of the body."""

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body's bytes, in pieces of at least `PIECE_BYTES` but for the last.

        Raises:
            IncompleteBody, EntityTooLarge, MaxMessageLengthExceeded, RequestTimeout: While it
                comes.
            BadDigest, XAmzContentSHA256Mismatch, InvalidRequest, MalformedTrailerError: At its end.
        """
        gathered: list[bytes] = []
        gathered_bytes = total_bytes = 0
        async for payload in self._payloads():
            gathered.append(payload)
            gathered_bytes += len(payload)
            total_bytes += len(payload)
            self._check_size(total_bytes)
            if gathered_bytes >= PIECE_BYTES:
                piece = b"".join(gathered)
                gathered, gathered_bytes = [], 0
                await self._digest(piece)
                yield piece
        piece = b"".join(gathered)
        await self._digest(piece)
        self._check_end(total_bytes)
        if piece:
            yield piece

    def _check_size(self, size_bytes: int) -> None:
        if self._is_document:
            max_bytes = self._limits.max_document_bytes
            if size_bytes > max_bytes:
                raise MaxMessageLengthExceeded(MaxMessageLengthBytes=str(max_bytes))
        elif size_bytes > self._limits.max_object_bytes:
            max_bytes = self._limits.max_object_bytes
            raise EntityTooLarge(ProposedSize=str(size_bytes), MaxSizeAllowed=str(max_bytes))

    async def _payloads(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._next_message()
            if message["type"] == "http.disconnect":
                raise IncompleteBody("The connection ended before the body did.")
            data: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            if self._wire_bytes_left is not None:
                self._wire_bytes_left -= len(data)
            if self._decoder is None:
                if data:
                    yield data
            else:
                for payload in self._decoder.feed(data):
                    yield payload

    async def _next_message(self) -> Mapping[str, Any]:
        """What comes next. A client's patience with us is its own; ours is with what it sends.

        Each wait takes from it, and each byte gives some back, so that who sends a byte now and
        then holds no place for ever.
        """
        limits, clock = self._limits, asyncio.get_running_loop().time
        begun = clock()
        try:
            async with asyncio.timeout(min(limits.body_idle_seconds, self._patience)):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        if limits.min_bytes_per_second:
            self._patience -= clock() - begun
            self._patience += len(message.get("body", b"")) / limits.min_bytes_per_second
        return message

    async def _digest(self, piece: bytes) -> None:
        if self._digests.is_empty or not piece:
            return
        if len(piece) <= _INLINE_DIGEST_BYTES:
            self._digests.update(piece)
        else:
            await asyncio.to_thread(self._digests.update, piece)

    def _check_end(self, total_bytes: int) -> None:
        if self._wire_bytes_left:
            raise IncompleteBody
        trailers = self._decoder.finish() if self._decoder else {}
        if self.declared_size_bytes is not None and total_bytes != self.declared_size_bytes:
            raise IncompleteBody(
                "The body does not have the number of bytes that x-amz-decoded-content-length says."
            )
        self.checksum_headers = self._digests.verify(trailers)


async def read_document(request: S3Request) -> bytes:
    """The whole body of a request that brings a document.

    Raises:
        MaxMessageLengthExceeded: It is larger than any valid document.
    """
    body = RequestBody(request, is_document=True)
    return b"".join([piece async for piece in body.pieces()])


def _is_aws_chunked(headers: Mapping[str, str]) -> bool:
    if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        return True
    return "aws-chunked" in headers.get("content-encoding", "").lower()


def _declared(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise InvalidArgument(f"{name} is no size.", ArgumentName=name, ArgumentValue=value)
    return int(value)
