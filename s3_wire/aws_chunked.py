"""`aws-chunked` framing: what SDKs send to sign chunk by chunk, or to put checksums in a trailer.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
`sigv4-streaming-trailers.html` beside it. It lies inside HTTP's own chunks and shares no boundary
with them. Signatures must be there where the request says so; they are verified where it is known
who asks. S3 also refuses small chunks, which do no harm here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto
from typing import TypeAlias

from s3_wire.chunk_signatures import ChunkSignatures
from s3_wire.errors import IncompleteBody, MalformedTrailerError, S3Error
from s3_wire.payload_modes import UNSIGNED_CHUNKS, PayloadMode

Trailers: TypeAlias = Mapping[str, str]

MAX_CHUNK_HEAD_BYTES = 1024
MAX_TRAILER_BYTES = 8192

_CHUNK_HEAD = re.compile(rb"[ \t]*([0-9a-fA-F]{1,16})[ \t]*(?:;([\t\x20-\x7e]*))?", re.ASCII)
_CHUNK_SIGNATURE = re.compile(rb"[ \t]*chunk-signature[ \t]*=[ \t]*([^ \t;][^;]*)")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"


class _State(Enum):
    CHUNK_HEAD = auto()
    CHUNK_DATA = auto()
    CHUNK_END = auto()
    TRAILER = auto()
    DONE = auto()


class AwsChunkedDecoder:
    """Takes the framing off, fed in whatever pieces the network delivers.

    It keeps at most a chunk head or the trailer, whose sizes are limited; payload passes through.
    Where chunks are signed, it is also kept until `verify`, and to be thrown away if that refuses.

    Args:
        declared_size_bytes: The payload's size where the client said it; more is refused before it
            is read.
        mode: Which signatures the framing must hold.
        trailer: The field that the client has announced, its name in lower case; there may be no
            other.
        signatures: Verifies those of the chunks and the trailer; None where nobody's are known.
    """

    def __init__(
        self,
        declared_size_bytes: int | None = None,
        mode: PayloadMode = UNSIGNED_CHUNKS,
        trailer: str | None = None,
        signatures: ChunkSignatures | None = None,
    ) -> None:
        self._state = _State.CHUNK_HEAD
        self._line = bytearray()
        self._chunk_left = 0
        self._declared = declared_size_bytes
        self._payload_bytes = 0
        self._mode = mode
        self._announced = trailer
        self._signatures = signatures if mode.has_signatures else None
        self._trailers: dict[str, str] = {}
        self._trailer_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next piece of the body and return the payload in it.

        Raises:
            IncompleteBody: The bytes are no aws-chunked framing, or the chunks do not hold the
                declared size.
            SignatureDoesNotMatch: That, and a chunk before it is not what was signed.
            MalformedTrailerError: The trailer is no list of the announced fields.
        """
        return list(self.chunks(data))

    def chunks(self, data: bytes) -> Iterator[bytes]:
        """The same one after the other: a piece may hold thousands of chunks.

        A chunk is taken when it is asked for. The next piece comes when all of this one are taken.

        Raises:
            IncompleteBody, SignatureDoesNotMatch, MalformedTrailerError: As for `feed`.
        """
        try:
            yield from self._payload_in(data)
        except S3Error:
            self.verify()  # whoever has not signed the rest is told that, and nothing else
            raise

    @property
    def unverified_bytes(self) -> int:
        """How much memory what waits for `verify` takes: chunks may be of one byte each."""
        return 0 if self._signatures is None else self._signatures.noted_bytes

    def verify(self) -> None:
        """Verify the chunks that have come; `finish` does it too. It may run on a thread.

        Raises:
            SignatureDoesNotMatch: One is not what was signed.
        """
        if self._signatures is not None:
            self._signatures.verify()

    def _payload_in(self, data: bytes) -> Iterator[bytes]:
        at, end = 0, len(data)
        while at < end:
            if self._state is _State.CHUNK_DATA:
                piece = data[at : at + self._chunk_left]
                at += len(piece)
                self._take_data(piece)
                yield piece
            elif self._state is _State.DONE:
                self._pass_over(end - at)
                at = end
            else:
                at = self._take_line(data, at)

    def finish(self) -> Trailers:
        """Declare the body ended. The line behind the last one may be missing, as S3 takes it.

        Returns:
            The trailer's fields, names in lower case; one that came twice as it came last.

        Raises:
            IncompleteBody: The last chunk or a signature has not come, or what did come does not
                have the declared size.
            MalformedTrailerError: The announced field has not come.
            SignatureDoesNotMatch: A chunk or the trailer is not what was signed.
        """
        self.verify()
        if self._line or self._state not in (_State.TRAILER, _State.DONE):
            raise _terminated("The aws-chunked body ended before its last chunk.")
        self._check_size(self._payload_bytes)
        if self._mode.has_signed_trailer and (
            self._announced is None or _TRAILER_SIGNATURE not in self._trailers
        ):
            raise _terminated("The aws-chunked body has no signed trailer.")
        if self._announced is not None and self._announced not in self._trailers:
            raise MalformedTrailerError(
                Reason=f"The trailer {self._announced} that x-amz-trailer announces has not come."
            )
        if self._mode.has_signed_trailer and self._signatures is not None:
            fields = {n: v for n, v in self._trailers.items() if n != _TRAILER_SIGNATURE}
            self._signatures.verify_trailer(fields, self._trailers[_TRAILER_SIGNATURE])
        return self._trailers

    def _take_data(self, piece: bytes) -> None:
        self._chunk_left -= len(piece)
        if self._signatures is not None:
            self._signatures.update(piece)
        if not self._chunk_left:
            self._state = _State.CHUNK_END
            if self._signatures is not None:
                self._signatures.end()

    def _pass_over(self, size_bytes: int) -> None:
        """Leave out what lies behind an announced trailer, a little of it, as S3 does."""
        self._trailer_bytes += size_bytes
        if self._announced is None or self._trailer_bytes > MAX_TRAILER_BYTES:
            raise _terminated("The aws-chunked body goes on after its last chunk.")

    def _take_line(self, data: bytes, at: int) -> int:
        """Gather a CRLF-ended line, act on it when it is whole; return where reading goes on."""
        newline = data.find(b"\n", at)
        stop = len(data) if newline < 0 else newline + 1
        self._line += data[at:stop]
        if len(self._line) > self._line_limit():
            raise _terminated("A line of the aws-chunked framing is too long.")
        if self._line.endswith(b"\r\n"):
            line = bytes(self._line[:-2])
            self._line.clear()
            self._act_on_line(line)
        return stop

    def _line_limit(self) -> int:
        if self._state is _State.TRAILER:
            return MAX_TRAILER_BYTES - self._trailer_bytes
        return MAX_CHUNK_HEAD_BYTES

    def _act_on_line(self, line: bytes) -> None:
        if self._state is _State.CHUNK_HEAD:
            self._begin_chunk(line)
        elif self._state is _State.CHUNK_END:
            if line:
                raise _terminated("An aws-chunked chunk is longer than its head says.")
            self._state = _State.CHUNK_HEAD
        elif line:
            self._add_trailer(line)
        else:
            self._check_size(self._payload_bytes)
            self._state = _State.DONE

    def _begin_chunk(self, line: bytes) -> None:
        match = _CHUNK_HEAD.fullmatch(line)
        if match is None:
            raise _terminated("An aws-chunked chunk does not begin with its size.")
        self._chunk_left = int(match[1], 16)
        if self._mode.has_signatures:
            self._begin_signed(match[2] or b"")
        self._payload_bytes += self._chunk_left
        if self._declared is not None and self._payload_bytes > self._declared:
            self._check_size(self._payload_bytes)
        self._state = _State.CHUNK_DATA if self._chunk_left else _State.TRAILER

    def _begin_signed(self, extension: bytes) -> None:
        match = _CHUNK_SIGNATURE.fullmatch(extension)
        if match is None:
            raise _terminated("An aws-chunked chunk has no signature.")
        if self._signatures is not None:
            self._signatures.begin(match[1].strip().decode("ascii"))
            if not self._chunk_left:
                self._signatures.end()

    def _check_size(self, size_bytes: int) -> None:
        if self._declared not in (None, size_bytes):
            raise size_mismatch(self._declared or 0, size_bytes)

    def _add_trailer(self, line: bytes) -> None:
        # minio-go ends a signed trailer's value with LF before the CRLF, as it was recorded
        # (`tests/traces/requests/minio-go.jsonl`): stripping takes it off.
        raw_name, _, raw_value = line.partition(b":")
        self._trailer_bytes += len(line)
        try:
            name = raw_name.decode("ascii").strip().lower()
            value = raw_value.decode("ascii").strip()
        except UnicodeDecodeError:
            raise MalformedTrailerError(Reason="A trailer is not ASCII.") from None
        if b":" not in line:
            raise MalformedTrailerError(Reason="A trailer has no colon.")
        is_signature = self._mode.has_signed_trailer and name == _TRAILER_SIGNATURE
        if name != self._announced and not is_signature:
            raise MalformedTrailerError(
                Reason="A trailer has come that x-amz-trailer does not announce."
            )
        self._trailers[name] = value


def size_mismatch(expected_bytes: int, provided_bytes: int) -> IncompleteBody:
    """The refusal of a body that does not have the size that its client has declared."""
    return IncompleteBody(
        NumberBytesExpected=str(expected_bytes), NumberBytesProvided=str(provided_bytes)
    )


def _terminated(why: str) -> IncompleteBody:
    return IncompleteBody("The request body terminated unexpectedly", Reason=why)
