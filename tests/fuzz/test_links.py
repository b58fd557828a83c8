"""Every link of the document leads somewhere, from an answer that has what it points to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from tests.contract.compositions import COMPOSITIONS, each_case
from tests.contract.under_test import ContractUnderTest, Node, Operation, contract_with
from tests.fuzz.client import Client, delete_document
from tests.fuzz.uploads import PARTS, UPLOAD, completion, upload_part, with_upload
from tests.raw_http import Answer
from tests.servers import GatewayProcess

_numbers = itertools.count()

Request = dict[str, Any]


class Link(NamedTuple):
    """A link, and where it stands."""

    source: Operation
    status: int
    name: str
    definition: Node


def links_of(contract: ContractUnderTest) -> Iterator[tuple[str, Link]]:
    for operation in contract.operations.values():
        for status, response in operation.responses.items():
            for name, link in response.get("links", {}).items():
                yield f"{operation.name}-{name}", Link(operation, int(status), name, link)


COPY_SOURCE = "x-amz-copy-source"

# What is asked so that the answer has everything that the links of the operation point to.
ASKED: dict[str, Request] = {
    "ListBuckets": {"query": {"max-buckets": "1", "prefix": "B"}},
    "CreateBucket": {"bucket": "B.new"},
    "DeleteBucket": {"bucket": "B.void"},
    "ListObjects": {
        "bucket": "B.full",
        "query": {"max-keys": "1", "delimiter": "/", "prefix": "a"},
    },
    "ListObjectsV2": {
        "bucket": "B.full",
        "query": {"max-keys": "3", "delimiter": "/", "prefix": ""},
    },
    "ListObjectVersions": {"bucket": "B.full", "query": {"prefix": ""}},
    "DeleteObjects": {"bucket": "B.full", "body": delete_document([{"Key": "a"}])},
    "PutObject": {"bucket": "B.full", "key": "a", "body": b"new"},
    "CopyObject": {"bucket": "B.full", "key": "a", "headers": {COPY_SOURCE: "B.full/ab"}},
    "CreateMultipartUpload": {"bucket": "B.full", "key": "a"},
    "UploadPart": {
        "bucket": "B.full",
        "key": "a",
        "query": {"uploadId": UPLOAD, "partNumber": "1"},
        "body": b"a part",
    },
    "UploadPartCopy": {
        "bucket": "B.full",
        "key": "a",
        "query": {"uploadId": UPLOAD, "partNumber": "1"},
        "headers": {COPY_SOURCE: "B.full/ab"},
    },
    "ListParts": {
        "bucket": "B.full",
        "key": "a",
        "query": {"uploadId": UPLOAD, "max-parts": "1"},
    },
    "CompleteMultipartUpload": {
        "bucket": "B.full",
        "key": "a",
        "query": {"uploadId": UPLOAD},
        "body": PARTS,
    },
    "ListMultipartUploads": {"bucket": "B.full", "query": {"max-uploads": "1"}},
    "GetObject": {"bucket": "B.full", "key": "a"},
    "HeadObject": {"bucket": "B.full", "key": "a"},
    "DeleteObject": {"bucket": "B.full", "key": "a"},
}

# What following a link answers, where it is not 200.
FOLLOWED = {"abort": 204, "deleteIt": 204, "deleteIfSame": 204, "getIfChanged": 304}


@pytest.fixture
def client(embedded_gateway: GatewayProcess) -> Iterator[Client]:
    with closing(Client(embedded_gateway)) as client:
        yield client


@each_case("link", links_of)
def test_a_link_leads_on(client: Client, contract: ContractUnderTest, link: Link) -> None:
    branch = f"b{next(_numbers)}"
    for bucket in ("full", "void"):
        client.send("CreateBucket", f"{branch}.{bucket}")
    for key in ("a", "ab", "dogs/rex", "zoo"):
        client.send("PutObject", f"{branch}.full", key, body=b"content")
    asked = _of_branch(ASKED[link.source.name], branch)
    several = 2 if link.source.name == "ListParts" else 1
    request = with_upload(client, asked, several)
    if link.source.name == "ListMultipartUploads":
        for key in ("a", "zoo"):
            client.send("CreateMultipartUpload", f"{branch}.full", key)
    answer = client.send(link.source.name, **request)
    assert answer.status == link.status
    target = contract.operation_of(link.definition["operationId"])
    following = _followed(client, link, target, request, answer)
    following = _with_body(client, target, following)
    followed = client.send(target.name, **following)
    assert followed.status == FOLLOWED.get(link.name, 200)
    if link.name == "nextPage":
        _check_next_page(client, link, answer, followed)


def _with_body(client: Client, target: Operation, following: Request) -> Request:
    """A request with what no link gives: what it sends."""
    if target.name == "PutObject":
        following = {"key": "chosen", **following, "body": b"put"}
    if target.name == "UploadPart":
        following["query"]["partNumber"] = "1"
        following["body"] = b"a part"
    if target.name == "CompleteMultipartUpload":
        place = {"bucket": following["bucket"], "key": following["key"]}
        etag = upload_part(client, place, following["query"]["uploadId"], 1)
        following["body"] = completion([etag])
    return following


def _of_branch(request: Request, branch: str) -> Request:
    asked = {**request}
    if "bucket" in asked:
        asked["bucket"] = asked["bucket"].replace("B.", f"{branch}.")
    if COPY_SOURCE in asked.get("headers", {}):
        asked["headers"] = {COPY_SOURCE: asked["headers"][COPY_SOURCE].replace("B.", f"{branch}.")}
    if "prefix" in asked.get("query", {}):
        prefix = asked["query"]["prefix"].replace("B", f"{branch}.")
        asked["query"] = {**asked["query"], "prefix": prefix}
    return asked


def _followed(
    client: Client, link: Link, target: Operation, request: Request, answer: Answer
) -> Request:
    """The request that a link describes."""
    following: Request = {"query": {}, "headers": {}}
    places = {p["name"]: p["in"] for p in target.parameters}
    for name, expression in link.definition["parameters"].items():
        value = _evaluated(client, expression, link, request, answer)
        if value is None:
            continue
        if places[name] == "path":
            following[name] = value
        else:
            following["query" if places[name] == "query" else "headers"][name] = value
    return following


def _evaluated(
    client: Client, expression: str, link: Link, request: Request, answer: Answer
) -> str | None:
    """A runtime expression's value; None for a parameter that was not sent."""
    what, _, name = expression.removeprefix("$").partition("#")
    if what == "response.body":
        value: Any = client.document_of(link.source.name, answer)
        for part in name.strip("/").split("/"):
            value = value[int(part) if isinstance(value, list) else part]
        return str(value)
    side, place, name = what.split(".", 2)
    if (side, place) == ("response", "header"):
        return answer.headers[name.lower()]
    assert side == "request"
    found = request if place == "path" else request.get(place, {})
    value = found.get(name)
    return None if value is None else str(value)


def _check_next_page(client: Client, link: Link, page: Answer, following: Answer) -> None:
    """The next page shows other things, and there was a first one."""
    names = [_names(client, link, answer) for answer in (page, following)]
    assert names[0]
    assert names[1]
    assert max(names[0]) < min(names[1])


def _names(client: Client, link: Link, answer: Answer) -> list[str]:
    value = client.document_of(link.source.name, answer)
    if "Buckets" in value:
        return [bucket["Name"] for bucket in value["Buckets"]]
    if "Part" in value:
        return [one["PartNumber"] for one in value["Part"]]
    keys = [one["Key"] for one in [*value.get("Contents", []), *value.get("Upload", [])]]
    return keys + [one["Prefix"] for one in value.get("CommonPrefixes", [])]


def test_every_operation_that_changes_or_lists_leads_on() -> None:
    links = [link for layers in COMPOSITIONS for _, link in links_of(contract_with(layers))]
    assert {link.source.name for link in links} == set(ASKED)
