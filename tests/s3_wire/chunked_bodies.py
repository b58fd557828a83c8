"""Bodies framed as `aws-chunked`, as clients send them, and ways to feed them to a decoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import pytest

from s3_wire.aws_chunked import AwsChunkedDecoder
from s3_wire.errors import IncompleteBody, MalformedTrailerError
from s3_wire.payload_modes import SIGNED_CHUNKS, SIGNED_TRAILER, UNSIGNED_CHUNKS, PayloadMode

REFUSALS = (IncompleteBody, MalformedTrailerError)
CRC32 = "x-amz-checksum-crc32"

SIGNATURE = (
    b";chunk-signature=" + b"f523eb74271ab57b821db55096733f1ac941eab0803b229bc3489ae7409d5927"
)
CHUNK = 64 * 1024


class Case(NamedTuple):
    wire: bytes
    payload: bytes
    trailers: Mapping[str, str] = {}
    mode: PayloadMode = UNSIGNED_CHUNKS

    @property
    def announced(self) -> str | None:
        """What `x-amz-trailer` says."""
        return next((n for n in self.trailers if n != "x-amz-trailer-signature"), None)

    def decoder(self, declared_size_bytes: int | None = None) -> AwsChunkedDecoder:
        return AwsChunkedDecoder(declared_size_bytes, self.mode, self.announced)


ACCEPTED = {
    "minio-go, signed": Case(
        b"5;chunk-signature=f523eb74271ab57b821db55096733f1ac941eab0803b229bc3489ae7409d5927\r\n"
        b"hello\r\n"
        b"0;chunk-signature=ad9f9a827efea37781683ce66ba18b209c8c580729ea4b59f6e42193cf5a8f49\r\n"
        b"\r\n",
        b"hello",
        mode=SIGNED_CHUNKS,
    ),
    "minio-go, signed, zero bytes": Case(
        b"0;chunk-signature=20c3069049b74cf364fb91e53ce50cfdefdcdb25f9a0604131278ddb43d07cad\r\n"
        b"\r\n",
        b"",
        mode=SIGNED_CHUNKS,
    ),
    "minio-go, signed trailer, LF before CRLF": Case(
        b"5;chunk-signature=eb9486d57edcfa63710e3f1279755ec97aec0dc867518202833d4a0c8653aa2e\r\n"
        b"hello\r\n"
        b"0;chunk-signature=ca4e4caa1eec5e6d16af590428796e3ae21c00d5267733ffc6d32003990bac4a\r\n"
        b"x-amz-checksum-sha256:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\n\r\n"
        b"x-amz-trailer-signature:"
        b"7c6720b97e55aea004e97721bd5ba9e1229e4028a933ea52cf99fe579994f480\r\n\r\n",
        b"hello",
        {
            "x-amz-checksum-sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
            "x-amz-trailer-signature": (
                "7c6720b97e55aea004e97721bd5ba9e1229e4028a933ea52cf99fe579994f480"
            ),
        },
        SIGNED_TRAILER,
    ),
    "aws-sdk-js, unsigned trailer": Case(
        b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
        b"hello",
        {"x-amz-checksum-crc32": "NhCmhg=="},
    ),
    "pyarrow, unsigned trailer": Case(
        b"5\r\nhello\r\n0\r\nx-amz-checksum-crc64nvme:M3eFcAZSQlc=\r\n\r\n",
        b"hello",
        {"x-amz-checksum-crc64nvme": "M3eFcAZSQlc="},
    ),
    "unsigned, zero bytes": Case(b"0\r\n\r\n", b""),
    "signed chunks with a trailer": Case(
        b"5" + SIGNATURE + b"\r\nhello\r\n0" + SIGNATURE + b"\r\n"
        b"x-amz-checksum-crc32:NhCmhg==\r\n\r\n",
        b"hello",
        {CRC32: "NhCmhg=="},
        SIGNED_CHUNKS,
    ),
    "unsigned trailer, zero bytes": Case(
        b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", b"", {"x-amz-checksum-crc32": "AAAAAA=="}
    ),
    "several chunks": Case(
        b"3\r\nabc\r\n1\r\nd\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n", b"abcd0123456789abcdef"
    ),
    "payload that looks like framing": Case(
        b"8\r\n0\r\n\r\n5\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n5\r\n\r\n"
    ),
    "size in upper case": Case(b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "size of sixteen digits": Case(b"0000000000000005\r\nhello\r\n0\r\n\r\n", b"hello"),
    "empty extension": Case(b"5;\r\nhello\r\n0;\r\n\r\n", b"hello"),
    "white space around sizes": Case(b" 5 \r\nhello\r\n\t0\t\r\n\r\n", b"hello"),
    "white space around signatures": Case(
        b"5 ; chunk-signature = a \r\nhello\r\n0\t;\tchunk-signature\t=\tb\t\r\n\r\n",
        b"hello",
        mode=SIGNED_CHUNKS,
    ),
    "an unsigned chunk that has one": Case(
        b"5" + SIGNATURE + b"\r\nhello\r\n0;x=y\r\n\r\n", b"hello"
    ),
    "trailer in capitals, with spaces": Case(
        b"0\r\nX-Amz-Checksum-CRC32 : AAAAAA== \r\n\r\n", b"", {CRC32: "AAAAAA=="}
    ),
    "trailer with colons": Case(b"0\r\nx-a:b:c\r\n\r\n", b"", {"x-a": "b:c"}),
    "trailer without a value": Case(b"0\r\nx-a:\r\n\r\n", b"", {"x-a": ""}),
    "signature before the trailer": Case(
        b"0" + SIGNATURE + b"\r\nx-amz-trailer-signature:a\r\nx-a:b\r\n\r\n",
        b"",
        {"x-amz-trailer-signature": "a", "x-a": "b"},
        SIGNED_TRAILER,
    ),
}

WITH_TRAILER = {name: case for name, case in ACCEPTED.items() if case.announced}
WITHOUT_TRAILER = {name: case for name, case in ACCEPTED.items() if not case.announced}
BEHIND = (b"\n", b"\r\n", b"x", b"0\r\n\r\n", b"\x00" * 5000)


def feed(decoder: AwsChunkedDecoder, pieces: Iterable[bytes]) -> list[bytes]:
    return [payload for piece in pieces for payload in decoder.feed(piece)]


def decode(
    pieces: Iterable[bytes], decoder: AwsChunkedDecoder | None = None
) -> tuple[bytes, Mapping[str, str]]:
    decoder = decoder or AwsChunkedDecoder()
    payload = b"".join(feed(decoder, pieces))
    return payload, decoder.finish()


def assert_feeding_is_refused(pieces: Iterable[bytes], decoder: AwsChunkedDecoder) -> None:
    with pytest.raises(REFUSALS):
        feed(decoder, pieces)


def bytes_until_refused(before: bytes, piece: bytes) -> int:
    decoder = AwsChunkedDecoder(trailer="x")
    decoder.feed(before)
    fed = len(before)
    while fed < 1024 * 1024:
        fed += len(piece)
        try:
            decoder.feed(piece)
        except REFUSALS:
            return fed
    pytest.fail("An endless line was taken.")


def ways_to_split(wire: bytes, behind: Iterable[bytes] = ()) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and in two at every position; with the same bytes behind each."""
    yield [wire + b"".join(behind)]
    yield [*bytes_of(wire), *behind]
    for at in range(1, len(wire)):
        yield [wire[:at], wire[at:], *behind]


def bytes_of(wire: bytes) -> list[bytes]:
    return [wire[at:after] for at, after in pairwise(range(len(wire) + 1))]


def framed(payload: bytes) -> bytes:
    chunks = [payload[at : at + CHUNK] for at in range(0, len(payload), CHUNK)]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(c), SIGNATURE, c) for c in [*chunks, b""])
