"""The contract says of every `x-amz-` header that an SDK sends why it is taken or refused.

From botocore's model, and what the SDKs for Java, Go, JavaScript, Rust, C++ (and its CRT) and .NET
send beyond it, read in their sources on 2026-11-25.
"""

from __future__ import annotations

import botocore.session
import pytest

from gateway.contract.hints import Hints
from gateway.contract.parameters import Declared
from tests.contract.compositions import each_composition
from tests.contract.under_test import ContractUnderTest

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


def declared(contract: ContractUnderTest) -> dict[str, Declared]:
    """Each operation, with the headers that it declares."""
    found = {}
    for name, operation in contract.operations.items():
        found[name] = headers = Declared(contract.namespace)
        for parameter in operation.parameters:
            if parameter["in"] == "header":
                headers.add({**parameter, "schema": contract.resolved(parameter["schema"])})
    return found


def test_the_model_is_read() -> None:
    assert {"x-amz-acl", "x-amz-checksum-crc32", "x-amz-expected-bucket-owner"} <= SENT.keys()
    assert SENT.keys() >= HARMLESS


@each_composition
def test_what_asks_for_nothing_is_declared_on_every_operation(contract: ContractUnderTest) -> None:
    for name, headers in declared(contract).items():
        assert not headers.undeclared(HARMLESS), name


@each_composition
@pytest.mark.parametrize("header", sorted(SENT.keys() - HARMLESS))
def test_what_is_refused_is_explained(contract: ContractUnderTest, header: str) -> None:
    hints = Hints(contract.document["x-s3-hints"])
    operations = declared(contract)
    takers = [name for name, headers in operations.items() if not headers.undeclared([header])]
    if takers != list(operations):
        assert hints.rank(header) < hints.rank("x-amz-nobody-knows")


@each_composition
def test_no_hint_hides_behind_one_of_its_family(contract: ContractUnderTest) -> None:
    """Of families the first that a name belongs to counts."""
    hints = list(contract.document["x-s3-hints"])
    families = [name for name in hints if name.endswith("*")]
    for at, name in enumerate(families):
        assert not any(name.startswith(earlier[:-1]) for earlier in families[:at]), name


@each_composition
def test_a_value_that_cannot_be_is_explained(contract: ContractUnderTest) -> None:
    for operation in contract.operations.values():
        for parameter in operation.parameters:
            schema = contract.resolved(parameter["schema"])
            if parameter["in"] == "path" or not schema.keys() - {"type", "description", "format"}:
                continue
            is_s3s = parameter["name"].startswith(contract.namespace)
            if "enum" in schema and (is_s3s or parameter.get("required")):
                continue  # that is NotImplemented, or another operation
            assert parameter["x-s3-message"], parameter["name"]
