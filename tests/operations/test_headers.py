"""Headers that offer, inform, repeat or check change nothing; those that ask for something do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pytest

from tests.raw_http import Answer, send
from tests.servers import GatewayProcess

CONTENT = b"hello"
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class Request(NamedTuple):
    method: str
    target: str
    body: bytes | None
    status: int


DELETE = b"<Delete><Object><Key>none</Key></Object></Delete>"
OPERATIONS = {
    "ListBuckets": Request("GET", "/", None, 200),
    "HeadBucket": Request("HEAD", "/{}", None, 200),
    "GetBucketLocation": Request("GET", "/{}?location", None, 200),
    "ListObjects": Request("GET", "/{}", None, 200),
    "ListObjectsV2": Request("GET", "/{}?list-type=2", None, 200),
    "DeleteObjects": Request("POST", "/{}?delete", DELETE, 200),
    "CreateBucket": Request("PUT", "/{}", b"", 409),
    "DeleteBucket": Request("DELETE", "/{}", None, 409),
    "PutObject": Request("PUT", "/{}/new", b"", 200),
    "GetObject": Request("GET", "/{}/key", None, 200),
    "HeadObject": Request("HEAD", "/{}/key", None, 200),
    "DeleteObject": Request("DELETE", "/{}/none", None, 204),
}
HARMLESS = {
    "x-amz-te": "append-md5",
    "x-amz-date": "20261125T000000Z",
    "x-amz-security-token": "token",
    "x-amz-s3session-token": "token",
    "x-amz-region-set": "*",
    "x-amz-user-agent": "aws-sdk-js/3",
    "x-amz-api-version": "2006-03-01",
    "x-amz-optional-object-attributes": "RestoreStatus",
    "x-amz-cf-id": "id==",
    "x-amz-checksum-mode": "ENABLED",
    "x-amz-checksum-algorithm": "CRC32",
    "x-amz-checksum-type": "FULL_OBJECT",
    "x-amz-meta-anything": "value",
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
}
ASKING = {
    "x-amz-acl": "public-read",
    "x-amz-grant-read": "id=x",
    "x-amz-expected-bucket-owner": "123456789012",
    "x-amz-request-payer": "requester",
    "x-amz-server-side-encryption": "AES256",
    "x-amz-server-side-encryption-customer-algorithm": "AES256",
    "x-amz-tagging": "a=b",
    "x-amz-object-lock-mode": "GOVERNANCE",
    "x-amz-object-lock-legal-hold": "ON",
    "x-amz-mfa": "serial 123456",
    "x-amz-bypass-governance-retention": "true",
    "x-amz-website-redirect-location": "/x",
    "x-amz-write-offset-bytes": "5",
    "x-amz-copy-source": "/b/k",
    "x-amz-metadata-directive": "COPY",
    "x-amz-if-match-size": "5",
    "x-amz-nobody-knows": "1",
}


@pytest.fixture
def filled(gateway: GatewayProcess, bucket: str) -> str:
    assert send(gateway, "PUT", f"/{bucket}/key", CONTENT).status == 200
    return bucket


def ask(gateway: GatewayProcess, bucket: str, name: str, headers: Mapping[str, str]) -> Answer:
    method, target, body, _ = OPERATIONS[name]
    return send(gateway, method, target.format(bucket), body, dict(headers))


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_asks_for_nothing_is_never_refused(
    gateway: GatewayProcess, filled: str, name: str
) -> None:
    plain = ask(gateway, filled, name, {}).status
    assert plain == OPERATIONS[name].status
    for header, value in HARMLESS.items():
        assert ask(gateway, filled, name, {header: value}).status == plain, header
    assert ask(gateway, filled, name, HARMLESS).status == plain


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_asks_for_something_is_refused(
    gateway: GatewayProcess, filled: str, name: str
) -> None:
    for header, value in ASKING.items():
        answer = ask(gateway, filled, name, {header: value})
        assert answer.status == 501, header
        if answer.body:
            assert header in answer.message
    assert send(gateway, "GET", f"/{filled}/key").body == CONTENT


@pytest.mark.parametrize(
    ("name", "header", "value"),
    [
        ("CreateBucket", "x-amz-acl", "private"),
        ("CreateBucket", "x-amz-bucket-object-lock-enabled", "false"),
        ("CreateBucket", "x-amz-object-ownership", "BucketOwnerEnforced"),
        ("CreateBucket", "x-amz-bucket-namespace", "global"),
        ("PutObject", "x-amz-acl", "private"),
        ("PutObject", "x-amz-server-side-encryption-bucket-key-enabled", "false"),
        ("DeleteObject", "x-amz-bypass-governance-retention", "false"),
        ("DeleteObjects", "x-amz-bypass-governance-retention", "false"),
    ],
)
def test_what_asks_for_what_happens_anyway_is_taken(
    gateway: GatewayProcess, filled: str, name: str, header: str, value: str
) -> None:
    assert ask(gateway, filled, name, {header: value}).status == OPERATIONS[name].status


def test_the_java_sdks_download_is_answered(gateway: GatewayProcess, filled: str) -> None:
    headers = {
        "x-amz-te": "append-md5",
        "x-amz-checksum-crc32": "AAAAAA==",
        "x-amz-checksum-mode": "ENABLED",
        "x-amz-content-sha256": EMPTY_SHA256,
    }
    answer = send(gateway, "GET", f"/{filled}/key", None, headers)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert "x-amz-transfer-encoding" not in answer.headers


@pytest.mark.parametrize("target", ["/{}?delete=true", "/{}?delete=", "/{}?delete=false"])
def test_delete_selects_by_being_there(gateway: GatewayProcess, filled: str, target: str) -> None:
    assert send(gateway, "POST", target.format(filled), DELETE).texts("Deleted", "Key") == ["none"]


@pytest.mark.parametrize("value", ["", "=", "=true", "=x"])
def test_location_selects_by_being_there(gateway: GatewayProcess, filled: str, value: str) -> None:
    answer = send(gateway, "GET", f"/{filled}?location{value}")
    assert answer.status == 200
    assert answer.xml.tag.endswith("LocationConstraint")


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"x-amz-copy-source": "/b/k"}, "Copying"),
        ({"x-amz-aaa": "1", "x-amz-copy-source": "/b/k"}, "Copying"),
        ({"x-amz-copy-source": "/b/k", "x-amz-aaa": "1"}, "Copying"),
        ({"x-amz-copy-source-range": "bytes=0-1", "x-amz-zzz": "1"}, "Copying"),
        ({"x-amz-metadata-directive": "REPLACE", "x-amz-copy-source": "/b/k"}, "Copying"),
        ({"x-amz-grant-read": "x"}, "access control"),
        ({"x-amz-object-lock-retain-until-date": "x"}, "locks"),
    ],
)
def test_the_hint_is_the_same_in_whatever_order_headers_come(
    gateway: GatewayProcess, filled: str, headers: dict[str, str], says: str
) -> None:
    answer = send(gateway, "PUT", f"/{filled}/copy", None, headers)
    assert answer.status == 501
    assert says in answer.message
    assert len(answer.message) < 250


@pytest.mark.parametrize("target", ["/{}/k?uploads", "/{}/k?uploads&x-id=CreateMultipartUpload"])
def test_the_hint_on_multipart_is_short_and_names_the_page(
    gateway: GatewayProcess, filled: str, target: str
) -> None:
    answer = send(gateway, "POST", target.format(filled), b"")
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert "docs/clients" in answer.message
    assert len(answer.message) < 250


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET", "/{}/key", {"x-amz-content-sha256": "x"}),
        ("GET", "/{}/key?response-content-disposition=%0a", {}),
        ("GET", "/{}/key?partNumber=x", {}),
        ("GET", "/{}?max-keys=-1", {}),
        ("GET", "/{}?encoding-type=x", {}),
        ("GET", "/{}?list-type=2&fetch-owner=x", {}),
        ("GET", "/?bucket-region=x", {}),
        ("GET", "/?max-buckets=0", {}),
        ("PUT", "/{}/k", {"x-amz-decoded-content-length": "x"}),
    ],
)
def test_a_value_that_cannot_be_is_told_in_words(
    gateway: GatewayProcess, filled: str, method: str, target: str, headers: dict[str, str]
) -> None:
    answer = send(gateway, method, target.format(filled), None, headers)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert not set(r"^$\[]{}|*+") & set(answer.message)
    assert answer.texts("ArgumentName")
