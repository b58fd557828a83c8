"""`aws-chunked` framing: what SDKs send to sign chunk by chunk, or to put checksums in a trailer.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
`sigv4-streaming-trailers.html` beside it. It lies inside HTTP's own chunks and shares no boundary
with them. Signatures are skipped, not verified: this server has no users whose keys it knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum, auto
from typing import TypeAlias

from s3_wire.errors import IncompleteBody, MalformedTrailerError

Trailers: TypeAlias = Mapping[str, str]

MAX_CHUNK_HEAD_BYTES = 1024
MAX_TRAILER_BYTES = 8192

_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,16})(?:;[\x20-\x7e]*)?", re.ASCII)


class _State(Enum):
    CHUNK_HEAD = auto()
    CHUNK_DATA = auto()
    CHUNK_END = auto()
    TRAILER = auto()
    DONE = auto()


class AwsChunkedDecoder:
    """Takes the framing off, fed in whatever pieces the network delivers.

    It keeps at most a chunk head or the trailer, whose sizes are limited; payload passes through.

    Args:
        declared_size_bytes: The payload's size where the client said it; more is refused before it
            is read.
    """

    def __init__(self, declared_size_bytes: int | None = None) -> None:
        self._state = _State.CHUNK_HEAD
        self._line = bytearray()
        self._chunk_left = 0
        self._allowed_left = declared_size_bytes
        self._trailers: dict[str, str] = {}
        self._trailer_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next piece of the body and return the payload in it.

        Raises:
            IncompleteBody: The bytes are no aws-chunked framing, or the chunks hold more than the
                declared size.
            MalformedTrailerError: The trailer is no list of fields.
        """
        payload: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            if self._state is _State.CHUNK_DATA:
                piece = data[at : at + self._chunk_left]
                payload.append(piece)
                at += len(piece)
                self._chunk_left -= len(piece)
                if not self._chunk_left:
                    self._state = _State.CHUNK_END
            else:
                at = self._take_line(data, at)
        return payload

    def finish(self) -> Trailers:
        """Declare the body ended.

        Returns:
            The trailer's fields, names in lower case.

        Raises:
            IncompleteBody: The last chunk, or what follows it, has not come.
        """
        if self._state is not _State.DONE:
            raise IncompleteBody("The aws-chunked body ended before its last chunk.")
        return self._trailers

    def _take_line(self, data: bytes, at: int) -> int:
        """Gather a CRLF-ended line, act on it when it is whole; return where reading goes on."""
        if self._state is _State.DONE:
            raise IncompleteBody("The aws-chunked body goes on after its last chunk.")
        newline = data.find(b"\n", at)
        stop = len(data) if newline < 0 else newline + 1
        self._line += data[at:stop]
        if len(self._line) > self._line_limit():
            raise IncompleteBody("A line of the aws-chunked framing is too long.")
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
                raise IncompleteBody("An aws-chunked chunk is longer than its head says.")
            self._state = _State.CHUNK_HEAD
        elif line:
            self._add_trailer(line)
        else:
            self._state = _State.DONE

    def _begin_chunk(self, line: bytes) -> None:
        match = _CHUNK_HEAD.fullmatch(line)
        if match is None:
            raise IncompleteBody("An aws-chunked chunk does not begin with its size.")
        self._chunk_left = int(match[1], 16)
        if self._allowed_left is not None:
            self._allowed_left -= self._chunk_left
            if self._allowed_left < 0:
                raise IncompleteBody(
                    "The aws-chunked body holds more bytes than x-amz-decoded-content-length says."
                )
        self._state = _State.CHUNK_DATA if self._chunk_left else _State.TRAILER

    def _add_trailer(self, line: bytes) -> None:
        # minio-go ends a signed trailer's value with LF before the CRLF, as it was recorded
        # (`tests/traces/requests/minio-go.jsonl`): stripping takes it off.
        raw_name, _, raw_value = line.partition(b":")
        self._trailer_bytes += len(line)
        try:
            name = raw_name.decode("ascii").strip().lower()
            value = raw_value.decode("ascii").strip()
        except UnicodeDecodeError:
            raise MalformedTrailerError("A trailer of the aws-chunked body is not ASCII.") from None
        if b":" not in line or not name or name in self._trailers:
            raise MalformedTrailerError(
                "A trailer of the aws-chunked body is no field, or came twice."
            )
        self._trailers[name] = value
