from __future__ import annotations

import base64
import string

import pytest

from s3_wire.checksums import BodyDigests
from s3_wire.errors import (
    BadDigest,
    InvalidDigest,
    InvalidRequest,
    XAmzContentSHA256Mismatch,
)
from s3_wire.payload_modes import PLAIN, UNSIGNED_CHUNKS, PayloadMode
from tests.s3_wire.known_digests import EMPTY, EMPTY_SHA256_HEX, HELLO, HELLO_SHA256_HEX

SPLITS = [[b"hello"], [b"h", b"e", b"l", b"l", b"o"], [b"he", b"", b"llo"], [b"", b"hello", b""]]


@pytest.mark.parametrize("pieces", SPLITS)
@pytest.mark.parametrize(("algorithm", "value"), HELLO.items())
def test_a_right_checksum_in_a_header_holds(
    algorithm: str, value: str, pieces: list[bytes]
) -> None:
    name = f"x-amz-checksum-{algorithm}"
    assert _verify({name: value}, pieces) == {name: value}


@pytest.mark.parametrize("pieces", SPLITS)
@pytest.mark.parametrize(("algorithm", "value"), HELLO.items())
def test_a_right_checksum_in_a_trailer_holds(
    algorithm: str, value: str, pieces: list[bytes]
) -> None:
    name = f"x-amz-checksum-{algorithm}"
    digests = _announcing(name)
    assert digests.trailer == name
    for piece in pieces:
        digests.update(piece)
    assert digests.verify({name: value, "x-amz-trailer-signature": "00"}) == {name: value}


@pytest.mark.parametrize(("algorithm", "value"), EMPTY.items())
def test_an_empty_body_has_checksums_too(algorithm: str, value: str) -> None:
    name = f"x-amz-checksum-{algorithm}"
    assert _verify({name: value}, []) == {name: value}
    assert _announcing(name).verify({name: value}) == {name: value}


@pytest.mark.parametrize(("algorithm", "value"), HELLO.items())
@pytest.mark.parametrize("body", [b"", b"hellO", b"hello\n", b"olleh"])
def test_a_wrong_checksum_is_a_bad_digest(body: bytes, algorithm: str, value: str) -> None:
    name = f"x-amz-checksum-{algorithm}"
    with pytest.raises(BadDigest, match=f"The {algorithm.upper()} you specified"):
        _verify({name: value}, [body])
    digests = _announcing(name)
    digests.update(body)
    with pytest.raises(BadDigest, match=f"The {algorithm.upper()} you specified"):
        digests.verify({name: value})


@pytest.mark.parametrize("algorithm", EMPTY)
def test_a_body_does_not_have_the_checksum_of_the_empty_one(algorithm: str) -> None:
    with pytest.raises(BadDigest):
        _verify({f"x-amz-checksum-{algorithm}": EMPTY[algorithm]}, [b"hello"])


MALFORMED_CRC32 = {
    "empty": "",
    "too short": "AAAA",
    "too long": HELLO["sha1"],
    "without padding": "NhCmhg",
    "with bits behind its last byte": "NhCmhh==",
    "with all bits behind its last byte": "NhCmhv==",
    "with more padding": "NhCmhg===",
    "with a line end": "NhCmhg==\n",
    "with a space before": " NhCmhg==",
    "twice": "NhCmhg==NhCmhg==",
    "a list": "NhCmhg==,NhCmhg==",
    "hexadecimal": "3610a686",
    "with a part count": "NhCmhg==-1",
    "URL-safe": "_-CmhA==",
    "not ASCII": "NhCmhé==",
    "no base64 at all": "!!!!!!==",
    "padding only": "====",
}


@pytest.mark.parametrize("value", MALFORMED_CRC32.values(), ids=MALFORMED_CRC32.keys())
def test_a_malformed_checksum_in_a_header_is_refused_before_the_body(value: str) -> None:
    with pytest.raises(InvalidRequest, match="Value for x-amz-checksum-crc32 header is invalid"):
        BodyDigests({"x-amz-checksum-crc32": value})


@pytest.mark.parametrize("value", MALFORMED_CRC32.values(), ids=MALFORMED_CRC32.keys())
def test_a_malformed_checksum_in_a_trailer_is_refused_at_the_end(value: str) -> None:
    digests = _announcing("x-amz-checksum-crc32")
    digests.update(b"hello")
    with pytest.raises(InvalidRequest) as refusal:
        digests.verify({"x-amz-checksum-crc32": value})
    assert refusal.value.message == "Value for x-amz-checksum-crc32 trailing header is invalid."


@pytest.mark.parametrize(("algorithm", "value"), HELLO.items())
def test_base64_is_written_in_one_way(algorithm: str, value: str) -> None:
    others = _same_bytes_otherwise(value)
    for other in others:
        assert base64.b64decode(other) == base64.b64decode(value)
        with pytest.raises(InvalidRequest):
            BodyDigests({f"x-amz-checksum-{algorithm}": other})
        if algorithm == "md5":
            with pytest.raises(InvalidDigest):
                BodyDigests({"content-md5": other})
    assert len(others) == {0: 0, 1: 3, 2: 15}[value.count("=")]


@pytest.mark.parametrize("algorithm", HELLO)
def test_a_checksum_of_another_length_is_refused(algorithm: str) -> None:
    with pytest.raises(InvalidRequest):
        BodyDigests({f"x-amz-checksum-{algorithm}": "AAAAAAAA"})


@pytest.mark.parametrize("pieces", SPLITS)
def test_a_right_content_md5_holds(pieces: list[bytes]) -> None:
    assert _verify({"content-md5": HELLO["md5"]}, pieces) == {}


@pytest.mark.parametrize(
    ("is_document", "expected"), [(False, "5d41402abc4b2a76b9719d911017c592"), (True, HELLO["md5"])]
)
@pytest.mark.parametrize(
    ("body", "calculated"), [(b"", EMPTY["md5"]), (b"a", "DMF1ucDxtqgxw5niaXcmYQ==")]
)
def test_a_wrong_content_md5_is_a_bad_digest(
    body: bytes, calculated: str, is_document: bool, expected: str
) -> None:
    digests = BodyDigests({"content-md5": HELLO["md5"]}, is_document=is_document)
    digests.update(body)
    with pytest.raises(BadDigest) as refusal:
        digests.verify({})
    assert refusal.value.message == "The Content-MD5 you specified did not match what we received."
    assert refusal.value.details == {"ExpectedDigest": expected, "CalculatedDigest": calculated}


@pytest.mark.parametrize(
    "value",
    ["", "AAAA", "XUFAKrxLKna5cZ2REBfFkg", "5d41402abc4b2a76b9719d911017c592", HELLO["sha1"], "é"],
)
def test_a_malformed_content_md5_is_an_invalid_digest(value: str) -> None:
    with pytest.raises(InvalidDigest) as refusal:
        BodyDigests({"content-md5": value})
    assert refusal.value.details == {"Content_MD5": value}


@pytest.mark.parametrize("value", [HELLO_SHA256_HEX, HELLO_SHA256_HEX.upper()])
@pytest.mark.parametrize("pieces", SPLITS)
def test_a_right_content_sha256_holds(pieces: list[bytes], value: str) -> None:
    assert _verify({}, pieces, PayloadMode(sha256=value)) == {}


@pytest.mark.parametrize(
    ("body", "computed"), [(b"", EMPTY_SHA256_HEX), (b"hello!", HELLO_SHA256_HEX)]
)
@pytest.mark.parametrize("value", ["0" * 64, "INVALID", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ""])
def test_a_wrong_content_sha256_is_a_mismatch(body: bytes, computed: str, value: str) -> None:
    with pytest.raises(XAmzContentSHA256Mismatch) as refusal:
        _verify({}, [body[:5]], PayloadMode(sha256=value))
    assert refusal.value.details == {
        "ClientComputedContentSHA256": value,
        "S3ComputedContentSHA256": computed,
    }


@pytest.mark.parametrize(
    ("headers", "mode"),
    [
        ({"content-md5": HELLO["md5"]}, PLAIN),
        ({}, PayloadMode(sha256=HELLO_SHA256_HEX)),
        ({"x-amz-checksum-crc32": HELLO["crc32"]}, PLAIN),
        ({"x-amz-trailer": "x-amz-checksum-crc32"}, UNSIGNED_CHUNKS),
    ],
)
def test_every_kind_of_digest_is_something_to_compute(
    headers: dict[str, str], mode: PayloadMode
) -> None:
    assert not BodyDigests(headers, mode).is_empty


def test_without_digests_there_is_nothing_to_compute() -> None:
    digests = BodyDigests({"content-type": "text/plain"}, UNSIGNED_CHUNKS)
    digests.update(b"hello")
    assert (digests.is_empty, digests.trailer) == (True, None)
    assert digests.verify({}) == {}


def test_of_several_wrong_digests_the_first_of_s3s_order_is_told() -> None:
    wrong = {"content-md5": EMPTY["md5"], "x-amz-checksum-crc32": EMPTY["crc32"]}
    right = {"content-md5": HELLO["md5"], "x-amz-checksum-crc32": HELLO["crc32"]}
    with pytest.raises(XAmzContentSHA256Mismatch):
        _verify(wrong, [b"hello"], PayloadMode(sha256="0" * 64))
    with pytest.raises(BadDigest, match="Content-MD5"):
        _verify(wrong, [b"hello"], PayloadMode(sha256=HELLO_SHA256_HEX))
    with pytest.raises(BadDigest, match="CRC32"):
        _verify(wrong | {"content-md5": HELLO["md5"]}, [b"hello"])
    held = _verify(right, [b"hello"], PayloadMode(sha256=HELLO_SHA256_HEX))
    assert held == {"x-amz-checksum-crc32": HELLO["crc32"]}


def _announcing(name: str) -> BodyDigests:
    return BodyDigests({"x-amz-trailer": name}, UNSIGNED_CHUNKS)


def _same_bytes_otherwise(value: str) -> list[str]:
    """The base64 of the same bytes with other bits behind the last one."""
    digits = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    bare = value.rstrip("=")
    unused = 4 ** (len(value) - len(bare))
    first = digits.index(bare[-1])
    return [bare[:-1] + digits[first + n] + value[len(bare) :] for n in range(1, unused)]


def _verify(
    headers: dict[str, str], pieces: list[bytes], mode: PayloadMode = PLAIN
) -> dict[str, str]:
    digests = BodyDigests(headers, mode)
    for piece in pieces:
        digests.update(piece)
    return digests.verify({})
