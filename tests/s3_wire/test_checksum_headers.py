"""What headers may say of a body's checksum, before the body comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s3_wire.checksums import BodyDigests, names_checksum
from s3_wire.errors import InvalidRequest, MalformedTrailerError
from s3_wire.payload_modes import PLAIN, UNSIGNED_CHUNKS, PayloadMode
from tests.s3_wire.known_digests import HELLO, HELLO_SHA256_HEX

SINGLE = "Expecting a single x-amz-checksum- header"
MULTIPLE = f"{SINGLE}. Multiple checksum Types are not allowed."
UNKNOWN = "The algorithm type you specified in x-amz-checksum- header is invalid."
NO_SUCH_TRAILER = "The value specified in the x-amz-trailer header is not supported"
OF_ANOTHER_ALGORITHM = "Value for x-amz-sdk-checksum-algorithm header is invalid."
OF_NONE = (
    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer"
    " headers were found."
)
REFUSED = {
    "two headers": (["crc32", "sha256"], None, None, MULTIPLE),
    "three headers": (["crc32", "sha1", "sha256"], None, None, MULTIPLE),
    "two headers, and an algorithm": (["crc32", "sha256"], None, "sha1", MULTIPLE),
    "an unknown header": (["rot13"], None, None, UNKNOWN),
    "an unknown header beside one": (["crc32", "rot13"], None, None, UNKNOWN),
    "a header without an algorithm": ([""], None, None, UNKNOWN),
    "two trailers": ([], "crc32, {}sha256", None, MULTIPLE),
    "a trailer twice": ([], "crc32,{}crc32", None, MULTIPLE),
    "two trailers, and a header": (["crc32"], "crc32,{}crc32c", "sha256", MULTIPLE),
    "a header and a trailer": (["crc32"], "sha256", None, SINGLE),
    "a header and the same as a trailer": (["crc32"], "crc32", "crc32", SINGLE),
    "two headers and a trailer": (["crc32", "sha256"], "crc32", "crc32", MULTIPLE),
    "an unknown trailer": ([], "rot13", None, NO_SUCH_TRAILER),
    "an unknown trailer beside one": ([], "crc32, x-amz-foo", None, NO_SUCH_TRAILER),
    "a trailer about checksums": ([], "type", None, NO_SUCH_TRAILER),
    "another algorithm than the header's": (["crc32"], None, "CRC32C", OF_ANOTHER_ALGORITHM),
    "another algorithm than the trailer's": ([], "crc32", "SHA1", OF_ANOTHER_ALGORITHM),
    "an unknown algorithm": (["crc32"], None, "CRC", OF_ANOTHER_ALGORITHM),
    "two algorithms": (["crc32"], None, "CRC32,SHA256", OF_ANOTHER_ALGORITHM),
    "an algorithm and no checksum": ([], None, "CRC32", OF_NONE),
}


@pytest.mark.parametrize(
    ("names", "trailer", "algorithm", "message"), REFUSED.values(), ids=REFUSED.keys()
)
def test_what_is_said_of_checksums_must_agree(
    names: list[str], trailer: str | None, algorithm: str | None, message: str
) -> None:
    headers = {f"x-amz-checksum-{name}": HELLO.get(name, "AAAA") for name in names}
    if trailer is not None:
        headers["x-amz-trailer"] = ("{}" + trailer).format(*["x-amz-checksum-"] * 2)
    if algorithm is not None:
        headers["x-amz-sdk-checksum-algorithm"] = algorithm
    for mode in (UNSIGNED_CHUNKS, PLAIN):
        with pytest.raises(InvalidRequest) as refusal:
            BodyDigests(headers, mode)
        assert refusal.value.message == message


@pytest.mark.parametrize(
    "trailer",
    [
        "", " ", ",", "x", "content-md5", "x-amz-content-sha256", "x-amz-trailer-signature",
        "x-amz-checksum-", "x-amz-checksum-crc", ",x-amz-checksum-crc32", ", x-amz-checksum-crc32",
        "x-amz-checksum-crc32, ,", "x-amz-checksum-crc32;", "x-amz-checksum-crc32, foo",
        "foo, x-amz-checksum-crc32",
    ],
)  # fmt: skip
def test_a_trailer_that_is_no_checksum_is_refused(trailer: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        BodyDigests({"x-amz-trailer": trailer}, UNSIGNED_CHUNKS)
    assert refusal.value.message == NO_SUCH_TRAILER


@pytest.mark.parametrize("behind", ["", ",", ",,", ", ", " ", " , "])
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_commas_behind_a_trailer_are_left_out(behind: str, case: Callable[[str], str]) -> None:
    digests = BodyDigests({"x-amz-trailer": case("x-amz-checksum-crc32") + behind}, UNSIGNED_CHUNKS)
    assert digests.trailer == "x-amz-checksum-crc32"


def test_only_a_framed_body_has_a_trailer() -> None:
    for mode in (PLAIN, PayloadMode(sha256=HELLO_SHA256_HEX)):
        with pytest.raises(MalformedTrailerError):
            BodyDigests({"x-amz-trailer": "x-amz-checksum-crc32"}, mode)


@pytest.mark.parametrize("word", ["algorithm", "type", "mode"])
def test_a_header_about_checksums_is_none_itself(word: str) -> None:
    about = {f"x-amz-checksum-{word}": "CRC32C"}
    assert BodyDigests(about).is_empty
    checksum = {"x-amz-checksum-crc32": HELLO["crc32"]}
    digests = BodyDigests(about | checksum)
    digests.update(b"hello")
    assert digests.verify({}) == checksum


@pytest.mark.parametrize("algorithm", HELLO)
@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_an_sdk_algorithm_goes_with_its_checksum(
    algorithm: str, case: Callable[[str], str]
) -> None:
    name = f"x-amz-checksum-{algorithm}"
    said = {"x-amz-sdk-checksum-algorithm": case(algorithm)}
    assert not BodyDigests(said | {name: HELLO[algorithm]}).is_empty
    assert BodyDigests(said | {"x-amz-trailer": name}, UNSIGNED_CHUNKS).trailer == name


@pytest.mark.parametrize(
    ("headers", "is_named"),
    [
        ({"x-amz-checksum-crc32": ""}, True),
        ({"x-amz-checksum-rot13": ""}, True),
        ({"x-amz-trailer": ""}, True),
        ({"x-amz-sdk-checksum-algorithm": "CRC32"}, True),
        ({"x-amz-checksum-mode": "ENABLED", "x-amz-checksum-type": "FULL_OBJECT"}, False),
        ({"content-md5": "", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, False),
    ],
)
def test_what_says_something_of_a_checksum(headers: dict[str, str], is_named: bool) -> None:
    assert names_checksum(headers) is is_named
