"""Bodies of PutObject, and what S3 answers to each, as far as it is known.

Read on 2026-11-26 in AWS's pages on SigV4 and on checksums, in what other servers' developers have
reported of S3, and in the test suite of OpenStack Swift, which is written against S3.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from tests.s3_wire.known_digests import EMPTY, HELLO

CONTENT = b"hello"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER_SHA256 = hashlib.sha256(b"other").hexdigest()
MD5_HEX = base64.b64decode(EMPTY["md5"]).hex()
CRC32 = "x-amz-checksum-crc32"

FRAMED = b"5\r\nhello\r\n0\r\n"
SIGNED = b"5;chunk-signature=a\r\nhello\r\n0;chunk-signature=b\r\n"
TRAILER = f"{CRC32}:{HELLO['crc32']}\r\n".encode()
WRONG_TRAILER = f"{CRC32}:{EMPTY['crc32']}\r\n".encode()
TRAILER_SIGNATURE = b"x-amz-trailer-signature:c\r\n"
STREAMING_UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
STREAMING_SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
STREAMING_SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"

TERMINATED = "The request body terminated unexpectedly"
NOT_THE_BYTES = (
    "You did not provide the number of bytes specified by the Content-Length HTTP header"
)
NO_LENGTH = "You must provide the Content-Length HTTP header."
NOT_OUR_TRAILER = (
    "The request contained trailing data that was not well-formed or did not conform to our"
    " published schema."
)
BAD_CRC32 = "The CRC32 you specified did not match the calculated checksum."
BAD_MD5 = "The Content-MD5 you specified did not match what we received."
NO_MD5 = "The Content-MD5 you specified was invalid."
BAD_SHA256 = "The provided 'x-amz-content-sha256' header does not match what was computed."
NO_SUCH_TRAILER = "The value specified in the x-amz-trailer header is not supported"


class Refused(NamedTuple):
    headers: Mapping[str, str]
    body: bytes
    code: str
    message: str
    details: Mapping[str, str] = {}
    status: int = 400


def plain(**headers: str) -> tuple[dict[str, str], bytes]:
    """A body without framing, and what its headers say: `content_md5`, `crc32`."""
    named = {"content_md5": "Content-MD5", "sha256": "x-amz-content-sha256", "crc32": CRC32}
    return {named.get(n, n.replace("_", "-")): value for n, value in headers.items()}, CONTENT


def framed(
    body: bytes, mode: str = STREAMING_UNSIGNED, size: str | None = "5", **headers: str
) -> tuple[dict[str, str], bytes]:
    """An aws-chunked body, and what its headers say."""
    said, _ = plain(**headers)
    said["x-amz-content-sha256"] = mode
    if size is not None:
        said["x-amz-decoded-content-length"] = size
    return said, body


def trailing(
    end: bytes, body: bytes = FRAMED, mode: str = STREAMING_UNSIGNED, trailer: str = CRC32
) -> tuple[dict[str, str], bytes]:
    """An aws-chunked body that has, or should have, a trailer."""
    return framed(body + end, mode, x_amz_trailer=trailer)


TAKEN = {
    "no digest": plain(),
    "all digests": plain(
        content_md5=HELLO["md5"],
        sha256=SHA256,
        crc32=HELLO["crc32"],
        x_amz_sdk_checksum_algorithm="crc32",
    ),
    "a SHA-256 in capitals": plain(sha256=SHA256.upper()),
    "an unsigned payload": plain(sha256="UNSIGNED-PAYLOAD"),
    "a digest, and no framing": plain(sha256=SHA256, Content_Encoding="aws-chunked"),
    "a decoded length, and no framing": plain(x_amz_decoded_content_length="5"),
    "words about a checksum": plain(
        crc32=HELLO["crc32"], x_amz_checksum_type="COMPOSITE", x_amz_checksum_algorithm="sha1"
    ),
    "chunks": framed(FRAMED + b"\r\n"),
    "chunks of any coding": framed(FRAMED + b"\r\n", Content_Encoding="foo, aws-chunked, bar"),
    "chunks without their last line": framed(FRAMED),
    "chunks with a checksum in a header": framed(FRAMED + b"\r\n", crc32=HELLO["crc32"]),
    "signed chunks": framed(SIGNED + b"\r\n", STREAMING_SIGNED),
    "signed chunks without their last line": framed(SIGNED, STREAMING_SIGNED),
    "signed chunks with white space": framed(
        b"5 ; chunk-signature = a \r\nhello\r\n0 ; chunk-signature=b\r\n\r\n", STREAMING_SIGNED
    ),
    "chunks signed by another algorithm": framed(
        SIGNED + b"\r\n", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
    ),
    "no more said than Content-Encoding": (
        {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": "5"},
        FRAMED + b"\r\n",
    ),
    "a trailer": trailing(TRAILER + b"\r\n"),
    "a trailer without a last line": trailing(TRAILER),
    "a trailer with white space": trailing(TRAILER.replace(b":", b" : ") + b"\r\n"),
    "a trailer and more lines": trailing(TRAILER + b"\r\n\r\n"),
    "a trailer and garbage": trailing(TRAILER + b"\r\n\xff\xde\xad"),
    "a trailer and another": trailing(TRAILER + b"\r\nbonus: trailer\r\n"),
    "a trailer that is corrected": trailing(WRONG_TRAILER + TRAILER + b"\r\n"),
    "a trailer announced with commas": trailing(TRAILER, trailer=f"{CRC32}, "),
    "a trailer of signed chunks": trailing(TRAILER + b"\r\n", SIGNED, STREAMING_SIGNED),
    "a signed trailer": trailing(
        TRAILER + TRAILER_SIGNATURE + b"\r\n", SIGNED, STREAMING_SIGNED_TRAILER
    ),
    "a signed trailer without a last line": trailing(
        TRAILER + TRAILER_SIGNATURE, SIGNED, STREAMING_SIGNED_TRAILER
    ),
}  # fmt: skip

REFUSED = {
    "a wrong SHA-256": Refused(
        *plain(sha256=OTHER_SHA256), "XAmzContentSHA256Mismatch", BAD_SHA256,
        {"ClientComputedContentSHA256": OTHER_SHA256, "S3ComputedContentSHA256": SHA256},
    ),
    "no SHA-256": Refused(
        *plain(sha256="invalid"), "InvalidArgument",
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER,"
        " STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER,"
        " STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD,"
        " STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
        {"ArgumentName": "x-amz-content-sha256", "ArgumentValue": "invalid"},
    ),
    "no MD5": Refused(
        *plain(content_md5="invalid"), "InvalidDigest", NO_MD5, {"Content-MD5": "invalid"}
    ),
    "an MD5 in other base64": Refused(
        *plain(content_md5=HELLO["md5"].replace("g==", "h==")), "InvalidDigest",
        NO_MD5,
    ),
    "no MD5, and a wrong SHA-256": Refused(
        *plain(content_md5="invalid", sha256=OTHER_SHA256), "InvalidDigest",
        NO_MD5,
    ),
    "a wrong MD5": Refused(
        *plain(content_md5=EMPTY["md5"]), "BadDigest", BAD_MD5,
        {"ExpectedDigest": MD5_HEX, "CalculatedDigest": HELLO["md5"]},
    ),
    "a wrong MD5, and a wrong SHA-256": Refused(
        *plain(content_md5=EMPTY["md5"], sha256=OTHER_SHA256), "XAmzContentSHA256Mismatch",
        BAD_SHA256,
    ),
    "a wrong MD5, and a wrong checksum": Refused(
        *plain(content_md5=EMPTY["md5"], crc32=EMPTY["crc32"]), "BadDigest", BAD_MD5
    ),
    "a wrong checksum": Refused(*plain(crc32=EMPTY["crc32"]), "BadDigest", BAD_CRC32),
    "a wrong checksum, and a wrong SHA-256": Refused(
        *plain(crc32=EMPTY["crc32"], sha256=OTHER_SHA256), "XAmzContentSHA256Mismatch", BAD_SHA256
    ),
    "no checksum of this length": Refused(
        *plain(crc32="AAAA"), "InvalidRequest", f"Value for {CRC32} header is invalid."
    ),
    "a checksum in other base64": Refused(
        *plain(crc32="NhCmhh=="), "InvalidRequest", f"Value for {CRC32} header is invalid."
    ),
    "another algorithm": Refused(
        *plain(crc32=HELLO["crc32"], x_amz_sdk_checksum_algorithm="SHA1"), "InvalidRequest",
        "Value for x-amz-sdk-checksum-algorithm header is invalid.",
    ),
    "an algorithm and no checksum": Refused(
        *plain(x_amz_sdk_checksum_algorithm="SHA1"), "InvalidRequest",
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or"
        " x-amz-trailer headers were found.",
    ),
    "an unknown checksum": Refused(
        *plain(x_amz_checksum_bad="AAAAAA=="), "InvalidRequest",
        "The algorithm type you specified in x-amz-checksum- header is invalid.",
    ),
    "two checksums": Refused(
        *plain(crc32=HELLO["crc32"], x_amz_checksum_sha1=HELLO["sha1"]), "InvalidRequest",
        "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    ),
    "a trailer and no framing": Refused(
        *plain(x_amz_trailer=CRC32), "MalformedTrailerError", NOT_OUR_TRAILER
    ),
    "another decoded length, and no framing": Refused(
        *plain(x_amz_decoded_content_length="6"), "IncompleteBody", NOT_THE_BYTES,
        {"NumberBytesExpected": "6", "NumberBytesProvided": "5"},
    ),
    "no decoded length, and no framing": Refused(
        *plain(x_amz_decoded_content_length="x"), "InvalidArgument",
        "x-amz-decoded-content-length must be a number of bytes",
    ),
    "an unsigned payload, and chunks": Refused(
        *plain(sha256="UNSIGNED-PAYLOAD", Content_Encoding="aws-chunked"), "InvalidArgument",
        "aws-chunked encoding is not supported when x-amz-content-sha256 UNSIGNED-PAYLOAD is"
        " supplied",
    ),
    "no framing": Refused(*framed(CONTENT), "IncompleteBody", TERMINATED),
    "no decoded length": Refused(
        *framed(FRAMED, size=None), "MissingContentLength", NO_LENGTH, status=411
    ),
    "a decoded length that is none": Refused(
        *framed(FRAMED, size="none"), "MissingContentLength", NO_LENGTH, status=411
    ),
    "a longer decoded length": Refused(
        *framed(FRAMED + b"\r\n", size="6"), "IncompleteBody", NOT_THE_BYTES,
        {"NumberBytesExpected": "6", "NumberBytesProvided": "5"},
    ),
    "a shorter decoded length": Refused(
        *framed(FRAMED + b"\r\n", size="4"), "IncompleteBody", NOT_THE_BYTES,
        {"NumberBytesExpected": "4", "NumberBytesProvided": "5"},
    ),
    "no last chunk": Refused(*framed(b"5\r\nhello\r\n"), "IncompleteBody", TERMINATED),
    "half a chunk": Refused(*framed(b"5\r\nhel"), "IncompleteBody", TERMINATED),
    "half a last line": Refused(*framed(FRAMED + b"\r"), "IncompleteBody", TERMINATED),
    "garbage behind the last chunk": Refused(
        *framed(FRAMED + b"\r\ngarbage"), "IncompleteBody", TERMINATED
    ),
    "a negative size": Refused(*framed(b"-5\r\nhello\r\n0\r\n"), "IncompleteBody", TERMINATED),
    "a wrong checksum of chunks": Refused(
        *framed(FRAMED, crc32=EMPTY["crc32"]), "BadDigest", BAD_CRC32
    ),
    "unsigned chunks": Refused(
        *framed(FRAMED, STREAMING_SIGNED), "IncompleteBody", TERMINATED
    ),
    "blank signatures": Refused(
        *framed(SIGNED.replace(b"=a", b"="), STREAMING_SIGNED), "IncompleteBody", TERMINATED
    ),
    "a parameter behind a signature": Refused(
        *framed(SIGNED.replace(b"=a", b"=a;b=c"), STREAMING_SIGNED), "IncompleteBody", TERMINATED
    ),
    "no trailer": Refused(*trailing(b"\r\n"), "MalformedTrailerError", NOT_OUR_TRAILER),
    "no trailer and no last line": Refused(
        *trailing(b""), "MalformedTrailerError", NOT_OUR_TRAILER
    ),
    "a trailer behind the last line": Refused(
        *trailing(b"\r\n" + TRAILER), "MalformedTrailerError", NOT_OUR_TRAILER
    ),
    "another trailer": Refused(
        *trailing(b"x-amz-checksum-crc32c:AAAAAA==\r\n"), "MalformedTrailerError", NOT_OUR_TRAILER
    ),
    "a further trailer": Refused(
        *trailing(TRAILER + b"bonus: trailer\r\n"), "MalformedTrailerError", NOT_OUR_TRAILER
    ),
    "a trailer that was not announced": Refused(
        *framed(FRAMED + TRAILER + b"\r\n"), "MalformedTrailerError", NOT_OUR_TRAILER
    ),
    "a wrong checksum in a trailer": Refused(*trailing(WRONG_TRAILER), "BadDigest", BAD_CRC32),
    "a trailer that is corrected wrongly": Refused(
        *trailing(TRAILER + WRONG_TRAILER + b"\r\n"), "BadDigest", BAD_CRC32
    ),
    "no checksum in a trailer": Refused(
        *trailing(f"{CRC32}:not-base-64\r\n".encode()), "InvalidRequest",
        f"Value for {CRC32} trailing header is invalid.",
    ),
    "other base64 in a trailer": Refused(
        *trailing(f"{CRC32}:NhCmhh==\r\n".encode()), "InvalidRequest",
        f"Value for {CRC32} trailing header is invalid.",
    ),
    "a trailer without a line end": Refused(
        *trailing(TRAILER[:-2]), "IncompleteBody", TERMINATED
    ),
    "a trailer with half a line end": Refused(
        *trailing(TRAILER[:-1]), "IncompleteBody", TERMINATED
    ),
    "a trailer that names no checksum": Refused(
        *trailing(b"foo:bar\r\n", trailer="foo"), "InvalidRequest", NO_SUCH_TRAILER
    ),
    "a digest as a trailer": Refused(
        *trailing(f"content-md5:{HELLO['md5']}\r\n".encode(), trailer="content-md5"),
        "InvalidRequest", NO_SUCH_TRAILER,
    ),
    "an empty name among trailers": Refused(
        *trailing(TRAILER, trailer=f", {CRC32}"), "InvalidRequest", NO_SUCH_TRAILER
    ),
    "a checksum and a trailer": Refused(
        {**trailing(TRAILER)[0], CRC32: HELLO["crc32"]}, FRAMED + TRAILER, "InvalidRequest",
        "Expecting a single x-amz-checksum- header",
    ),
    "a signed trailer without its signature": Refused(
        *trailing(TRAILER, SIGNED, STREAMING_SIGNED_TRAILER), "IncompleteBody", TERMINATED
    ),
    "a signed trailer without a trailer": Refused(
        *framed(SIGNED + TRAILER_SIGNATURE, STREAMING_SIGNED_TRAILER), "IncompleteBody", TERMINATED
    ),
}  # fmt: skip
