"""That the checks find what they are there to find: right answers, each with one fault put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
import schemathesis
from schemathesis.core.failures import FailureGroup

from tests.contract.under_test import contract_with
from tests.fuzz.client import Client
from tests.fuzz.schemathesis_run import api_of
from tests.servers import GatewayProcess

BUCKET = "master.bites"
KEY = "a"
ABSENT = {"bucket": "master.nowhere"}

Fault: TypeAlias = Callable[[Any], None]


def status(code: int) -> Fault:
    def put_in(response: Any) -> None:
        response.status_code = code

    return put_in


def header(name: str, value: str | None) -> Fault:
    def put_in(response: Any) -> None:
        if value is None:
            del response.headers[name]
        else:
            response.headers[name] = [value]

    return put_in


def text(old: str, new: str) -> Fault:
    def put_in(response: Any) -> None:
        assert old.encode() in response.content, response.content
        response.content = response.content.replace(old.encode(), new.encode())

    return put_in


LIST: dict[str, tuple[Fault, str]] = {
    "a status that is not declared": (status(202), "the status 202 is not declared"),
    "another declared status": (status(400), "{http://s3.amazonaws.com/doc/2006-03-01/}ListB"),
    "no request id": (header("x-amz-request-id", None), "x-amz-request-id is missing"),
    "a header that is not declared": (header("x-amz-version-id", "1"), "is not declared"),
    "another content type": (header("content-type", "text/xml"), "Content-Type is text/xml"),
    "no content type": (header("content-type", None), "Content-Type is None"),
    "no XML": (text("</ListBucketResult>", ""), "no XML"),
    "another root": (text("ListBucketResult", "ListResult"), "the root is"),
    "another namespace": (text("2006-03-01", "2006-03-02"), "the root is"),
    "no namespace": (text(' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', ""), "the root is"),
    "an element too few": (text("<IsTruncated>false</IsTruncated>", ""), "'IsTruncated' is a req"),
    "an element too many": (text("<Name>", "<More>1</More><Name>"), "declares no More"),
    "an element twice": (text("<KeyCount>", "<KeyCount>1</KeyCount><KeyCount>"), "comes twice"),
    "an element deeper too many": (text("<Size>", "<More/><Size>"), "declares no More"),
    "an element of another namespace": (text("<Name>", '<Name xmlns="x">'), "another namespace"),
    "an attribute": (text("<Name>", '<Name a="b">'), "has attributes"),
    "text between elements": (text("<Name>", "text<Name>"), "text between its elements"),
    "elements in a text": (text("<Size>", "<Size><b/>"), "is a integer and has elements"),
    "a number that is none": (text("<MaxKeys>1000", "<MaxKeys>many"), "'many' is not of type"),
    "a number out of range": (text("<MaxKeys>1000", "<MaxKeys>1001"), "greater than the maximum"),
    "a boolean that is none": (text(">false<", ">no<"), "'no' is not of type 'boolean'"),
    "a value that is none of those declared": (text("STANDARD", "COLD"), "'COLD' is not one of"),
    "a time in another form": (text("Z</LastModified>", "</LastModified>"), "'date-time'"),
}
ERROR: dict[str, tuple[Fault, str]] = {
    "a code that is not declared": (text("NoSuchBucket<", "NoSuchUpload<"), "NoSuchUpload is not"),
    "a code of another status": (text("NoSuchBucket<", "InternalError<"), "InternalError is not"),
    "another request id": (header("x-amz-request-id", "0"), "is not 0"),
    "no message": (text("Message>", "Word>"), "'Message' is a required property"),
    "no resource": (text("<Resource>/", "<Resource>"), "is no path"),
    "an error in a namespace": (text("<Error>", '<Error xmlns="x">'), "the root is"),
    "an error as text": (header("content-type", "text/plain"), "Content-Type is text/plain"),
}
GET: dict[str, tuple[Fault, str]] = {
    "no ETag": (header("etag", None), "etag is missing"),
    "an MD5 as ETag": (header("etag", '"5d41402abc4b2a76b9719d911017c592"'), "etag is wrong"),
    "an ETag without quotes": (header("etag", "0" * 64 + "-1"), "etag is wrong"),
    "no Last-Modified": (header("last-modified", None), "last-modified is missing"),
    "an ISO date": (header("last-modified", "2026-11-23T10:56:05Z"), "last-modified is wrong"),
    "no Content-Range": (header("content-range", None), "content-range is missing"),
    "a bad Content-Range": (header("content-range", "bytes 0-1"), "content-range is wrong"),
    "no Accept-Ranges": (header("accept-ranges", None), "accept-ranges is missing"),
    "a length that is none": (header("content-length", "much"), "content-length is wrong"),
    "another content": (status(501), "Content-Type is"),
}
UNDECLARED: dict[str, tuple[Fault, str]] = {
    "accepted": (status(200), "the status 200 is not declared"),
    "not found": (status(404), "the status 404 is not declared"),
    "another code": (text("NotImplemented<", "NoSuchKey<"), "NoSuchKey is not among"),
}
EMPTY: dict[str, tuple[Fault, str]] = {
    "a body where none is declared": (lambda r: setattr(r, "content", b"x"), "a body where none"),
}
FAULTS = [
    ("/{bucket}#list-type=2", "GET", {"list-type": "2"}, {"bucket": BUCKET}, {}, LIST),
    ("/{bucket}", "GET", {}, ABSENT, {}, ERROR),
    ("/{bucket}/{key}", "GET", {}, {"bucket": BUCKET, "key": KEY}, {"Range": "bytes=0-1"}, GET),
    ("/{bucket}", "GET", {"acl": ""}, {"bucket": BUCKET}, {}, UNDECLARED),
    ("/{bucket}", "DELETE", {}, {"bucket": BUCKET}, {"x-amz-other": "1"}, UNDECLARED),
    ("/{bucket}", "HEAD", {}, {"bucket": BUCKET}, {}, EMPTY),
    ("/{bucket}/{key}", "DELETE", {}, {"bucket": BUCKET, "key": "b"}, {}, EMPTY),
]


@pytest.fixture
def filled(embedded_gateway: GatewayProcess) -> Iterator[GatewayProcess]:
    client = Client(embedded_gateway)
    client.send("CreateBucket", BUCKET)
    client.send("PutObject", BUCKET, KEY, body=b"hello")
    yield embedded_gateway
    client.close()


@pytest.mark.parametrize(
    ("path", "method", "query", "path_parameters", "headers", "fault", "finding"),
    [
        pytest.param(*request, *found, id=f"{request[1]} {request[0]}: {name}")
        for *request, faults in FAULTS
        for name, found in faults.items()
    ],
)
def test_a_fault_is_found(
    filled: GatewayProcess,
    path: str,
    method: str,
    query: dict[str, str],
    path_parameters: dict[str, str],
    headers: dict[str, str],
    fault: Fault,
    finding: str,
) -> None:
    api = api_of(contract_with(filled.layers))
    case = api[path][method].Case(path_parameters=path_parameters, query=query, headers=headers)
    response = case.call(base_url=filled.endpoint)
    case.validate_response(response)
    fault(response)
    response._deserialized = schemathesis.core.NOT_SET
    with pytest.raises(FailureGroup) as caught:
        case.validate_response(response)
    assert finding in str(caught.value)
