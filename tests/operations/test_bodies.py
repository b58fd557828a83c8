"""An object is stored only if its body is what the request says of it.

Each body is sent whole, byte by byte, and within HTTP's own chunks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pytest

from tests.operations.bodies import (
    CONTENT,
    CRC32,
    FRAMED,
    OTHER_SHA256,
    REFUSED,
    SHA256,
    STREAMING_SIGNED,
    STREAMING_UNSIGNED,
    TAKEN,
    Refused,
)
from tests.raw_http import Answer, Connection, send
from tests.s3_wire.known_digests import HELLO
from tests.servers import GatewayProcess


def put(
    gateway: GatewayProcess, target: str, headers: Mapping[str, str], body: bytes, way: str
) -> Answer:
    """Put an object: whole, byte by byte, or in HTTP's own chunks of two bytes."""
    pieces = [body[at : at + 1] for at in range(len(body))] if way == "bytes" else [body]
    said = {**headers, "Content-Length": str(len(body))}
    if way == "chunked":
        said = {**headers, "Transfer-Encoding": "chunked"}
        cut = [body[at : at + 2] for at in range(0, len(body), 2)]
        pieces = [b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in [*cut, b""])]
    with Connection(gateway) as connection:
        connection.send(connection.head("PUT", target, None, said))
        for piece in pieces:
            connection.send_body(piece)
        return connection.read()


@pytest.mark.parametrize("way", ["whole", "bytes", "chunked"])
@pytest.mark.parametrize(("headers", "body"), TAKEN.values(), ids=TAKEN.keys())
def test_a_body_that_is_what_it_says_is_stored(
    gateway: GatewayProcess, bucket: str, headers: dict[str, str], body: bytes, way: str
) -> None:
    answer = put(gateway, f"/{bucket}/a", headers, body, way)
    assert answer.status == 200, answer
    said = CRC32 in headers or "x-amz-trailer" in headers
    assert answer.headers.get(CRC32) == (HELLO["crc32"] if said else None)
    assert send(gateway, "GET", f"/{bucket}/a").body == CONTENT


@pytest.mark.parametrize("way", ["whole", "bytes", "chunked"])
@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_a_body_that_is_not_what_it_says_is_refused(
    gateway: GatewayProcess, bucket: str, case: Refused, way: str
) -> None:
    answer = put(gateway, f"/{bucket}/a", case.headers, case.body, way)
    assert (answer.status, answer.code, answer.message) == (case.status, case.code, case.message)
    for name, text in case.details.items():
        assert answer.texts(name) == [text]
    assert send(gateway, "HEAD", f"/{bucket}/a").status == 404


SIGNED_ELSEWHERE = {
    "version 2": ("", {"Authorization": "AWS a:b"}),
    "presigned": ("?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", {}),
    "presigned, version 2": ("?AWSAccessKeyId=a&Signature=b&Expires=1", {}),
}
EACH_SIGNATURE = pytest.mark.parametrize(
    ("query", "signed"), SIGNED_ELSEWHERE.values(), ids=SIGNED_ELSEWHERE.keys()
)


@EACH_SIGNATURE
@pytest.mark.parametrize(
    ("value", "size", "code"),
    [
        ("invalid", None, "XAmzContentSHA256Mismatch"),
        ("unsigned-payload", None, "XAmzContentSHA256Mismatch"),
        (OTHER_SHA256, None, "XAmzContentSHA256Mismatch"),
        (STREAMING_UNSIGNED, "15", "XAmzContentSHA256Mismatch"),
        (STREAMING_UNSIGNED, "5", "IncompleteBody"),
        (STREAMING_UNSIGNED, "five", "MissingContentLength"),
        (STREAMING_SIGNED, None, "MissingContentLength"),
    ],
)
def test_a_signature_elsewhere_makes_the_header_a_digest(
    gateway: GatewayProcess,
    bucket: str,
    query: str,
    signed: dict[str, str],
    value: str,
    size: str | None,
    code: str,
) -> None:
    headers = {**signed, "x-amz-content-sha256": value}
    if size is not None:
        headers["x-amz-decoded-content-length"] = size
    answer = send(gateway, "PUT", f"/{bucket}/a{query}", FRAMED + b"\r\n", headers)
    assert (answer.status, answer.code) == (411 if "Length" in code else 400, code)
    if code == "XAmzContentSHA256Mismatch":
        computed = hashlib.sha256(FRAMED + b"\r\n").hexdigest()
        assert answer.texts("S3ComputedContentSHA256") == [computed]
    assert send(gateway, "HEAD", f"/{bucket}/a").status == 404


@EACH_SIGNATURE
@pytest.mark.parametrize("value", [SHA256, SHA256.upper(), "UNSIGNED-PAYLOAD"])
def test_a_signature_elsewhere_takes_what_is_right(
    gateway: GatewayProcess, bucket: str, query: str, signed: dict[str, str], value: str
) -> None:
    headers = {**signed, "x-amz-content-sha256": value}
    assert send(gateway, "PUT", f"/{bucket}/a{query}", CONTENT, headers).status == 200
    for method in ("GET", "HEAD"):
        asked = {**signed, "x-amz-content-sha256": "invalid"}
        sign = "&" if query else "?"
        target = f"/{bucket}/a{query}{sign}x-id={method.title()}Object"
        assert send(gateway, method, target, None, asked).status == 200


def test_a_body_behind_the_declared_one_is_no_part_of_it(
    gateway: GatewayProcess, bucket: str
) -> None:
    headers = {CRC32: HELLO["crc32"], "Content-Length": "5"}
    with Connection(gateway) as connection:
        connection.send(connection.head("PUT", f"/{bucket}/a", None, headers))
        connection.send(b"hello world")
        assert connection.read().status == 200
    with Connection(gateway) as connection:
        headers["Content-Length"] = "4"
        connection.send(connection.head("PUT", f"/{bucket}/b", None, headers))
        connection.send(b"hello")
        assert connection.read().code == "BadDigest"
    assert send(gateway, "GET", f"/{bucket}/a").body == CONTENT
    assert send(gateway, "HEAD", f"/{bucket}/b").status == 404
