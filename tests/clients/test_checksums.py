"""Every checksum that S3 has, in every form that it comes in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, FlexibleChecksumError

from tests.clients.record import record
from tests.conftest import boto3_client
from tests.raw_http import Answer, send
from tests.s3_wire.known_digests import HELLO
from tests.servers import GatewayProcess

CONTENT = b"hello"
CHUNK_SIGNATURE = b";chunk-signature=" + b"a" * 64
VERIFIED = "verified"
NOT_SENT = "-"

Put = Callable[[GatewayProcess, str, str, str], Answer]


def in_a_header(gateway: GatewayProcess, target: str, name: str, value: str) -> Answer:
    return send(gateway, "PUT", target, CONTENT, {name: value})


def in_an_unsigned_trailer(gateway: GatewayProcess, target: str, name: str, value: str) -> Answer:
    body = b"5\r\nhello\r\n0\r\n" + f"{name}:{value}\r\n\r\n".encode()
    return _in_a_trailer(gateway, target, name, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body)


def in_a_signed_trailer(gateway: GatewayProcess, target: str, name: str, value: str) -> Answer:
    chunks = b"5" + CHUNK_SIGNATURE + b"\r\nhello\r\n0" + CHUNK_SIGNATURE + b"\r\n"
    trailer = f"{name}:{value}\r\nx-amz-trailer-signature:{'b' * 64}\r\n\r\n".encode()
    kind = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    return _in_a_trailer(gateway, target, name, kind, chunks + trailer)


def _in_a_trailer(
    gateway: GatewayProcess, target: str, name: str, kind: str, body: bytes
) -> Answer:
    headers = {
        "Content-Encoding": "aws-chunked",
        "x-amz-content-sha256": kind,
        "x-amz-decoded-content-length": str(len(CONTENT)),
        "x-amz-trailer": name,
    }
    return send(gateway, "PUT", target, body, headers)


FORMS: dict[str, Put] = {
    "header": in_a_header,
    "unsigned trailer": in_an_unsigned_trailer,
    "signed trailer": in_a_signed_trailer,
}
LABELS = {f"x-amz-checksum-{algorithm}": algorithm.upper() for algorithm in HELLO}


def wrong(value: str) -> str:
    """Another checksum of the same length."""
    return ("B" if value[0] == "A" else "A") + value[1:]


def verified_as_bytes(gateway: GatewayProcess, bucket: str, put: Put, name: str, value: str) -> str:
    """How the gateway takes a checksum, right and wrong."""
    target = f"/{bucket}/{put.__name__}/{name}"
    refused = put(gateway, target, name, wrong(value))
    assert (refused.status, refused.code) == (400, "BadDigest")
    assert send(gateway, "HEAD", target).status == 404
    accepted = put(gateway, target, name, value)
    assert accepted.status == 200
    if name in LABELS:
        assert accepted.headers[name] == value
    assert send(gateway, "GET", target).body == CONTENT
    return VERIFIED


def verified_through_boto3(s3: Any, bucket: str, label: str, value: str) -> str:
    """How boto3 sends a checksum, if it does: computed by itself, and a wrong one of ours."""
    member = {f"Checksum{label}": value}
    with pytest.raises(ClientError, match="BadDigest"):
        s3.put_object(Bucket=bucket, Key="b", Body=CONTENT, **{f"Checksum{label}": wrong(value)})
    try:
        put = s3.put_object(Bucket=bucket, Key="b", Body=CONTENT, ChecksumAlgorithm=label)
    except FlexibleChecksumError:
        return NOT_SENT
    assert member.items() <= put.items()
    return VERIFIED


@pytest.fixture(scope="module")
def seen(gateway: GatewayProcess) -> dict[str, dict[str, str]]:
    s3 = boto3_client(gateway)
    bucket = "master.checksums"
    s3.create_bucket(Bucket=bucket)
    outcomes = {
        label: {
            form: verified_as_bytes(gateway, bucket, put, name, HELLO[label.lower()])
            for form, put in FORMS.items()
        }
        | {"boto3": verified_through_boto3(s3, bucket, label, HELLO[label.lower()])}
        for name, label in LABELS.items()
    }
    md5 = verified_as_bytes(gateway, bucket, in_a_header, "Content-MD5", HELLO["md5"])
    s3.put_object(Bucket=bucket, Key="b", Body=CONTENT, ContentMD5=HELLO["md5"])
    return outcomes | {"Content-MD5": {"header": md5, "boto3": VERIFIED}}


def test_all_that_botocore_knows_are_here() -> None:
    model = boto3.client("s3", region_name="us-east-1").meta.service_model
    assert set(model.shape_for("ChecksumAlgorithm").enum) == set(LABELS.values())


def test_all_are_verified_in_all_forms(seen: dict[str, dict[str, str]]) -> None:
    for label in LABELS.values():
        assert {form: seen[label][form] for form in FORMS} == dict.fromkeys(FORMS, VERIFIED)


def test_boto3_sends_all_but_one(seen: dict[str, dict[str, str]]) -> None:
    assert [label for label in seen if seen[label]["boto3"] == NOT_SENT] == ["MD5"]


def test_the_record_is_fresh(seen: dict[str, dict[str, str]]) -> None:
    assert record("checksums", seen) == []
