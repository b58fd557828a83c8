"""What may stand behind the last chunk."""

from __future__ import annotations

import pytest

from s3_wire.aws_chunked import MAX_TRAILER_BYTES, AwsChunkedDecoder
from s3_wire.errors import IncompleteBody, MalformedTrailerError
from s3_wire.payload_modes import SIGNED_CHUNKS, SIGNED_TRAILER, UNSIGNED_CHUNKS, PayloadMode
from tests.s3_wire.chunked_bodies import (
    BEHIND,
    CRC32,
    WITH_TRAILER,
    Case,
    assert_feeding_is_refused,
    bytes_until_refused,
    decode,
    ways_to_split,
)

MALFORMED = {
    "none": b"",
    "an empty line": b"\r\n",
    "the trailer behind an empty line": b"\r\nx-amz-checksum-crc32:AAAAAA==\r\n",
    "its signature only": b"x-amz-trailer-signature:a\r\n",
}

UNFINISHED = {
    "no line end": b"x-amz-checksum-crc32:AAAAAA==",
    "half a line end": b"x-amz-checksum-crc32:AAAAAA==\r",
    "a line feed alone": b"x-amz-checksum-crc32:AAAAAA==\n",
    "half of the last line": b"x-amz-checksum-crc32:AAAAAA==\r\n\r",
    "another byte": b"x-amz-checksum-crc32:AAAAAA==\r\nX",
    "another last byte": b"x-amz-checksum-crc32:AAAAAA==\r\n\rX",
}


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("case", WITH_TRAILER.values(), ids=WITH_TRAILER.keys())
def test_a_few_bytes_after_a_trailer_are_left_out_as_s3_does(case: Case, behind: bytes) -> None:
    for pieces in ways_to_split(case.wire + behind[:10], [behind[10:]]):
        assert decode(pieces, case.decoder()) == (case.payload, case.trailers)
    for pieces in ways_to_split(case.wire + behind[:10], [b"x" * MAX_TRAILER_BYTES]):
        assert_feeding_is_refused(pieces, case.decoder())


@pytest.mark.parametrize(("first", "last"), [("b", "c"), ("c", "b"), ("b", "b"), ("b", "")])
def test_of_a_trailer_that_comes_twice_the_last_counts(first: str, last: str) -> None:
    wire = f"0\r\nx-a:{first}\r\nX-A:{last}\r\n\r\n".encode()
    for pieces in ways_to_split(wire):
        assert decode(pieces, AwsChunkedDecoder(0, trailer="x-a")) == (b"", {"x-a": last})


@pytest.mark.parametrize("mode", [UNSIGNED_CHUNKS, SIGNED_CHUNKS])
@pytest.mark.parametrize("end", MALFORMED.values(), ids=MALFORMED.keys())
def test_an_announced_trailer_must_come(end: bytes, mode: PayloadMode) -> None:
    for pieces in ways_to_split(b"0;chunk-signature=a\r\n" + end):
        with pytest.raises(MalformedTrailerError):
            decode(pieces, AwsChunkedDecoder(0, mode, CRC32))


@pytest.mark.parametrize("announced", [CRC32, None])
@pytest.mark.parametrize("line_behind", [b"", b"\r\n"])
def test_a_signed_trailer_must_have_a_field_and_its_signature(
    announced: str | None, line_behind: bytes
) -> None:
    field = b"x-amz-checksum-crc32:AAAAAA==\r\n" if announced else b"x-amz-trailer-signature:a\r\n"
    for end in (b"", field):
        for pieces in ways_to_split(b"0;chunk-signature=a\r\n" + end + line_behind):
            with pytest.raises(IncompleteBody):
                decode(pieces, AwsChunkedDecoder(0, SIGNED_TRAILER, announced))


@pytest.mark.parametrize("end", UNFINISHED.values(), ids=UNFINISHED.keys())
def test_a_trailer_that_breaks_off_is_incomplete(end: bytes) -> None:
    for pieces in ways_to_split(b"0\r\n" + end):
        with pytest.raises(IncompleteBody, match="terminated unexpectedly"):
            decode(pieces, AwsChunkedDecoder(0, trailer=CRC32))


@pytest.mark.parametrize(
    "piece", [b"x", b"\n", b"x:y", b"x:y\r\n", b":\r\n", b"x" * 8000 + b":\r\n"]
)
def test_an_endless_trailer_is_refused_within_its_limit(piece: bytes) -> None:
    line_ends = 3  # A line of one byte takes three; only the one counts.
    assert bytes_until_refused(b"0\r\n", piece) <= line_ends * MAX_TRAILER_BYTES + len(piece) + 3
