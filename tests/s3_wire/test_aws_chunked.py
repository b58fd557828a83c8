from __future__ import annotations

import pytest

from s3_wire.aws_chunked import MAX_CHUNK_HEAD_BYTES, AwsChunkedDecoder
from s3_wire.errors import IncompleteBody, MalformedTrailerError
from s3_wire.payload_modes import SIGNED_CHUNKS, SIGNED_TRAILER, PayloadMode
from tests.s3_wire.chunked_bodies import (
    ACCEPTED,
    BEHIND,
    CHUNK,
    CRC32,
    REFUSALS,
    SIGNATURE,
    WITHOUT_TRAILER,
    Case,
    assert_feeding_is_refused,
    bytes_of,
    bytes_until_refused,
    decode,
    feed,
    framed,
    ways_to_split,
)

REFUSED = {
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "an extension only": b";chunk-signature=00\r\nhello\r\n",
    "no framing": b"hello world\r\n",
    "a negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "a signed size": b"+5\r\nhello\r\n0\r\n\r\n",
    "a prefixed size": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a size with an underscore": b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "a size with a space in it": b"1 0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "a size with other white space": b"5\x0b\r\nhello\r\n0\r\n\r\n",
    "nothing but a space": b" \r\nhello\r\n0\r\n\r\n",
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
    "a trailer without a name": b"0\r\n:AAAAAA==\r\n\r\n",
    "a trailer that was not announced": b"0\r\nx-amz-checksum-crc32c:AAAAAA==\r\n\r\n",
    "a signature of unsigned trailers": b"0\r\nx-amz-trailer-signature:a\r\n\r\n",
    "a second trailer": b"0\r\nx-amz-checksum-crc32:AAAAAA==\r\nx-b:c\r\n\r\n",
}

UNSIGNED = {
    "no signature": b"5\r\nhello\r\n",
    "no parameter": b"5;\r\nhello\r\n",
    "no value": b"5;chunk-signature\r\nhello\r\n",
    "an empty signature": b"5;chunk-signature=\r\nhello\r\n",
    "a blank signature": b"5;chunk-signature= \t\r\nhello\r\n",
    "another parameter": b"5;signature=a\r\nhello\r\n",
    "a longer name": b"5;chunk-signatures=a\r\nhello\r\n",
    "a parameter before": b"5;a=b;chunk-signature=c\r\nhello\r\n",
    "a parameter behind": b"5;chunk-signature=c;a=b\r\nhello\r\n",
    "a separator behind": b"5;chunk-signature=c;\r\nhello\r\n",
    "no separator": b"5 chunk-signature=c\r\nhello\r\n",
    "no signature of the last chunk": b"5;chunk-signature=c\r\nhello\r\n0\r\n",
    "no signature of an empty body": b"0\r\n",
}

EACH_ACCEPTED = pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED.keys())


@EACH_ACCEPTED
def test_a_body_decodes_the_same_however_it_is_split(case: Case) -> None:
    for pieces in ways_to_split(case.wire):
        assert decode(pieces, case.decoder()) == (case.payload, case.trailers)


@EACH_ACCEPTED
def test_a_body_of_its_declared_size_is_accepted(case: Case) -> None:
    for pieces in ways_to_split(case.wire):
        decoded = decode(pieces, case.decoder(len(case.payload)))
        assert decoded == (case.payload, case.trailers)


@EACH_ACCEPTED
@pytest.mark.parametrize("difference", [-1, 1, 1000])
def test_a_body_of_another_size_is_incomplete(case: Case, difference: int) -> None:
    declared = len(case.payload) + difference
    for pieces in ways_to_split(case.wire):
        with pytest.raises(IncompleteBody, match="number of bytes specified by") as refusal:
            decode(pieces, case.decoder(declared))
        assert refusal.value.details["NumberBytesExpected"] == str(declared)
        assert int(refusal.value.details["NumberBytesProvided"]) <= len(case.payload)


@EACH_ACCEPTED
def test_the_last_line_may_be_missing_as_a_whole(case: Case) -> None:
    assert case.wire.endswith(b"\r\n\r\n")
    for pieces in ways_to_split(case.wire[:-2]):
        decoded = decode(pieces, case.decoder(len(case.payload)))
        assert decoded == (case.payload, case.trailers)


@EACH_ACCEPTED
def test_a_body_cut_short_anywhere_else_is_refused(case: Case) -> None:
    for end in range(len(case.wire)):
        if end == len(case.wire) - 2:
            continue
        decoder = case.decoder(len(case.payload))
        assert case.payload.startswith(b"".join(decoder.feed(case.wire[:end])))
        with pytest.raises(REFUSALS) as refusal:
            decoder.finish()
        if case.announced is None or not case.wire[:end].endswith(b"\r\n"):
            assert refusal.type is IncompleteBody


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("case", WITHOUT_TRAILER.values(), ids=WITHOUT_TRAILER.keys())
def test_bytes_after_the_end_are_refused(case: Case, behind: bytes) -> None:
    for pieces in ways_to_split(case.wire + behind[:10], [behind[10:]]):
        assert_feeding_is_refused(pieces, case.decoder())


@pytest.mark.parametrize("behind", [b"", b"0\r\n\r\n", b"\xff\r\n"])
@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_framing_is_refused_however_it_is_split(wire: bytes, behind: bytes) -> None:
    for pieces in ways_to_split(wire, [behind]):
        assert_feeding_is_refused(pieces, AwsChunkedDecoder(trailer=CRC32))


@pytest.mark.parametrize("trailer", [None, CRC32])
@pytest.mark.parametrize("wire", REFUSED.values(), ids=REFUSED.keys())
def test_the_refusal_is_s3s(wire: bytes, trailer: str | None) -> None:
    code = MalformedTrailerError if wire.startswith(b"0\r\n") else IncompleteBody
    with pytest.raises(code) as refusal:
        AwsChunkedDecoder(trailer=trailer).feed(wire)
    assert refusal.value.details.keys() == {"Reason"}
    if code is IncompleteBody:
        assert refusal.value.message == "The request body terminated unexpectedly"
    else:
        assert refusal.value.message == MalformedTrailerError.message


@pytest.mark.parametrize("mode", [SIGNED_CHUNKS, SIGNED_TRAILER])
@pytest.mark.parametrize("behind", [b"", b"0;chunk-signature=a\r\n\r\n", b"\xff\r\n"])
@pytest.mark.parametrize("wire", UNSIGNED.values(), ids=UNSIGNED.keys())
def test_a_chunk_without_its_signature_is_refused(
    wire: bytes, behind: bytes, mode: PayloadMode
) -> None:
    for pieces in ways_to_split(wire, [behind]):
        with pytest.raises(IncompleteBody):
            feed(AwsChunkedDecoder(None, mode, CRC32), pieces)


@pytest.mark.parametrize("trailer", [None, CRC32])
def test_a_last_chunk_in_the_middle_ends_the_body(trailer: str | None) -> None:
    for pieces in ways_to_split(b"4\r\nhell\r\n0\r\n\r\n1\r\no\r\n0\r\n\r\n"):
        with pytest.raises(IncompleteBody) as refusal:
            decode(pieces, AwsChunkedDecoder(5, trailer=trailer))
        assert refusal.value.details == {"NumberBytesExpected": "5", "NumberBytesProvided": "4"}


def test_bare_line_feeds_end_no_line() -> None:
    for pieces in ways_to_split(b"5\nhello\n0\n\n"):
        with pytest.raises(IncompleteBody):
            decode(pieces)
    for pieces in ways_to_split(b"5\rhello\r0\r\r"):
        with pytest.raises(IncompleteBody):
            decode(pieces)


@pytest.mark.parametrize("last_chunk_bytes", [1, 1000, CHUNK])
@pytest.mark.parametrize("network_bytes", [1, 86, 4096, CHUNK, CHUNK + 1, 1024 * 1024])
def test_chunks_of_64_kib_decode_in_pieces_of_any_size(
    network_bytes: int, last_chunk_bytes: int
) -> None:
    payload = bytes(range(256)) * (2 * CHUNK // 256) + b"z" * last_chunk_bytes
    wire = framed(payload)
    pieces = [wire[at : at + network_bytes] for at in range(0, len(wire), network_bytes)]
    assert decode(pieces, AwsChunkedDecoder(len(payload))) == (payload, {})


@pytest.mark.parametrize("size", [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096])
def test_chunk_sizes_are_hexadecimal(size: int) -> None:
    payload = b"x" * size
    for pieces in ([wire := framed(payload)], bytes_of(wire)):
        assert decode(pieces) == (payload, {})


def test_payload_comes_out_before_its_chunk_is_whole() -> None:
    decoder = AwsChunkedDecoder()
    assert decoder.feed(b"a\r\nhel") == [b"hel"]
    assert decoder.feed(b"lo") == [b"lo"]
    assert decoder.feed(b"") == []


def test_the_largest_chunk_size_is_incomplete_when_the_body_ends() -> None:
    for pieces in ways_to_split(b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"):
        decoder = AwsChunkedDecoder()
        assert b"".join(feed(decoder, pieces)) == b"hello\r\n0\r\n\r\n"
        with pytest.raises(IncompleteBody):
            decoder.finish()


@pytest.mark.parametrize("head", [b"ffffffffffffffff", b"6", b"6" + SIGNATURE, b"8000000000000000"])
def test_a_chunk_above_the_declared_size_is_refused_at_its_head(head: bytes) -> None:
    for pieces in ways_to_split(head + b"\r\n"):
        with pytest.raises(IncompleteBody, match="number of bytes specified by"):
            feed(AwsChunkedDecoder(5), pieces)


@pytest.mark.parametrize("wire", [b"5\r\nhello\r\n1\r\n", b"3\r\nhel\r\n3\r\n", b"6\r\nhello!"])
def test_chunks_that_together_exceed_the_declared_size_are_refused(wire: bytes) -> None:
    for pieces in ways_to_split(wire):
        with pytest.raises(IncompleteBody, match="number of bytes specified by"):
            feed(AwsChunkedDecoder(5), pieces)


def test_any_byte_exceeds_a_declared_size_of_zero() -> None:
    with pytest.raises(IncompleteBody):
        AwsChunkedDecoder(0).feed(b"1\r\n")


def test_a_chunk_head_may_fill_its_limit_and_no_more() -> None:
    rest = b"\r\nhello\r\n0\r\n\r\n"
    longest = b"5;".ljust(MAX_CHUNK_HEAD_BYTES - 2, b"x")
    for split in (lambda wire: [wire], bytes_of):
        assert decode(split(longest + rest)) == (b"hello", {})
        assert_feeding_is_refused(split(longest + b"x" + rest), AwsChunkedDecoder())


@pytest.mark.parametrize("piece", [b"x", b"chunk-signature=", b"\n", b"\r", b"\rx\n", b";" * 900])
@pytest.mark.parametrize("before", [b"5;", b"0;", b"5\r\nhello"])
def test_an_endless_line_is_refused_within_its_limit(before: bytes, piece: bytes) -> None:
    assert bytes_until_refused(before, piece) <= len(before) + MAX_CHUNK_HEAD_BYTES + len(piece)
