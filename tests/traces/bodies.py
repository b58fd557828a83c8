"""Bodies of recorded requests: as they were where they are small, described where they are large.

A large body is a pattern of bytes as long as the recorded one, in the same framing. Its digests
are those of the pattern, so that a server that verifies them is content.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from awscrt import checksums

SIGNATURE = "5" * 64
_PATTERN = bytes(range(251))


@lru_cache(maxsize=4)
def pattern(size_bytes: int) -> bytes:
    """Bytes whose period fits no chunk size, so that a chunk lost or doubled shows."""
    return (_PATTERN * (size_bytes // len(_PATTERN) + 1))[:size_bytes]


def checksum(algorithm: str, content: bytes) -> str:
    """The base64 of a digest, by its name in `x-amz-checksum-…`, or `md5`."""
    if algorithm in ("md5", "sha1", "sha256"):
        digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    else:
        functions: dict[str, tuple[Callable[[bytes], int], int]] = {
            "crc32": (zlib.crc32, 4),
            "crc32c": (checksums.crc32c, 4),
            "crc64nvme": (checksums.crc64nvme, 8),
        }
        function, size_bytes = functions[algorithm]
        digest = function(content).to_bytes(size_bytes, "big")
    return base64.b64encode(digest).decode()


def payload_of(body: dict[str, Any]) -> bytes:
    """What a body's bytes are without framing."""
    if "pattern_bytes" in body:
        return pattern(body["pattern_bytes"])
    wire: bytes = body["text"].encode("latin-1")
    return b"".join(_aws_payloads(wire)) if body.get("is_aws_chunked") else wire


def wire_of(body: dict[str, Any]) -> bytes:
    """A body's bytes as they are in the request, but for HTTP's own chunks."""
    if "pattern_bytes" not in body:
        wire: bytes = body["text"].encode("latin-1")
        return wire
    content = pattern(body["pattern_bytes"])
    framing = body.get("aws_chunked")
    return _aws_framed(content, framing) if framing else content


def in_http_chunks(wire: bytes, sizes: list[int]) -> bytes:
    """The same bytes with `Transfer-Encoding: chunked`, in chunks of these sizes in turn."""
    pieces = []
    at = 0
    for size in itertools.cycle(sizes):
        if at >= len(wire):
            break
        piece = wire[at : at + size]
        pieces.append(b"%x\r\n%s\r\n" % (len(piece), piece))
        at += size
    return b"".join(pieces) + b"0\r\n\r\n"


def _aws_framed(content: bytes, framing: dict[str, Any]) -> bytes:
    size = framing["chunk_bytes"]
    extension = f";chunk-signature={SIGNATURE}".encode() if framing["is_signed"] else b""
    chunks = [content[at : at + size] for at in range(0, len(content), size)]
    framed = [b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk) for chunk in chunks]
    trailer: bytes = framing["trailer"].encode()
    return b"".join(framed) + b"0" + extension + b"\r\n" + trailer + b"\r\n"


def _aws_payloads(wire: bytes) -> Iterator[bytes]:
    while True:
        head, _, wire = wire.partition(b"\r\n")
        size = int(head.partition(b";")[0], 16)
        if not size:
            return
        yield wire[:size]
        wire = wire[size + 2 :]
