"""From the network's pieces to a body's bytes: framing off, size limited, digests verified.

The body streams; what is held is at most `PIECE_BYTES` and what one receive brings. A body that
breaks off, is too large, or has another digest than it came with raises in the middle or at the end
of the iteration, so that whoever stores it must be able to drop what came before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from enum import Enum, auto
from itertools import islice
from typing import Any

from handlers.body_sizes import content_length, decoded_size
from handlers.exchange import Limits, Receive, S3Request
from handlers.gathering import Gathered
from s3_wire.aws_chunked import AwsChunkedDecoder, size_mismatch
from s3_wire.checksums import BodyDigests, names_checksum
from s3_wire.documents import DocumentReader, Element
from s3_wire.errors import (
    EntityTooLarge,
    IncompleteBody,
    MaxMessageLengthExceeded,
    RequestTimeout,
)
from s3_wire.payload_modes import PLAIN, payload_mode

PIECE_BYTES = 1024 * 1024
DOCUMENT_PIECE_BYTES = 8 * 1024
_BYTES_OF_A_CHARACTER = 4
_ELEMENT_BYTES = 384
"""What an element of a document takes, and what an operation reads out of it."""

_CHUNKS_A_TURN = 256
_INLINE_DIGEST_BYTES = 64 * 1024
"""Up to this size a thread costs more than the digest."""


class BodyUse(Enum):
    """What an operation does with a body."""

    OBJECT = auto()
    DOCUMENT = auto()
    OPTIONAL_DOCUMENT = auto()
    NONE = auto()
    """Nothing, but verify the checksum that came with it."""


class RequestBody:
    """The body of one request.

    Raises:
        MissingContentLength: Its headers announce neither a length nor an end, or not the size
            within the framing where that must be told.
        EntityTooLarge: It is declared larger than an object may be.
        MaxMessageLengthExceeded: It is declared larger than a document may be.
        IncompleteBody: It is declared to have two sizes.
        InvalidArgument: A size is no number, or `x-amz-content-sha256` has none of its values.
        InvalidDigest: Content-MD5 is no base64 of 16 bytes.
        InvalidRequest: There is more than one checksum, or one that S3 does not have.
        MalformedTrailerError: A checksum is announced for a trailer, where there can be none.
    """

    def __init__(self, request: S3Request, use: BodyUse = BodyUse.OBJECT) -> None:
        headers = request.headers
        mode = payload_mode(headers, request.query)
        if use is BodyUse.NONE:
            mode = PLAIN
            headers = {name: value for name, value in headers.items() if name != "content-md5"}
        self._receive: Receive = request.receive
        self._limits: Limits = request.services.limits
        self._is_document = use is not BodyUse.OBJECT
        self.declared_size_bytes = decoded_size(headers, mode)
        self._digests = BodyDigests(headers, mode, is_document=self._is_document)
        self._wire_bytes = self._wire_bytes_left = content_length(
            headers, may_be_missing=use in (BodyUse.NONE, BodyUse.OPTIONAL_DOCUMENT)
        )
        if self.declared_size_bytes is None:
            self.declared_size_bytes = self._wire_bytes
        self._check_size(self.declared_size_bytes or 0)
        self._decoder: AwsChunkedDecoder | None = None
        if mode.is_framed:
            self._decoder = AwsChunkedDecoder(
                self.declared_size_bytes, mode, self._digests.trailer, request.chunk_signatures
            )
        elif self._wire_bytes is not None:
            self._check_declared(self._wire_bytes)
        self._has_come = request.has_come
        self._patience = self._limits.body_idle_seconds
        self.checksum_headers: Mapping[str, str] = {}
        """The checksum that was verified, for the answer; filled at the end of the body."""

    async def pieces(self, piece_bytes: int = PIECE_BYTES) -> AsyncIterator[bytes]:
        """The body's bytes, in pieces of at least so many but for the last.

        Raises:
            IncompleteBody: It breaks off, is not framed as its headers say, or has another size
                than they declare.
            EntityTooLarge: More comes than an object may have.
            MaxMessageLengthExceeded: More comes than a document may have.
            RequestTimeout: Its client sends nothing, or next to nothing, for too long.
            SignatureDoesNotMatch: A chunk of it is not what was signed.
            BadDigest: At its end, its bytes have another checksum or MD5.
            XAmzContentSHA256Mismatch: At its end, its bytes have another SHA-256.
            InvalidRequest: At its end, the checksum in the trailer is malformed.
            MalformedTrailerError: At its end, the trailer is not what was announced.
        """
        gathered = Gathered()
        total_bytes = 0
        more = True
        while more:
            data, more = await self._next_data()
            for payload, is_turn_over in self._payloads(data):
                gathered.add(payload)
                total_bytes += len(payload)
                self._check_size(total_bytes)
                if gathered.size_bytes >= piece_bytes:
                    piece = gathered.take()
                    await self._digest(piece)
                    yield piece
                elif self._unverified_bytes > PIECE_BYTES:
                    await self._digest(b"")
                if is_turn_over:
                    await asyncio.sleep(0)
        piece = gathered.take()
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

    async def _next_data(self) -> tuple[bytes, bool]:
        """Bytes as they come, and whether more do."""
        message = await self._next_message()
        if message["type"] == "http.disconnect":
            raise self._cut_short()
        data: bytes = message.get("body", b"")
        if self._wire_bytes_left is not None:
            self._wire_bytes_left -= len(data)
        return data, message.get("more_body", False)

    def _payloads(self, data: bytes) -> Iterable[tuple[bytes, bool]]:
        """What is within the framing, and whether others should have their turn behind it."""
        if self._decoder is not None:
            return _in_turns(self._decoder.chunks(data))
        return ((data, False),) if data else ()

    async def _next_message(self) -> Mapping[str, Any]:
        """What comes next. A client's patience with us is its own; ours is with what it sends.

        Each wait takes from it, and each byte gives some back, so that who sends a byte now and
        then holds no place for ever.
        """
        if self._has_come:
            return await self._receive()
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

    @property
    def _unverified_bytes(self) -> int:
        return self._decoder.unverified_bytes if self._decoder else 0

    async def _digest(self, piece: bytes) -> None:
        if (self._digests.is_empty or not piece) and not self._unverified_bytes:
            return
        if max(len(piece), self._unverified_bytes) <= _INLINE_DIGEST_BYTES:
            self._digest_now(piece)
        else:
            await asyncio.to_thread(self._digest_now, piece)

    def _digest_now(self, piece: bytes) -> None:
        if self._decoder is not None:
            self._decoder.verify()
        self._digests.update(piece)

    def _check_end(self, total_bytes: int) -> None:
        if self._wire_bytes_left:
            raise self._cut_short()
        trailers = self._decoder.finish() if self._decoder else {}
        self._check_declared(total_bytes)
        self.checksum_headers = self._digests.verify(trailers)

    def _check_declared(self, size_bytes: int) -> None:
        if self.declared_size_bytes not in (None, size_bytes):
            raise size_mismatch(self.declared_size_bytes or 0, size_bytes)

    def _cut_short(self) -> IncompleteBody:
        if self._wire_bytes is None or self._wire_bytes_left is None:
            return IncompleteBody(Reason="The connection ended before the body did.")
        return size_mismatch(self._wire_bytes, self._wire_bytes - self._wire_bytes_left)


def _in_turns(payloads: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """What chunks hold, some chunks at a time, as each is work: others have their turn between.

    A client may send chunks of one byte. All of one receive took 190 ms.
    """
    while some := list(islice(payloads, _CHUNKS_A_TURN)):
        yield b"".join(some) if len(some) > 1 else some[0], len(some) == _CHUNKS_A_TURN


async def read_document(request: S3Request, root: str, max_entries: int) -> Element:
    """The document that a request brings, read while it comes.

    Raises:
        MaxMessageLengthExceeded: It is larger than any valid document.
        MalformedXML: It is no such document, or has more entries than a valid one.
        PfsOverloaded: There is no memory for it now.
    """
    reader = DocumentReader(root, max_entries)
    async for piece in _document_pieces(request, BodyUse.DOCUMENT, reader):
        reader.feed(piece)
    return reader.finish()


async def read_optional_document(request: S3Request, root: str, max_entries: int) -> Element | None:
    """The document of a request that may bring one; None where it brings white space at most.

    Raises:
        MaxMessageLengthExceeded, MalformedXML, PfsOverloaded: As for `read_document`.
    """
    reader = DocumentReader(root, max_entries)
    is_blank = True
    async for piece in _document_pieces(request, BodyUse.OPTIONAL_DOCUMENT, reader):
        is_blank = is_blank and not piece.strip()
        if not is_blank:
            reader.feed(piece)
    return None if is_blank else reader.finish()


async def _document_pieces(
    request: S3Request, use: BodyUse, reader: DocumentReader
) -> AsyncIterator[bytes]:
    """A document's bytes, held in the request's memory: its texts may take four times as many.

    An element of four bytes takes a hundred times as many, so those that have come count, too.
    """
    body = RequestBody(request, use)
    size_bytes = body.declared_size_bytes
    if size_bytes is None:
        size_bytes = request.services.limits.max_document_bytes
    of_texts = size_bytes * _BYTES_OF_A_CHARACTER
    await request.memory.need(of_texts)
    async for piece in body.pieces(DOCUMENT_PIECE_BYTES):
        for at in range(0, len(piece), DOCUMENT_PIECE_BYTES):
            yield piece[at : at + DOCUMENT_PIECE_BYTES]
            await request.memory.need(of_texts + reader.elements * _ELEMENT_BYTES)
            await asyncio.sleep(0)  # reading XML is work: others have their turn


async def verify_unread_body(request: S3Request) -> None:
    """See that a request says nothing false of its body, where the operation takes none.

    S3 ignores `Content-MD5` there, and compares `x-amz-content-sha256` with nothing. A checksum is
    verified all the same, since its client believes that it was.

    Raises:
        InvalidArgument: `x-amz-content-sha256` has none of its values.
        InvalidRequest: There is more than one checksum, or a malformed one.
        MalformedTrailerError: A checksum is announced for a trailer, where there can be none.
        BadDigest: The body has another checksum; where there is none, that of no bytes is right.
    """
    if names_checksum(request.headers):
        async for _ in RequestBody(request, BodyUse.NONE).pieces(DOCUMENT_PIECE_BYTES):
            pass
    else:
        payload_mode(request.headers, request.query)
