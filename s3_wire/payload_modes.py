"""What `x-amz-content-sha256` says of a body: its digest, or how it is framed and signed.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html has the
values. No signature is verified here; but S3 reads the header in two ways, by what kind the
signature is of, and so does this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from s3_wire.errors import InvalidArgument

_HEADER = "x-amz-content-sha256"
_UNSIGNED = "UNSIGNED-PAYLOAD"
_HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PayloadMode:
    """How a body comes.

    `is_framed` says that it is `aws-chunked`; `has_signatures` and `has_signed_trailer` what the
    framing must hold. `needs_decoded_size` says that the client must tell its size without framing.
    `sha256` is what the body's SHA-256 in hex is compared with, if it is, and may be anything.
    """

    is_framed: bool = False
    has_signatures: bool = False
    has_signed_trailer: bool = False
    needs_decoded_size: bool = False
    sha256: str | None = None


PLAIN = PayloadMode()
UNSIGNED_CHUNKS = PayloadMode(is_framed=True, needs_decoded_size=True)
SIGNED_CHUNKS = replace(UNSIGNED_CHUNKS, has_signatures=True)
SIGNED_TRAILER = replace(SIGNED_CHUNKS, has_signed_trailer=True)

_MODES = {
    _UNSIGNED: PLAIN,
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": UNSIGNED_CHUNKS,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": SIGNED_CHUNKS,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": SIGNED_TRAILER,
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD": SIGNED_CHUNKS,
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER": SIGNED_TRAILER,
}


def payload_mode(headers: Mapping[str, str], query: Mapping[str, str]) -> PayloadMode:
    """How the body of a request comes.

    Args:
        headers: The request's, names in lower case.
        query: Its query parameters, in which a signature may stand.

    Raises:
        InvalidArgument: `x-amz-content-sha256` has none of its values, or contradicts
            `Content-Encoding`.
    """
    value = headers.get(_HEADER)
    if value is None:
        # Without a signature it may be missing; a framed body must not be stored with its framing.
        return UNSIGNED_CHUNKS if _says_aws_chunked(headers) else PLAIN
    if _is_signed_elsewhere(headers, query):
        if value == _UNSIGNED:
            return PLAIN
        return PayloadMode(sha256=value, needs_decoded_size=value in _MODES)
    if _HEX_SHA256.fullmatch(value):
        # S3 keeps the body as it is here, whatever Content-Encoding says.
        return PayloadMode(sha256=value)
    mode = _MODES.get(value)
    if mode is None:
        raise InvalidArgument(
            f"{_HEADER} must be {', '.join(_MODES)} or a valid sha256 value.",
            ArgumentName=_HEADER,
            ArgumentValue=value,
        )
    if mode is PLAIN and _says_aws_chunked(headers):
        raise InvalidArgument(
            f"aws-chunked encoding is not supported when {_HEADER} {_UNSIGNED} is supplied",
            ArgumentName="Content-Encoding",
            ArgumentValue=headers["content-encoding"],
        )
    return mode


def _says_aws_chunked(headers: Mapping[str, str]) -> bool:
    codings = headers.get("content-encoding")
    if codings is None:
        return False
    return "aws-chunked" in (coding.strip() for coding in codings.lower().split(","))


def _is_signed_elsewhere(headers: Mapping[str, str], query: Mapping[str, str]) -> bool:
    """Whether the signature is one of version 2, or in a presigned URL.

    S3 then takes the header for a digest, whatever it says, and no body for framed: Swift's tests,
    which are written against S3, say so of each of these signatures.
    """
    return headers.get("authorization", "").startswith("AWS ") or not query.keys().isdisjoint(
        ("X-Amz-Signature", "Signature")
    )
