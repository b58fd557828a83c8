from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import pytest

from s3_wire.aws_chunked import MAX_CHUNK_HEAD_BYTES, MAX_TRAILER_BYTES, AwsChunkedDecoder
from s3_wire.errors import IncompleteBody, MalformedTrailerError

REFUSALS = (IncompleteBody, MalformedTrailerError)

SIGNATURE = (
    b";chunk-signature=" + b"f523eb74271ab57b821db55096733f1ac941eab0803b229bc3489ae7409d5927"
)
CHUNK = 64 * 1024


class Case(NamedTuple):
    wire: bytes
    payload: bytes
    trailers: Mapping[str, str]


ACCEPTED = {
    "minio-go, signed": Case(
        b"5;chunk-signature=f523eb74271ab57b821db55096733f1ac941eab0803b229bc3489ae7409d5927\r\n"
        b"hello\r\n"
        b"0;chunk-signature=ad9f9a827efea37781683ce66ba18b209c8c580729ea4b59f6e42193cf5a8f49\r\n"
        b"\r\n",
        b"hello",
        {},
    ),
    "minio-go, signed, zero bytes": Case(
        b"0;chunk-signature=20c3069049b74cf364fb91e53ce50cfdefdcdb25f9a0604131278ddb43d07cad\r\n"
        b"\r\n",
        b"",
        {},
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
    "unsigned, zero bytes": Case(b"0\r\n\r\n", b"", {}),
    "unsigned trailer, zero bytes": Case(
        b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", b"", {"x-amz-checksum-crc32": "AAAAAA=="}
    ),
    "several chunks": Case(
        b"3\r\nabc\r\n1\r\nd\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n", b"abcd0123456789abcdef", {}
    ),
    "payload that looks like framing": Case(
        b"8\r\n0\r\n\r\n5\r\n\r\n2\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n5\r\n\r\n", {}
    ),
    "size in upper case": Case(b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789", {}),
    "size of sixteen digits": Case(b"0000000000000005\r\nhello\r\n0\r\n\r\n", b"hello", {}),
    "empty extension": Case(b"5;\r\nhello\r\n0;\r\n\r\n", b"hello", {}),
    "trailer in capitals, with spaces": Case(
        b"0\r\nX-Amz-Checksum-CRC32 : AAAAAA== \r\nx-a:b:c\r\nx-empty:\r\n\r\n",
        b"",
        {"x-amz-checksum-crc32": "AAAAAA==", "x-a": "b:c", "x-empty": ""},
    ),
}

REFUSED = {
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "an extension only": b";chunk-signature=00\r\nhello\r\n",
    "no framing": b"hello world\r\n",
    "a negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "a signed size": b"+5\r\nhello\r\n0\r\n\r\n",
    "a prefixed size": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a size with an underscore": b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "a size with a space before": b" 5\r\nhello\r\n0\r\n\r\n",
    "a size with a space behind": b"5 \r\nhello\r\n0\r\n\r\n",
    "a size with garbage behind": b"5,signature=00\r\nhello\r\n0\r\n\r\n",
    "a size with a line feed behind": b"5\n\r\nhello\r\n0\r\n\r\n",
    "a size of seventeen digits": b"00000000000000005\r\nhello\r\n0\r\n\r\n",
    "a size in other digits": "\N{ARABIC-INDIC DIGIT FIVE}\r\nhello\r\n0\r\n\r\n".encode(),
    "an extension with a control character": b"5;\x00\r\nhello\r\n0\r\n\r\n",
    "an extension that is not ASCII": b"5;\xff\r\nhello\r\n0\r\n\r\n",
    "a chunk longer than its head says": b"5\r\nhello!\r\n0\r\n\r\n",
    "a chunk one byte shorter": b"6\r\nhello\r\n0\r\n\r\n",
    "a chunk two bytes shorter": b"7\r\nhello\r\n0\r\n\r\n",
    "a chunk with no line end behind": b"5\r\nhello0\r\n\r\n",
    "a second chunk that is garbage": b"5\r\nhello\r\nxyz\r\n0\r\n\r\n",
    "a trailer without a colon": b"0\r\nx-amz-checksum-crc32\r\n\r\n",
    "a trailer that is not ASCII": b"0\r\nx-amz-checksum-crc32:\xff\r\n\r\n",
    "a trailer name that is not ASCII": b"0\r\n\xe9:AAAAAA==\r\n\r\n",
}


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_body_decodes_the_same_however_it_is_split(case: Case) -> None:
    for pieces in _ways_to_split(case.wire):
        assert _decode(pieces) == (case.payload, case.trailers)


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_body_of_its_declared_size_is_accepted(case: Case) -> None:
    for pieces in _ways_to_split(case.wire):
        assert _decode(pieces, len(case.payload)) == (case.payload, case.trailers)


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_body_cut_short_anywhere_is_incomplete(case: Case) -> None:
    for end in range(len(case.wire)):
        decoder = AwsChunkedDecoder(len(case.payload))
        assert case.payload.startswith(b"".join(decoder.feed(case.wire[:end])))
        with pytest.raises(IncompleteBody):
            decoder.finish()


@pytest.mark.parametrize("behind", [b"\n", b"\r\n", b"x", b"0\r\n\r\n", b"\x00" * 5000])
@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_bytes_after_the_end_are_refused(case: Case, behind: bytes) -> None:
    for pieces in _ways_to_split(case.wire + behind[:10], [behind[10:]]):
        _assert_feeding_is_refused(pieces)


@pytest.mark.parametrize("behind", [b"", b"0\r\n\r\n", b"\xff\r\n"])
@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_framing_is_refused_however_it_is_split(wire: bytes, behind: bytes) -> None:
    for pieces in _ways_to_split(wire, [behind]):
        _assert_feeding_is_refused(pieces)


def test_bare_line_feeds_end_no_line() -> None:
    for pieces in _ways_to_split(b"5\nhello\n0\n\n"):
        with pytest.raises(IncompleteBody):
            _decode(pieces)


@pytest.mark.parametrize("last_chunk_bytes", [1, 1000, CHUNK])
@pytest.mark.parametrize("network_bytes", [1, 86, 4096, CHUNK, CHUNK + 1, 1024 * 1024])
def test_chunks_of_64_kib_decode_in_pieces_of_any_size(
    network_bytes: int, last_chunk_bytes: int
) -> None:
    payload = bytes(range(256)) * (2 * CHUNK // 256) + b"z" * last_chunk_bytes
    wire = _framed(payload)
    pieces = [wire[at : at + network_bytes] for at in range(0, len(wire), network_bytes)]
    assert _decode(pieces, len(payload)) == (payload, {})


@pytest.mark.parametrize("size", [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096])
def test_chunk_sizes_are_hexadecimal(size: int) -> None:
    payload = b"x" * size
    for pieces in ([wire := _framed(payload)], _bytes_of(wire)):
        assert _decode(pieces) == (payload, {})


def test_payload_comes_out_before_its_chunk_is_whole() -> None:
    decoder = AwsChunkedDecoder()
    assert decoder.feed(b"a\r\nhel") == [b"hel"]
    assert decoder.feed(b"lo") == [b"lo"]
    assert decoder.feed(b"") == []


def test_the_largest_chunk_size_is_incomplete_when_the_body_ends() -> None:
    for pieces in _ways_to_split(b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"):
        decoder = AwsChunkedDecoder()
        assert b"".join(_feed(decoder, pieces)) == b"hello\r\n0\r\n\r\n"
        with pytest.raises(IncompleteBody):
            decoder.finish()


@pytest.mark.parametrize("head", [b"ffffffffffffffff", b"6", b"6" + SIGNATURE, b"8000000000000000"])
def test_a_chunk_above_the_declared_size_is_refused_at_its_head(head: bytes) -> None:
    for pieces in _ways_to_split(head + b"\r\n"):
        with pytest.raises(IncompleteBody, match="x-amz-decoded-content-length"):
            _feed(AwsChunkedDecoder(5), pieces)


@pytest.mark.parametrize("wire", [b"5\r\nhello\r\n1\r\n", b"3\r\nhel\r\n3\r\n", b"6\r\nhello!"])
def test_chunks_that_together_exceed_the_declared_size_are_refused(wire: bytes) -> None:
    for pieces in _ways_to_split(wire):
        with pytest.raises(IncompleteBody, match="x-amz-decoded-content-length"):
            _feed(AwsChunkedDecoder(5), pieces)


def test_any_byte_exceeds_a_declared_size_of_zero() -> None:
    with pytest.raises(IncompleteBody):
        AwsChunkedDecoder(0).feed(b"1\r\n")


def test_a_chunk_head_may_fill_its_limit_and_no_more() -> None:
    rest = b"\r\nhello\r\n0\r\n\r\n"
    longest = b"5;".ljust(MAX_CHUNK_HEAD_BYTES - 2, b"x")
    for split in (lambda wire: [wire], _bytes_of):
        assert _decode(split(longest + rest)) == (b"hello", {})
        _assert_feeding_is_refused(split(longest + b"x" + rest))


@pytest.mark.parametrize("piece", [b"x", b"chunk-signature=", b"\n", b"\r", b"\rx\n", b";" * 900])
@pytest.mark.parametrize("before", [b"5;", b"0;", b"5\r\nhello"])
def test_an_endless_line_is_refused_within_its_limit(before: bytes, piece: bytes) -> None:
    assert _bytes_until_refused(before, piece) <= len(before) + MAX_CHUNK_HEAD_BYTES + len(piece)


@pytest.mark.parametrize(
    "piece", [b"x", b"\n", b"x:y", b"x:y\r\n", b":\r\n", b"x" * 8000 + b":\r\n"]
)
def test_an_endless_trailer_is_refused_within_its_limit(piece: bytes) -> None:
    line_ends = 3  # A line of one byte takes three; only the one counts.
    assert _bytes_until_refused(b"0\r\n", piece) <= line_ends * MAX_TRAILER_BYTES + len(piece) + 3


def _feed(decoder: AwsChunkedDecoder, pieces: Iterable[bytes]) -> list[bytes]:
    return [payload for piece in pieces for payload in decoder.feed(piece)]


def _decode(
    pieces: Iterable[bytes], declared_size_bytes: int | None = None
) -> tuple[bytes, Mapping[str, str]]:
    decoder = AwsChunkedDecoder(declared_size_bytes)
    payload = b"".join(_feed(decoder, pieces))
    return payload, decoder.finish()


def _assert_feeding_is_refused(pieces: Iterable[bytes]) -> None:
    with pytest.raises(REFUSALS):
        _feed(AwsChunkedDecoder(), pieces)


def _bytes_until_refused(before: bytes, piece: bytes) -> int:
    decoder = AwsChunkedDecoder()
    decoder.feed(before)
    fed = len(before)
    while fed < 1024 * 1024:
        fed += len(piece)
        try:
            decoder.feed(piece)
        except REFUSALS:
            return fed
    pytest.fail("An endless line was taken.")


def _ways_to_split(wire: bytes, behind: Iterable[bytes] = ()) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and in two at every position; with the same bytes behind each."""
    yield [wire + b"".join(behind)]
    yield [*_bytes_of(wire), *behind]
    for at in range(1, len(wire)):
        yield [wire[:at], wire[at:], *behind]


def _bytes_of(wire: bytes) -> list[bytes]:
    return [wire[at:after] for at, after in pairwise(range(len(wire) + 1))]


def _framed(payload: bytes) -> bytes:
    chunks = [payload[at : at + CHUNK] for at in range(0, len(payload), CHUNK)]
    return b"".join(b"%x%b\r\n%b\r\n" % (len(c), SIGNATURE, c) for c in [*chunks, b""])
