"""Every status that the document declares and that one gateway can be brought to answer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any, TypeAlias

import pytest

from tests.contract.compositions import each_case, each_composition
from tests.contract.under_test import ContractUnderTest
from tests.fuzz.client import Client, delete_document
from tests.fuzz.uploads import NO_UPLOAD, PARTS, UPLOAD, completion, with_upload
from tests.servers import GatewayProcess

_numbers = itertools.count()

ONE = delete_document([{"Key": "a"}])
FRAMED = {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
SOURCE = "x-amz-copy-source"
COPIED = {SOURCE: "master.full/a"}
TAGGED = {"x-amz-tagging": "a=b"}
PAST = "Mon, 23 Nov 1976 10:56:05 GMT"
LATER = "now"
"""A date that is replaced by the time of the request, to which nothing is later."""

FUTURE = "Tue, 23 Nov 2060 10:56:05 GMT"

VERSION = "0123456789ab4def8123456789abcdef"
MARKER = "the version that is a delete marker"

Request: TypeAlias = dict[str, Any]


def versioning(status: str) -> bytes:
    document = f"<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>"
    return document.encode()


BUCKET: Request = {"bucket": "master.full"}
OBJECT: Request = {"bucket": "master.full", "key": "a"}
NOWHERE: Request = {"bucket": "master.nowhere"}
ABSENT: Request = {"bucket": "master.full", "key": "b"}
OF_UPLOAD = {"uploadId": UPLOAD}
SENT: Request = {**ABSENT, "query": {**OF_UPLOAD, "partNumber": "1"}}
UNHOLDABLE: Request = {"bucket": "master.full", "key": "a//b"}

READS: list[tuple[int, Request]] = [
    (200, OBJECT),
    (200, {"bucket": "master.full", "key": "d/"}),
    (206, {**OBJECT, "headers": {"Range": "bytes=1-"}}),
    (304, {**OBJECT, "headers": {"If-None-Match": "*"}}),
    (304, {**OBJECT, "headers": {"If-Modified-Since": LATER}}),
    (200, {**OBJECT, "headers": {"If-Modified-Since": FUTURE}}),
    (400, {**OBJECT, "key": "k" * 1025}),
    (400, {**OBJECT, "query": {"response-expires": "\n"}}),
    (404, ABSENT),
    (404, {**NOWHERE, "key": "a"}),
    (412, {**OBJECT, "headers": {"If-Match": '"other"'}}),
    (412, {**OBJECT, "headers": {"If-Unmodified-Since": PAST}}),
    (416, {**OBJECT, "headers": {"Range": "bytes=99-"}}),
    (501, {**OBJECT, "query": {"acl": ""}}),
]
LISTS: list[tuple[int, Request]] = [
    (200, BUCKET),
    (200, {**BUCKET, "query": {"max-keys": "1", "delimiter": "/", "encoding-type": "url"}}),
    (400, {**BUCKET, "query": {"max-keys": "-1"}}),
    (400, {"bucket": "a..b"}),
    (404, NOWHERE),
    (501, {**BUCKET, "headers": TAGGED}),
]
ASKED: dict[str, list[tuple[int, Request]]] = {
    "ListBuckets": [
        (200, {}),
        (200, {"query": {"max-buckets": "1"}}),
        (400, {"query": {"max-buckets": "0"}}),
        (400, {"query": {"continuation-token": "none"}}),
        (501, {"query": {"other": "1"}}),
    ],
    "CreateBucket": [
        (200, {"bucket": "master.new"}),
        (400, {"bucket": "a.b.c"}),
        (400, {"bucket": "master.new", "body": b"<Other/>"}),
        (409, BUCKET),
        (411, {"bucket": "master.new", "headers": FRAMED}),
        (501, {"bucket": "master.new", "headers": {"x-amz-acl": "public-read"}}),
    ],
    "HeadBucket": [(200, BUCKET), (400, {"bucket": "a..b"}), (404, NOWHERE), LISTS[-1]],
    "GetBucketLocation": [(200, BUCKET), (400, {"bucket": "a..b"}), (404, NOWHERE), LISTS[-1]],
    "DeleteBucket": [
        (204, {"bucket": "master.void"}),
        (400, {"bucket": "a..b"}),
        (404, NOWHERE),
        (409, BUCKET),
        (501, {**BUCKET, "query": {"policy": ""}}),
    ],
    "ListObjects": LISTS,
    "ListObjectsV2": [*LISTS, (400, {**BUCKET, "query": {"continuation-token": "none"}})],
    "ListObjectVersions": [
        *LISTS,
        (400, {**BUCKET, "query": {"version-id-marker": VERSION}}),
    ],
    "GetBucketVersioning": [(200, BUCKET), (400, {"bucket": "a..b"}), (404, NOWHERE), LISTS[-1]],
    "PutBucketVersioning": [
        (200, {**BUCKET, "body": versioning("Enabled")}),
        (400, {**BUCKET, "body": b"<VersioningConfiguration/>"}),
        (404, {**NOWHERE, "body": versioning("Enabled")}),
        (411, {**BUCKET, "body": versioning("Enabled"), "headers": FRAMED}),
        (501, {**BUCKET, "body": versioning("Suspended")}),
    ],
    "DeleteObjects": [
        (200, {**BUCKET, "body": ONE}),
        (200, {**BUCKET, "body": delete_document([{"Key": "*"}], quiet=True)}),
        (400, {**BUCKET, "body": b"<Delete/>"}),
        (404, {**NOWHERE, "body": ONE}),
        (411, {**BUCKET, "body": ONE, "headers": FRAMED}),
        (501, {**BUCKET, "body": ONE, "headers": TAGGED}),
    ],
    "PutObject": [
        (200, {**ABSENT, "body": b"b"}),
        (200, {**ABSENT, "body": b"b", "headers": {"x-amz-checksum-crc32": "cb7v+Q=="}}),
        (400, {**ABSENT, "headers": {"x-amz-checksum-crc32": "cb7v+Q=="}}),
        (400, {**OBJECT, "key": "a/b"}),
        (404, {**NOWHERE, "key": "a"}),
        (404, {**ABSENT, "headers": {"If-Match": '"other"'}}),
        (411, {**ABSENT, "headers": FRAMED}),
        (412, {**OBJECT, "headers": {"If-None-Match": "*"}}),
        (501, {**ABSENT, "headers": TAGGED}),
    ],
    "CopyObject": [
        (200, {**ABSENT, "headers": COPIED}),
        (400, {**OBJECT, "headers": COPIED}),
        (400, {**ABSENT, "headers": {SOURCE: "master.full"}}),
        (404, {**ABSENT, "headers": {SOURCE: "master.full/none"}}),
        (404, {**NOWHERE, "key": "a", "headers": COPIED}),
        (412, {**ABSENT, "headers": {**COPIED, f"{SOURCE}-if-match": '"other"'}}),
        (501, {**ABSENT, "headers": {**COPIED, **TAGGED}}),
    ],
    "CreateMultipartUpload": [
        (200, ABSENT),
        (400, {**OBJECT, "key": "k" * 1025}),
        (404, {**NOWHERE, "key": "a"}),
        (501, {**ABSENT, "headers": TAGGED}),
    ],
    "UploadPart": [
        (200, {**SENT, "body": b"part"}),
        (400, {**ABSENT, "query": {**OF_UPLOAD, "partNumber": "0"}}),
        (404, {**ABSENT, "query": {"uploadId": NO_UPLOAD, "partNumber": "1"}, "body": b"part"}),
        (411, {**SENT, "headers": FRAMED}),
        (501, {**SENT, "headers": TAGGED}),
    ],
    "UploadPartCopy": [
        (200, {**SENT, "headers": COPIED}),
        (400, {**SENT, "headers": {SOURCE: "master.full"}}),
        (404, {**SENT, "headers": {SOURCE: "master.full/none"}}),
        (412, {**SENT, "headers": {**COPIED, f"{SOURCE}-if-match": '"other"'}}),
        (501, {**SENT, "headers": {**COPIED, **TAGGED}}),
    ],
    "ListParts": [
        (200, {**ABSENT, "query": OF_UPLOAD}),
        (400, {**ABSENT, "query": {**OF_UPLOAD, "max-parts": "-1"}}),
        (404, {**ABSENT, "query": {"uploadId": NO_UPLOAD}}),
        (404, {**UNHOLDABLE, "query": {"uploadId": NO_UPLOAD}}),
        (501, {**ABSENT, "query": OF_UPLOAD, "headers": TAGGED}),
    ],
    "CompleteMultipartUpload": [
        (200, {**ABSENT, "query": OF_UPLOAD, "body": PARTS}),
        (400, {**ABSENT, "query": OF_UPLOAD, "body": b"<CompleteMultipartUpload/>"}),
        (404, {**ABSENT, "query": {"uploadId": NO_UPLOAD}, "body": completion(['"e"'])}),
        (411, {**ABSENT, "query": OF_UPLOAD, "headers": FRAMED}),
        (412, {**OBJECT, "query": OF_UPLOAD, "body": PARTS, "headers": {"If-None-Match": "*"}}),
        (501, {**ABSENT, "query": OF_UPLOAD, "body": PARTS, "headers": TAGGED}),
    ],
    "AbortMultipartUpload": [
        (204, {**ABSENT, "query": OF_UPLOAD}),
        (400, {**OBJECT, "key": "k" * 1025, "query": {"uploadId": NO_UPLOAD}}),
        (404, {**ABSENT, "query": {"uploadId": NO_UPLOAD}}),
        (404, {**UNHOLDABLE, "query": {"uploadId": NO_UPLOAD}}),
        (501, {**ABSENT, "query": OF_UPLOAD, "headers": TAGGED}),
    ],
    "ListMultipartUploads": [
        (200, BUCKET),
        (400, {**BUCKET, "query": {"max-uploads": "-1"}}),
        (404, NOWHERE),
        (501, {**BUCKET, "headers": TAGGED}),
    ],
    "GetObject": [*READS, (404, UNHOLDABLE)],
    "HeadObject": [*READS, (404, UNHOLDABLE)],
    "DeleteObject": [
        (204, OBJECT),
        (204, ABSENT),
        (204, {**OBJECT, "key": "a*b"}),
        (400, {**OBJECT, "key": "k" * 1025}),
        (404, {**ABSENT, "headers": {"If-Match": "*"}}),
        (404, {**NOWHERE, "key": "a"}),
        (412, {**OBJECT, "headers": {"If-Match": '"other"'}}),
        (501, {**OBJECT, "headers": {"x-amz-mfa": "1"}}),
    ],
}  # fmt: skip

# They need a PFS that wants a token, fails or is away.
ELSEWHERE = {403, 500, 503}


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[Client]:
    client = Client(gateway)
    yield client
    client.close()


def asked_of(contract: ContractUnderTest, name: str) -> list[tuple[int, Request]]:
    """What to ask of an operation; where buckets have versions, also what is not allowed there."""
    asked = ASKED.get(name, [])
    operation = contract.operations[name]
    if "405" not in operation.responses:
        return asked
    if operation.method in ("GET", "HEAD"):
        return [*asked, (405, {**OBJECT, "query": {"versionId": MARKER}})]
    request = {**asked[0][1], "bucket": f"{VERSION}.master.full"}
    if "uploadId" in request.get("query", {}):
        request["query"] = {**request["query"], "uploadId": NO_UPLOAD}
    return [*asked, (405, request)]


def requests_of(contract: ContractUnderTest) -> Iterator[tuple[str, str, int, Request]]:
    for name in contract.operations:
        for i, (status, request) in enumerate(asked_of(contract, name)):
            yield f"{name}-{status}-{i}", name, status, request


@each_case("name,status,request_", requests_of)
def test_a_declared_status(client: Client, name: str, status: int, request_: Request) -> None:
    branch = f"b{next(_numbers)}"
    for bucket in ("full", "void"):
        client.send("CreateBucket", f"{branch}.{bucket}")
    for key in ("a", "d/e"):
        client.send("PutObject", f"{branch}.full", key, body=b"full of bytes")
    asked = {**request_}
    if "bucket" in asked:
        asked["bucket"] = asked["bucket"].replace("master.", f"{branch}.")
    if SOURCE in asked.get("headers", {}):
        source = asked["headers"][SOURCE].replace("master.", f"{branch}.")
        asked["headers"] = {**asked["headers"], SOURCE: source}
    if asked.get("headers", {}).get("If-Modified-Since") == LATER:
        asked["headers"] = {"If-Modified-Since": formatdate(usegmt=True)}
    if asked.get("query", {}).get("versionId") == MARKER:
        asked["query"] = {"versionId": delete_marker(client, asked["bucket"], asked["key"])}
    assert client.send(name, **with_upload(client, asked)).status == status


def delete_marker(client: Client, bucket: str, key: str) -> str:
    """Delete an object; gives the id of the version that says so."""
    client.send("DeleteObject", bucket, key)
    listed = client.document_of("ListObjectVersions", client.send("ListObjectVersions", bucket))
    (marker,) = listed["DeleteMarker"]
    return str(marker["VersionId"])


@each_composition
def test_every_declared_status_is_asked_for(contract: ContractUnderTest) -> None:
    for name, operation in contract.operations.items():
        declared = {int(status) for status in operation.responses}
        asked = {status for status, _ in asked_of(contract, name)}
        assert declared - ELSEWHERE == asked - ELSEWHERE, name
