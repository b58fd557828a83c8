"""The contract says of every `x-amz-` header that an SDK sends why it is taken or refused.

From botocore's model, and what the SDKs for Java, Go, JavaScript, Rust, C++ (and its CRT) and .NET
send beyond it, read in their sources on 2026-11-25.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from gateway.contract.document import load_contract
from gateway.contract.hints import Hints
from gateway.contract.parameters import Declared

DOCUMENT = load_contract(()).document()
BEYOND_THE_MODEL = {
    "x-amz-api-version": "C++",
    "x-amz-cf-id": "CloudFront, on the way",
    "x-amz-content-sha256": "all, for signatures",
    "x-amz-copy-source-version-id": "minio-go",
    "x-amz-date": "all, for signatures",
    "x-amz-decoded-content-length": "all, for aws-chunked bodies",
    "x-amz-rdma-token": "minio-go",
    "x-amz-region-set": "all, for signatures of version 4A",
    "x-amz-s3session-token": "all, for directory buckets",
    "x-amz-security-token": "all, for temporary credentials",
    "x-amz-te": "Java",
    "x-amz-trailer": "all, for aws-chunked bodies",
    "x-amz-user-agent": "JavaScript, Rust",
}
HARMLESS = {
    "x-amz-api-version", "x-amz-cf-id", "x-amz-checksum-algorithm", "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c", "x-amz-checksum-crc64nvme", "x-amz-checksum-md5",
    "x-amz-checksum-mode", "x-amz-checksum-sha1", "x-amz-checksum-sha256", "x-amz-checksum-sha512",
    "x-amz-checksum-type", "x-amz-checksum-xxhash128", "x-amz-checksum-xxhash3",
    "x-amz-checksum-xxhash64", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length",
    "x-amz-meta-", "x-amz-optional-object-attributes", "x-amz-region-set", "x-amz-s3session-token",
    "x-amz-sdk-checksum-algorithm", "x-amz-security-token", "x-amz-storage-class", "x-amz-te",
    "x-amz-trailer", "x-amz-user-agent",
}  # fmt: skip
"""What only offers, informs, repeats or checks."""


def modelled() -> dict[str, set[str]]:
    """The headers of botocore's model, with the operations that send each."""
    model = botocore.session.get_session().get_service_model("s3")
    found: dict[str, set[str]] = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        for member in shape.members.values() if shape else ():
            where = member.serialization
            if where.get("location") in ("header", "headers"):
                found.setdefault(where["name"].lower(), set()).add(name)
    return {name: senders for name, senders in found.items() if name.startswith("x-amz-")}


SENT = {**modelled(), **{name: {sdk} for name, sdk in BEYOND_THE_MODEL.items()}}


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def declared() -> Iterator[tuple[str, Declared]]:
    """Each operation, with the headers that it declares."""
    for item in DOCUMENT["paths"].values():
        for method, operation in item.items():
            if method == "parameters":
                continue
            headers = Declared(DOCUMENT["x-s3-header-namespace"])
            for parameter in map(resolved, [*item["parameters"], *operation.get("parameters", [])]):
                if parameter["in"] == "header":
                    headers.add({**parameter, "schema": resolved(parameter["schema"])})
            yield operation["x-s3-operation"], headers


OPERATIONS = dict(declared())


def test_the_model_is_read() -> None:
    assert {"x-amz-acl", "x-amz-checksum-crc32", "x-amz-expected-bucket-owner"} <= SENT.keys()
    assert SENT.keys() >= HARMLESS


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_asks_for_nothing_is_declared_on_every_operation(operation: str) -> None:
    assert not OPERATIONS[operation].undeclared(HARMLESS)


@pytest.mark.parametrize("header", sorted(SENT.keys() - HARMLESS))
def test_what_is_refused_is_explained(header: str) -> None:
    hints = Hints(DOCUMENT["x-s3-hints"])
    takers = [name for name, headers in OPERATIONS.items() if not headers.undeclared([header])]
    if takers != list(OPERATIONS):
        assert hints.rank(header) < hints.rank("x-amz-nobody-knows")


def parameters() -> Iterator[dict[str, Any]]:
    for item in DOCUMENT["paths"].values():
        for method, operation in item.items():
            own = operation if method == "parameters" else operation.get("parameters", [])
            yield from map(resolved, own)


def test_a_value_that_cannot_be_is_explained() -> None:
    for parameter in parameters():
        schema = resolved(parameter["schema"])
        if parameter["in"] == "path" or not schema.keys() - {"type", "description", "format"}:
            continue
        is_s3s = parameter["name"].startswith(DOCUMENT["x-s3-header-namespace"])
        if "enum" in schema and (is_s3s or parameter.get("required")):
            continue  # that is NotImplemented, or another operation
        assert parameter["x-s3-message"], parameter["name"]
