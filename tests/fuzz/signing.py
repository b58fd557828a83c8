"""Makes a generated request's digests and framing right, as any client's are.

Values that only have the right form are refused for what they are, and the request tests nothing
else. Those that say something about the body get to say the truth.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import MutableMapping

_CHUNK_BYTES = 7
_CRC32 = "x-amz-checksum-crc32"


def signed(headers: MutableMapping[str, str], body: bytes) -> bytes:
    """Set the headers that describe a body, where there are such, and return it as it is sent.

    Args:
        headers: The request's; names that are there are changed.
        body: The payload.
    """
    framing = headers.get("x-amz-content-sha256", "")
    is_framed = framing.startswith("STREAMING-")
    if "Content-MD5" in headers:
        headers["Content-MD5"] = _base64(hashlib.md5(body, usedforsecurity=False).digest())
    if len(framing) == 64:
        headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    if "x-amz-sdk-checksum-algorithm" in headers:
        headers["x-amz-sdk-checksum-algorithm"] = "CRC32"
        headers.setdefault(_CRC32, "")
    has_trailer = is_framed and "x-amz-trailer" in headers
    if has_trailer:
        headers["x-amz-trailer"] = _CRC32
        headers.pop(_CRC32, None)
    if _CRC32 in headers:
        headers[_CRC32] = _crc32(body)
    if "aws-chunked" in headers.get("Content-Encoding", "").lower():
        headers["Content-Encoding"] = "aws-chunked"
        is_framed = True
    if not is_framed:
        return body
    headers["x-amz-decoded-content-length"] = str(len(body))
    return framed(body, [f"{_CRC32}:{_crc32(body)}"] if has_trailer else [])


def framed(body: bytes, trailers: list[str]) -> bytes:
    """A body as `aws-chunked`."""
    pieces = [body[at : at + _CHUNK_BYTES] for at in range(0, len(body), _CHUNK_BYTES)]
    chunks = [f"{len(piece):x};chunk-signature=0\r\n".encode() + piece for piece in pieces]
    end = "".join(f"{line}\r\n" for line in ["0", *trailers, ""])
    return b"".join(chunk + b"\r\n" for chunk in chunks) + end.encode()


def _crc32(body: bytes) -> str:
    return _base64(zlib.crc32(body).to_bytes(4, "big"))


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
