from __future__ import annotations

from collections.abc import Callable

import pytest

from s3_wire.checksums import BodyDigests
from s3_wire.errors import (
    BadDigest,
    InvalidDigest,
    InvalidRequest,
    MalformedTrailerError,
    XAmzContentSHA256Mismatch,
)

# Digests of b"hello"; clients sent the first five.
HELLO = {
    "crc32": "NhCmhg==",
    "crc32c": "mnG7TA==",
    "crc64nvme": "M3eFcAZSQlc=",
    "sha1": "qvTGHdzF6KLavt4PO0gs2a6pQ00=",
    "sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
    "md5": "XUFAKrxLKna5cZ2REBfFkg==",
    "sha512": (
        "m3HSJL1i83hdltRq0+o9czGb+8KJDKra4t/3JRlnPKcjI8PZm6XBHXx6zG4UuMXaDEZjR1wuXDre9G9zvN7AQw=="
    ),
    "xxhash64": "JseCfYifbaM=",
    "xxhash3": "lVXoVVxi3P0=",
    "xxhash128": "tenBrQcbPn/Hec+qXlI4GA==",
}
# Digests of the empty body; those of the CRCs are all zeros.
EMPTY = {
    "crc32": "AAAAAA==",
    "crc32c": "AAAAAA==",
    "crc64nvme": "AAAAAAAAAAA=",
    "sha1": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
    "sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "md5": "1B2M2Y8AsgTpgAmY7PhCfg==",
    "xxhash64": "70bbN1HY6Zk=",
    "xxhash3": "LQaABTjTlMI=",
    "xxhash128": "maoG0wFHmNhgAcMkRo1Jfw==",
}
HELLO_SHA256_HEX = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
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
    digests = BodyDigests({}, [name])
    for piece in pieces:
        digests.update(piece)
    assert digests.verify({name: value, "x-amz-trailer-signature": "00"}) == {name: value}


@pytest.mark.parametrize(("algorithm", "value"), EMPTY.items())
def test_an_empty_body_has_checksums_too(algorithm: str, value: str) -> None:
    name = f"x-amz-checksum-{algorithm}"
    assert _verify({name: value}, []) == {name: value}
    assert BodyDigests({}, [name]).verify({name: value}) == {name: value}


@pytest.mark.parametrize(("algorithm", "value"), HELLO.items())
@pytest.mark.parametrize("body", [b"", b"hellO", b"hello\n", b"olleh"])
def test_a_wrong_checksum_is_a_bad_digest(body: bytes, algorithm: str, value: str) -> None:
    name = f"x-amz-checksum-{algorithm}"
    with pytest.raises(BadDigest, match=f"The {algorithm.upper()} you specified"):
        _verify({name: value}, [body])
    digests = BodyDigests({}, [name])
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
    digests = BodyDigests({}, ["x-amz-checksum-crc32"])
    digests.update(b"hello")
    with pytest.raises(InvalidRequest, match="Value for x-amz-checksum-crc32 header is invalid"):
        digests.verify({"x-amz-checksum-crc32": value})


@pytest.mark.parametrize("algorithm", HELLO)
def test_a_checksum_of_another_length_is_refused(algorithm: str) -> None:
    with pytest.raises(InvalidRequest):
        BodyDigests({f"x-amz-checksum-{algorithm}": "AAAAAAAA"})


@pytest.mark.parametrize("pieces", SPLITS)
def test_a_right_content_md5_holds(pieces: list[bytes]) -> None:
    assert _verify({"content-md5": HELLO["md5"]}, pieces) == {}


@pytest.mark.parametrize("body", [b"", b"hello!"])
def test_a_wrong_content_md5_is_a_bad_digest(body: bytes) -> None:
    with pytest.raises(BadDigest, match="Content-MD5"):
        _verify({"content-md5": HELLO["md5"]}, [body])


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
    assert _verify({"x-amz-content-sha256": value}, pieces) == {}


@pytest.mark.parametrize("body", [b"", b"hello!"])
def test_a_wrong_content_sha256_is_a_mismatch(body: bytes) -> None:
    with pytest.raises(XAmzContentSHA256Mismatch) as refusal:
        _verify({"x-amz-content-sha256": HELLO_SHA256_HEX}, [body])
    assert refusal.value.details == {"ClientComputedContentSHA256": HELLO_SHA256_HEX}


@pytest.mark.parametrize(
    "value",
    [
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    ],
)
def test_a_content_sha256_that_names_a_way_of_signing_is_no_digest(value: str) -> None:
    assert BodyDigests({"x-amz-content-sha256": value}).is_empty


@pytest.mark.parametrize(
    ("headers", "trailers"),
    [
        ({"content-md5": HELLO["md5"]}, []),
        ({"x-amz-content-sha256": HELLO_SHA256_HEX}, []),
        ({"x-amz-checksum-crc32": HELLO["crc32"]}, []),
        ({}, ["x-amz-checksum-crc32"]),
    ],
)
def test_every_kind_of_digest_is_something_to_compute(
    headers: dict[str, str], trailers: list[str]
) -> None:
    assert not BodyDigests(headers, trailers).is_empty


def test_without_digests_there_is_nothing_to_compute() -> None:
    digests = BodyDigests({"content-type": "text/plain"}, ["x-amz-trailer-signature"])
    digests.update(b"hello")
    assert digests.is_empty
    assert digests.verify({}) == {}


@pytest.mark.parametrize("wrong", ["content-md5", "x-amz-content-sha256", "x-amz-checksum-crc32"])
def test_all_kinds_of_digests_are_verified_together(wrong: str) -> None:
    headers = {
        "content-md5": HELLO["md5"],
        "x-amz-content-sha256": HELLO_SHA256_HEX,
        "x-amz-checksum-crc32": HELLO["crc32"],
    }
    assert _verify(headers, [b"hello"]) == {"x-amz-checksum-crc32": HELLO["crc32"]}
    other = {
        "content-md5": EMPTY["md5"],
        "x-amz-content-sha256": "0" * 64,
        "x-amz-checksum-crc32": EMPTY["crc32"],
    }
    with pytest.raises((BadDigest, XAmzContentSHA256Mismatch)):
        _verify(headers | {wrong: other[wrong]}, [b"hello"])


@pytest.mark.parametrize(
    ("headers", "trailers"),
    [
        (["crc32", "sha256"], []),
        ([], ["crc32", "sha256"]),
        (["crc32"], ["sha256"]),
        (["crc32", "sha1", "sha256"], []),
        (["crc32", "rot13"], []),
    ],
)
def test_two_checksums_at_once_are_refused(headers: list[str], trailers: list[str]) -> None:
    values = {f"x-amz-checksum-{name}": HELLO.get(name, "AAAA") for name in headers}
    with pytest.raises(InvalidRequest, match="Expecting a single x-amz-checksum- header"):
        BodyDigests(values, [f"x-amz-checksum-{name}" for name in trailers])


@pytest.mark.parametrize("name", ["x-amz-checksum-rot13", "x-amz-checksum-", "x-amz-checksum-crc"])
def test_an_unknown_algorithm_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest, match="none of S3's"):
        BodyDigests({name: HELLO["crc32"]})
    with pytest.raises(InvalidRequest, match="none of S3's"):
        BodyDigests({}, [name])


@pytest.mark.parametrize("word", ["algorithm", "type", "mode"])
def test_a_header_about_checksums_is_none_itself(word: str) -> None:
    about = {f"x-amz-checksum-{word}": "CRC32C"}
    assert BodyDigests(about).is_empty
    checksum = {"x-amz-checksum-crc32": HELLO["crc32"]}
    assert _verify(about | checksum, [b"hello"]) == checksum


@pytest.mark.parametrize("algorithm", HELLO)
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_an_sdk_algorithm_goes_with_its_checksum(
    algorithm: str, case: Callable[[str], str]
) -> None:
    name = f"x-amz-checksum-{algorithm}"
    said = {"x-amz-sdk-checksum-algorithm": case(algorithm)}
    assert _verify(said | {name: HELLO[algorithm]}, [b"hello"]) == {name: HELLO[algorithm]}
    assert not BodyDigests(said, [name]).is_empty


def test_an_sdk_algorithm_without_a_checksum_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="x-amz-sdk-checksum-algorithm specified, but no"):
        BodyDigests({"x-amz-sdk-checksum-algorithm": "CRC32", "content-md5": HELLO["md5"]})


@pytest.mark.parametrize("algorithm", ["SHA256", "CRC32C", "CRC", "CRC32,SHA256"])
def test_an_sdk_algorithm_of_another_kind_is_a_bad_digest(algorithm: str) -> None:
    said = {"x-amz-sdk-checksum-algorithm": algorithm}
    with pytest.raises(BadDigest):
        BodyDigests(said | {"x-amz-checksum-crc32": HELLO["crc32"]})
    with pytest.raises(BadDigest):
        BodyDigests(said, ["x-amz-checksum-crc32"])


def test_a_checksum_that_was_not_announced_is_malformed() -> None:
    digests = BodyDigests({})
    digests.update(b"hello")
    with pytest.raises(MalformedTrailerError, match="x-amz-checksum-sha256"):
        digests.verify({"x-amz-checksum-sha256": HELLO["sha256"]})


def test_the_same_checksum_before_and_behind_the_body_is_two() -> None:
    with pytest.raises(InvalidRequest, match="Multiple"):
        BodyDigests({"x-amz-checksum-sha256": HELLO["sha256"]}, ["x-amz-checksum-sha256"])


@pytest.mark.parametrize("trailers", [{}, {"x-amz-checksum-sha256": HELLO["sha256"]}])
def test_an_announced_trailer_that_has_not_come_is_malformed(trailers: dict[str, str]) -> None:
    digests = BodyDigests({}, ["x-amz-checksum-crc32"])
    digests.update(b"hello")
    with pytest.raises(MalformedTrailerError, match="x-amz-checksum-crc32"):
        digests.verify(trailers)


def _verify(headers: dict[str, str], pieces: list[bytes]) -> dict[str, str]:
    digests = BodyDigests(headers)
    for piece in pieces:
        digests.update(piece)
    return digests.verify({})
