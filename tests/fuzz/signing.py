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
_SHA256 = "x-amz-content-sha256"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
_MODES = (_UNSIGNED, _UNSIGNED_CHUNKS, _SIGNED_TRAILER, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")


def signed(
    headers: MutableMapping[str, str],
    body: bytes,
    *,
    takes_body: bool = True,
    is_presigned: bool = False,
) -> bytes:
    """Set the headers that describe a body, where there are such, and return it as it is sent.

    Args:
        headers: The request's; names that are there are changed.
        body: The payload.
        takes_body: Whether the operation reads one.
        is_presigned: Whether a signature stands in the query, with which nothing is framed.
    """
    _set_digests(headers, body, is_presigned=is_presigned)
    is_framed = takes_body and _is_framed(headers)
    if headers.get(_SHA256) == _SIGNED_TRAILER and is_framed:
        headers["x-amz-trailer"] = _CRC32
    if not is_framed:
        headers.pop("x-amz-trailer", None)
    if "x-amz-sdk-checksum-algorithm" in headers:
        headers["x-amz-sdk-checksum-algorithm"] = "CRC32"
        headers.setdefault(_CRC32, "")
    trailers = []
    if "x-amz-trailer" in headers:
        headers["x-amz-trailer"] = _CRC32
        headers.pop(_CRC32, None)
        trailers.append(f"{_CRC32}:{_crc32(body)}")
    if headers.get(_SHA256) == _SIGNED_TRAILER:
        trailers.append("x-amz-trailer-signature:0")
    if _CRC32 in headers:
        headers[_CRC32] = _crc32(body)
    if is_framed or "x-amz-decoded-content-length" in headers:
        headers["x-amz-decoded-content-length"] = str(len(body))
    return framed(body, trailers) if is_framed else body


def _set_digests(headers: MutableMapping[str, str], body: bytes, *, is_presigned: bool) -> None:
    if "Content-MD5" in headers:
        headers["Content-MD5"] = _base64(hashlib.md5(body, usedforsecurity=False).digest())
    if _says_aws_chunked(headers):
        headers["Content-Encoding"] = "aws-chunked"
    if _SHA256 not in headers:
        return
    modes = (_UNSIGNED,) if is_presigned else _MODES
    choice = len(headers[_SHA256]) % (len(modes) + 1)
    headers[_SHA256] = [*modes, hashlib.sha256(body).hexdigest()][choice]
    if headers[_SHA256] == _UNSIGNED and _says_aws_chunked(headers) and not is_presigned:
        headers[_SHA256] = _UNSIGNED_CHUNKS


def _is_framed(headers: MutableMapping[str, str]) -> bool:
    if _SHA256 in headers:
        return headers[_SHA256].startswith("STREAMING-")
    return _says_aws_chunked(headers)


def _says_aws_chunked(headers: MutableMapping[str, str]) -> bool:
    return "aws-chunked" in headers.get("Content-Encoding", "").lower()


def framed(body: bytes, trailers: list[str]) -> bytes:
    """A body as `aws-chunked`."""
    pieces = [body[at : at + _CHUNK_BYTES] for at in range(0, len(body), _CHUNK_BYTES)]
    chunks = [f"{len(piece):x};chunk-signature=0\r\n".encode() + piece for piece in pieces]
    end = "".join(f"{line}\r\n" for line in ["0;chunk-signature=0", *trailers, ""])
    return b"".join(chunk + b"\r\n" for chunk in chunks) + end.encode()


def _crc32(body: bytes) -> str:
    return _base64(zlib.crc32(body).to_bytes(4, "big"))


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
