"""A checksum of a request's own body is verified on every operation, with a body and without."""

from __future__ import annotations

import base64
import hashlib
import zlib
from typing import NamedTuple

import pytest

from tests.operations.bodies import (
    CONTENT,
    CRC32,
    OTHER_SHA256,
    SHA256,
    STREAMING_UNSIGNED,
    TRAILER,
    WRONG_TRAILER,
    framed,
)
from tests.raw_http import send
from tests.s3_wire.known_digests import EMPTY, HELLO
from tests.servers import GatewayProcess


class Asked(NamedTuple):
    method: str
    target: str
    status: int


DELETE = b"<Delete><Object><Key>a</Key></Object></Delete>"
WITHOUT_A_BODY = {
    "ListBuckets": Asked("GET", "/", 200),
    "HeadBucket": Asked("HEAD", "/{}", 200),
    "GetBucketLocation": Asked("GET", "/{}?location", 200),
    "ListObjects": Asked("GET", "/{}", 200),
    "ListObjectsV2": Asked("GET", "/{}?list-type=2", 200),
    "GetObject": Asked("GET", "/{}/a", 200),
    "HeadObject": Asked("HEAD", "/{}/a", 200),
    "DeleteObject": Asked("DELETE", "/{}/a", 204),
    "DeleteBucket": Asked("DELETE", "/{}", 409),
}
EACH_WITHOUT_A_BODY = pytest.mark.parametrize(
    "asked", WITHOUT_A_BODY.values(), ids=WITHOUT_A_BODY.keys()
)


@pytest.fixture
def filled(gateway: GatewayProcess, bucket: str) -> str:
    assert send(gateway, "PUT", f"/{bucket}/a", CONTENT).status == 200
    return bucket


@EACH_WITHOUT_A_BODY
@pytest.mark.parametrize("algorithm", EMPTY)
def test_the_checksum_of_no_body_is_that_of_no_bytes(
    gateway: GatewayProcess, filled: str, asked: Asked, algorithm: str
) -> None:
    target = asked.target.format(filled)
    for body in (None, b""):
        said = {
            f"x-amz-checksum-{algorithm}": EMPTY[algorithm],
            "x-amz-sdk-checksum-algorithm": algorithm,
        }
        assert send(gateway, asked.method, target, body, said).status == asked.status
        said[f"x-amz-checksum-{algorithm}"] = HELLO[algorithm]
        refused = send(gateway, asked.method, target, body, said)
        assert refused.status == 400
        if asked.method != "HEAD":
            assert refused.code == "BadDigest"
        send(gateway, "PUT", f"/{filled}/a", CONTENT)


@EACH_WITHOUT_A_BODY
def test_a_body_that_nobody_reads_has_its_checksum(
    gateway: GatewayProcess, filled: str, asked: Asked
) -> None:
    target = asked.target.format(filled)
    right = {CRC32: HELLO["crc32"]}
    assert send(gateway, asked.method, target, CONTENT, right).status == asked.status
    for headers in ({CRC32: EMPTY["crc32"]}, {**right, "x-amz-checksum-crc32c": HELLO["crc32c"]}):
        send(gateway, "PUT", f"/{filled}/a", CONTENT)
        assert send(gateway, asked.method, target, CONTENT, headers).status == 400
        assert send(gateway, "GET", f"/{filled}/a").body == CONTENT


@EACH_WITHOUT_A_BODY
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({CRC32: "AAAA"}, "InvalidRequest"),
        ({CRC32: "AAAAAB=="}, "InvalidRequest"),
        ({"x-amz-checksum-bad": "AAAAAA=="}, "InvalidRequest"),
        ({"x-amz-sdk-checksum-algorithm": "CRC32"}, "InvalidRequest"),
        ({CRC32: "AAAAAA==", "x-amz-sdk-checksum-algorithm": "SHA1"}, "InvalidRequest"),
        ({"x-amz-trailer": "foo"}, "InvalidRequest"),
        ({"x-amz-trailer": CRC32}, "MalformedTrailerError"),
        ({"x-amz-content-sha256": "invalid"}, "InvalidArgument"),
    ],
)
def test_what_is_false_is_refused_without_a_body_too(
    gateway: GatewayProcess, filled: str, asked: Asked, headers: dict[str, str], code: str
) -> None:
    answer = send(gateway, asked.method, asked.target.format(filled), None, headers)
    assert answer.status == 400
    if asked.method != "HEAD":
        assert answer.code == code
    assert send(gateway, "GET", f"/{filled}/a").body == CONTENT


@EACH_WITHOUT_A_BODY
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-MD5": HELLO["md5"]},
        {"Content-MD5": "invalid"},
        {"x-amz-content-sha256": OTHER_SHA256},
        {"x-amz-content-sha256": STREAMING_UNSIGNED},
    ],
)
def test_without_a_body_digests_are_compared_with_nothing_as_at_s3(
    gateway: GatewayProcess, filled: str, asked: Asked, headers: dict[str, str]
) -> None:
    target = asked.target.format(filled)
    assert send(gateway, asked.method, target, None, headers).status == asked.status


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


@pytest.mark.parametrize(
    ("headers", "code", "details"),
    [
        (
            {"Content-MD5": HELLO["md5"]},
            "BadDigest",
            {"ExpectedDigest": HELLO["md5"], "CalculatedDigest": md5(DELETE)},
        ),
        ({CRC32: HELLO["crc32"]}, "BadDigest", {}),
        ({CRC32: crc32(DELETE), "Content-MD5": HELLO["md5"]}, "BadDigest", {}),
        ({"x-amz-content-sha256": SHA256, CRC32: crc32(DELETE)}, "XAmzContentSHA256Mismatch", {}),
        ({"x-amz-trailer": CRC32}, "MalformedTrailerError", {}),
        ({"x-amz-trailer": "foo"}, "InvalidRequest", {}),
    ],
)
def test_a_document_that_is_not_what_it_says_changes_nothing(
    gateway: GatewayProcess,
    filled: str,
    headers: dict[str, str],
    code: str,
    details: dict[str, str],
) -> None:
    answer = send(gateway, "POST", f"/{filled}?delete", DELETE, headers)
    assert (answer.status, answer.code) == (400, code)
    for name, text in details.items():
        assert answer.texts(name) == [text]
    assert send(gateway, "GET", f"/{filled}/a").body == CONTENT


@pytest.mark.parametrize("target", ["/{}?delete", "/{}?delete=True"])
def test_a_document_that_is_what_it_says_is_read(
    gateway: GatewayProcess, filled: str, target: str
) -> None:
    chunk = b"%x\r\n%b\r\n0\r\n" % (len(DELETE), DELETE)
    size = str(len(DELETE))
    headers, body = framed(
        chunk + f"{CRC32}:{crc32(DELETE)}\r\n".encode(), size=size, x_amz_trailer=CRC32
    )
    for said, document in [
        ({"Content-MD5": md5(DELETE), CRC32: crc32(DELETE)}, DELETE),
        (headers, body),
    ]:
        send(gateway, "PUT", f"/{filled}/a", CONTENT)
        assert send(gateway, "POST", target.format(filled), document, said).status == 200
        assert send(gateway, "HEAD", f"/{filled}/a").status == 404


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({CRC32: HELLO["crc32"]}, None, "BadDigest"),
        ({CRC32: HELLO["crc32"]}, b"", "BadDigest"),
        ({"Content-MD5": HELLO["md5"]}, None, "BadDigest"),
        ({"Content-MD5": "invalid"}, None, "InvalidDigest"),
        ({"x-amz-content-sha256": SHA256}, None, "XAmzContentSHA256Mismatch"),
        ({"x-amz-trailer": CRC32}, None, "MalformedTrailerError"),
        ({"x-amz-sdk-checksum-algorithm": "CRC32"}, None, "InvalidRequest"),
        (
            framed(b"0\r\n" + WRONG_TRAILER, size="0")[0],
            b"0\r\n" + TRAILER,
            "MalformedTrailerError",
        ),
    ],
)
def test_a_bucket_is_not_created_by_what_is_false(
    gateway: GatewayProcess,
    new_bucket: str,
    headers: dict[str, str],
    body: bytes | None,
    code: str,
) -> None:
    answer = send(gateway, "PUT", f"/{new_bucket}", body, headers)
    assert (answer.status, answer.code) == (400, code)
    assert send(gateway, "HEAD", f"/{new_bucket}").status == 404


@pytest.mark.parametrize("body", [None, b"", b"0\r\n" + WRONG_TRAILER])
def test_a_bucket_is_created_by_what_is_right(
    gateway: GatewayProcess, new_bucket: str, body: bytes | None
) -> None:
    headers = {CRC32: EMPTY["crc32"], "Content-MD5": EMPTY["md5"]}
    if body:
        headers, body = framed(body, size="0", x_amz_trailer=CRC32)
    assert send(gateway, "PUT", f"/{new_bucket}", body, headers).status == 200
    assert send(gateway, "DELETE", f"/{new_bucket}").status == 204
