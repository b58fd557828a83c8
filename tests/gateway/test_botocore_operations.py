"""Every operation of botocore's S3 model, and every parameter of those that the contract declares.

What the contract declares is handled, everything else answers `NotImplemented` and changes nothing.
Writes `docs/operations.md`, and fails if it was stale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import OperationModel, Shape

from gateway.contract.document import LAYERS
from tests.contract.compositions import each_case, each_composition
from tests.contract.under_test import ContractUnderTest, contract_with
from tests.raw_http import send
from tests.servers import GatewayProcess

DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
KEY = "dir/object"
CONTENT = b"must not change"

MODEL = boto3.client("s3", region_name="us-east-1").meta.service_model


def wire_form(name: str) -> tuple[str, str, tuple[str, ...]]:
    operation = MODEL.operation_model(name)
    required = operation.input_shape.required_members if operation.input_shape else []
    return operation.http["method"], operation.http["requestUri"], tuple(sorted(required))


@cache
def twins(contract: ContractUnderTest) -> dict[str, str]:
    """Operations for another endpoint of AWS that, sent here, are the request of a declared one."""
    return {
        name: twin
        for name in set(MODEL.operation_names) - set(contract.operations)
        for twin in contract.operations
        if wire_form(name) == wire_form(twin)
    }


def undeclared(contract: ContractUnderTest) -> list[str]:
    return sorted(set(MODEL.operation_names) - set(contract.operations) - set(twins(contract)))


def named_as_itself(names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


@pytest.fixture
def stored(s3: Any, bucket: str) -> Iterator[str]:
    """A bucket with an object, which is the same afterwards."""
    s3.put_object(Bucket=bucket, Key=KEY, Body=CONTENT)
    yield bucket
    assert s3.get_object(Bucket=bucket, Key=KEY)["Body"].read() == CONTENT
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [KEY]


@pytest.fixture(scope="module")
def client(gateway: GatewayProcess) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=gateway.endpoint,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="anything",
        config=Config(
            inject_host_prefix=False,
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 1},
        ),
    )


def value_of(shape: Shape, name: str, bucket: str) -> Any:
    """Some value that botocore takes for a member."""
    special = {
        "Bucket": bucket,
        "Key": KEY,
        "CopySource": f"{bucket}/{KEY}",
        "RenameSource": f"{bucket}/{KEY}",
        "Body": b"other bytes",
        "RequestToken": "token",
        "EncodingType": "url",
        "ChecksumCRC32": "AAAAAA==",
        "ContentLength": 11,
        "ObjectOwnership": "BucketOwnerEnforced",
        "ObjectLockEnabledForBucket": False,
        "BucketNamespace": "global",
        "BucketKeyEnabled": False,
        "BypassGovernanceRetention": False,
    }
    if name in special:
        return special[name]
    if shape.type_name == "structure":
        if getattr(shape, "is_tagged_union", False):
            first = next(iter(shape.members))
            return {first: value_of(shape.members[first], first, bucket)}
        return {m: value_of(shape.members[m], m, bucket) for m in shape.required_members}
    makers: dict[str, Callable[[], Any]] = {
        "list": lambda: [value_of(shape.member, "", bucket)],
        "map": lambda: {"name": "value"},
        "blob": lambda: b"bytes",
        "boolean": lambda: True,
        "timestamp": lambda: "2026-11-23T00:00:00Z",
        "string": lambda: (getattr(shape, "enum", None) or ["v" * shape.metadata.get("min", 5)])[0],
    }
    return makers.get(shape.type_name, lambda: 1)()


def arguments_for(operation: OperationModel, bucket: str) -> dict[str, Any]:
    shape = operation.input_shape
    if shape is None:
        return {}
    arguments = {n: value_of(shape.members[n], n, bucket) for n in shape.required_members}
    if operation.name == "CopyObject":
        arguments["Key"] = "other"  # onto itself a copy is refused
    if operation.name == "PutBucketVersioning":
        arguments["VersioningConfiguration"] = {"Status": "Enabled"}
    return arguments


def call(client: Any, operation: OperationModel, arguments: dict[str, Any]) -> tuple[int, str]:
    """Send an operation in botocore's own wire form; gives status and error code."""
    try:
        answer = client._make_api_call(operation.name, arguments)
    except ClientError as error:
        answer = error.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status, answer.get("Error", {}).get("Code", "")


@each_composition
def test_only_one_operation_cannot_be_told_from_a_declared_one(
    contract: ContractUnderTest,
) -> None:
    assert twins(contract) == {"ListDirectoryBuckets": "ListBuckets"}


@each_case("name", lambda contract: named_as_itself(undeclared(contract)))
def test_an_undeclared_operation_is_not_implemented(client: Any, stored: str, name: str) -> None:
    operation = MODEL.operation_model(name)
    status, code = call(client, operation, arguments_for(operation, stored))
    assert status == 501
    assert code == ("501" if operation.http["method"] == "HEAD" else "NotImplemented")


def begun_upload(s3: Any, bucket: str, *, with_parts: bool) -> dict[str, Any]:
    """The arguments that name an upload in parts, and list its only part."""
    target = {"Bucket": bucket, "Key": KEY}
    target["UploadId"] = s3.create_multipart_upload(**target)["UploadId"]
    part = s3.upload_part(**target, PartNumber=1, Body=CONTENT)
    listed = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    return {"UploadId": target["UploadId"], **({"MultipartUpload": listed} if with_parts else {})}


@each_case("name", lambda contract: named_as_itself(sorted(contract.operations)))
def test_a_declared_operation_is_handled(client: Any, s3: Any, bucket: str, name: str) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=CONTENT)
    operation = MODEL.operation_model(name)
    arguments = arguments_for(operation, bucket)
    if "UploadId" in arguments:
        arguments |= begun_upload(s3, bucket, with_parts=name == "CompleteMultipartUpload")
    status, code = call(client, operation, arguments)
    expected = {"CreateBucket": (409, "BucketAlreadyOwnedByYou")}
    expected["DeleteBucket"] = (409, "BucketNotEmpty")
    if name in expected:
        assert (status, code) == expected[name]
    else:
        assert 200 <= status < 300, code


def is_declared(contract: ContractUnderTest, name: str, member: Shape) -> bool:
    """Whether the contract declares where botocore puts a member."""
    where = {"querystring": "query", "header": "header", "headers": "header"}
    location = where[member.serialization["location"]]
    wire_name = member.serialization.get("name", "")
    for parameter in contract.operations[name].parameters:
        if parameter["in"] != location:
            continue
        prefix = parameter.get("x-s3-prefix")
        if parameter["name"].lower() == wire_name.lower():
            return True
        if prefix and wire_name.lower().startswith(prefix.lower()):
            return True
    # Outside S3's own namespace headers are HTTP's: what a server does not know it ignores.
    return location == "header" and not wire_name.lower().startswith("x-amz-")


def optional_parameters(contract: ContractUnderTest) -> Iterator[tuple[str, str, bool]]:
    for name in sorted(contract.operations):
        shape = MODEL.operation_model(name).input_shape
        if shape is None:
            continue
        for member_name, member in shape.members.items():
            in_place = member.serialization.get("location") in ("querystring", "header", "headers")
            if in_place and member_name not in shape.required_members:
                yield name, member_name, is_declared(contract, name, member)


# boto3 sends these only with others, or turns them into something else.
SENT_OTHERWISE = {"ChecksumAlgorithm", "ContentLength", "MFA", "SSECustomerKeyMD5"}
# Answers to these depend on more than whether they are declared.
CONDITIONS = {"IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince"}


def parameters_to_send(contract: ContractUnderTest) -> Iterator[tuple[str, str, str, bool]]:
    for name, member, declared in optional_parameters(contract):
        if member not in SENT_OTHERWISE | CONDITIONS:
            yield f"{name}-{member}-{declared}", name, member, declared


@each_case("name,member,declared", parameters_to_send)
def test_a_parameter_is_declared_or_not_implemented(
    client: Any, stored: str, name: str, member: str, declared: bool
) -> None:
    operation = MODEL.operation_model(name)
    arguments = arguments_for(operation, stored)
    if name in ("PutObject", "CopyObject", "DeleteObject", "DeleteObjects"):
        arguments |= {"Key": "other"} if "Key" in arguments else {}
    if name == "DeleteObjects":
        arguments["Delete"] = {"Objects": [{"Key": "other"}]}
    arguments[member] = value_of(operation.input_shape.members[member], member, stored)
    status, code = call(client, operation, arguments)
    if declared:
        assert status != 501, code
        client.delete_object(Bucket=stored, Key="other")
    else:
        assert status == 501, (status, code)


@each_composition
def test_html_form_uploads_are_not_implemented(gateway: GatewayProcess, stored: str) -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\n'
        + KEY.encode()
        + b'\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n'
        + b"\r\nother\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for target in (f"/{stored}", f"/{stored}/", "/", f"/{stored}/{KEY}"):
        answer = send(gateway, "POST", target, form, headers)
        assert (answer.status, answer.code) == (501, "NotImplemented")


@each_composition
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_a_put_of_a_forms_content_type_is_a_put(
    gateway: GatewayProcess, bucket: str, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    assert send(gateway, "PUT", f"/{bucket}/a", b"a=b&c=d", headers).status == 200
    assert send(gateway, "GET", f"/{bucket}/a").body == b"a=b&c=d"


@each_composition
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "PROPFIND", "MKCOL", "BREW"])
def test_unknown_methods_are_not_implemented(
    gateway: GatewayProcess, stored: str, method: str
) -> None:
    for target in ("/", f"/{stored}", f"/{stored}/{KEY}"):
        answer = send(gateway, method, target)
        assert (answer.status, answer.code) == (501, "NotImplemented")


@each_composition
@pytest.mark.parametrize(
    "query", ["unknown", "list-type=3", "list-type=2&unknown=1", "delete", "=1", "prefix=a&="]
)
def test_undeclared_query_parameters(gateway: GatewayProcess, stored: str, query: str) -> None:
    answer = send(gateway, "GET", f"/{stored}?{query}")
    assert (answer.status, answer.code) == (501, "NotImplemented")


def test_a_refusal_says_what_helps(gateway: GatewayProcess, stored: str) -> None:
    answer = send(gateway, "POST", f"/{stored}/{KEY}?uploads=")
    assert answer.status == 501
    assert "docs/clients" in answer.said
    answer = send(gateway, "PUT", f"/{stored}/{KEY}", b"", {"x-amz-acl": "public-read"})
    assert "x-amz-acl: public-read. Only private is possible." in answer.said


def layer_of(name: str) -> str:
    """What has to be switched on for an operation; nothing for one of the default contract."""
    alone = ((), *((layer,) for layer in LAYERS))
    return next("".join(one) for one in alone if name in contract_with(one).operations)


def parameter_with_its_layer(name: str, member: str, shape: Shape) -> str:
    """A parameter that an operation does not take, and the layer with which it does, if any."""
    for layer in LAYERS:
        contract = contract_with((layer,))
        if name in contract.operations and is_declared(contract, name, shape):
            return f"`{member}` (without `{layer}`)"
    return f"`{member}`"


def row(name: str) -> str:
    """An operation in the table of those that are supported."""
    layer = layer_of(name)
    contract = contract_with((layer,) if layer else ())
    operation = contract.operations[name]
    shape = MODEL.operation_model(name).input_shape
    members = shape.members if shape else {}
    without = [
        parameter_with_its_layer(name, member, members[member])
        for one, member, declared in optional_parameters(contract)
        if one == name and not declared
    ]
    path, _, fragment = operation.path.partition("#")
    if any(one.get("required") and one["in"] == "query" for one in operation.parameters):
        path += f"?{fragment}"
    when = f"`--with {layer}`" if layer else "default"
    return f"| **{name}** | {when} | `{operation.method} {path}` | {', '.join(without)} |"


def table() -> str:
    default, whole = contract_with(()), contract_with(LAYERS)
    missing = undeclared(whole)
    lines = [
        "# Operations",
        "",
        "Which operations of S3's API you can use, and which you cannot. Our tests call every one.",
        "The contract is [`spec/s3.yaml`](contract.md), with its [layers](contract.md#layers).",
        "",
        f"{len(default.operations)} are supported by default, and {len(whole.operations)} with"
        f" `--with all`. The other {len(missing)} answer `501 NotImplemented` and"
        " change nothing, and so do those that are not switched on. ListDirectoryBuckets, meant for"
        " another endpoint, is on the wire the same as ListBuckets and answered as that.",
        "",
        "## Supported",
        "",
        "| Operation | Layer | Request | Parameters that are not implemented |",
        "|---|---|---|---|",
        *(row(name) for name in sorted(whole.operations)),
        "",
        "## Not implemented",
        "",
        ", ".join(missing) + ".",
    ]
    return "\n".join(lines) + "\n"


def test_the_table_of_operations_is_fresh() -> None:
    written = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    fresh = table()
    if written != fresh:
        DOCUMENT.write_text(fresh)
    assert written == fresh, f"{DOCUMENT.name} was stale; it has been written anew"
