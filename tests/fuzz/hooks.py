"""What schemathesis does not know by itself: S3's names, its XML, and what an answer must be.

Loaded by schemathesis, as `schemathesis.toml` says.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.failures import AcceptedNegativeData, CustomFailure, Failure
from schemathesis.transport.serialization import Binary

from tests.contract.under_test import ContractUnderTest, Operation
from tests.fuzz import generators
from tests.fuzz.conformance import XML, faults_of
from tests.fuzz.routes import operation_of_request
from tests.fuzz.signing import signed
from tests.fuzz.xml_reading import Unreadable, read_document

schemathesis.openapi.format("bucket", generators.buckets)
schemathesis.openapi.format("key", generators.keys)
schemathesis.openapi.format("copy-source", generators.sources)

# What a well-formed request can meet: things that are not there, or no longer what it wants.
_ANSWERS_TO_VALID = {200, 204, 206, 304, 404, 409, 412, 416}


_contracts: dict[int, tuple[object, ContractUnderTest]] = {}


def contract_of(operation: Any) -> ContractUnderTest:
    """The contract that schemathesis has an operation of, read once.

    A process may fuzz by several, one after the other, and hooks are the same for all.
    """
    document = operation.schema.raw_schema
    if id(document) not in _contracts:
        # The document is kept too, lest another one get its id.
        _contracts[id(document)] = (document, ContractUnderTest(copy.deepcopy(document)))
    return _contracts[id(document)][1]


@schemathesis.deserializer(XML)
def read_xml(context: Any, response: Any) -> Any:
    """The value of an answer's document by the schema that the document has for it, or None.

    Schemathesis looks at answers outside of its checks, too, and an exception there would end its
    thread, and the tests in it, without a word: `answers_as_declared` says what is wrong.
    """
    contract = contract_of(context.operation)
    asked = actual_operation(contract, response) or contract.operation_of(_id(context.operation))
    declared = asked.response(response.status_code) or {}
    try:
        return read_document(contract, response.content, declared["content"][XML]["schema"])
    except (Unreadable, KeyError):
        return None


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Keep one bucket empty, so that it can be deleted."""
    is_put = _name(case.operation) in ("PutObject", "CopyObject")
    return not (is_put and case.path_parameters.get("bucket") == generators.EMPTY)


@schemathesis.hook
def flatmap_case(context: Any, case: Any) -> st.SearchStrategy[Any]:
    """Give half of the requests something to find: conditions to reads, a bucket to delete."""
    name = _name(case.operation)
    if case.meta is None or case.meta.generation.mode.is_negative:
        return st.just(case)
    if name == "CopyObject":
        # A condition that any string may stand in holds hardly ever.
        return st.sampled_from((True, False)).map(
            lambda bare: _without(case, _CONDITIONS) if bare else case
        )
    if name == "DeleteObject" and case.query and "versionId" in case.query:
        # No version can be deleted but a delete marker.
        return st.sampled_from((True, False)).map(
            lambda bare: _without_version(case) if bare else case
        )
    if name in ("GetObject", "HeadObject"):
        return (st.just({}) | generators.conditions).map(lambda headers: _with(case, headers))
    if name in ("CreateBucket", "DeleteBucket"):
        return st.sampled_from((case.path_parameters["bucket"], generators.EMPTY)).map(
            lambda bucket: _with_bucket(case, bucket)
        )
    return st.just(case)


_CONDITIONS = re.compile("(x-amz-copy-source-)?if-.*", re.IGNORECASE)


def _without(case: Any, names: re.Pattern[str]) -> Any:
    kept = {name: value for name, value in case.headers.items() if not names.fullmatch(name)}
    case.headers = type(case.headers)(kept)
    return case


def _without_version(case: Any) -> Any:
    case.query = {name: value for name, value in case.query.items() if name != "versionId"}
    return case


def _with(case: Any, headers: Mapping[str, str]) -> Any:
    if headers:
        case.headers = type(case.headers)(headers)
    return case


def _with_bucket(case: Any, bucket: str) -> Any:
    case.path_parameters = {"bucket": bucket}
    return case


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Sign a request that is to be valid; and an object is bytes, whatever they are called."""
    if _name(case.operation) in ("PutObject", "UploadPart") and case.media_type is not None:
        case.media_type = "application/octet-stream"
    if not _is_to_be_valid(case) or not case.headers:
        return
    takes_body = "requestBody" in case.operation.definition.raw
    body = b""
    if takes_body:
        body = case.as_transport_kwargs(case.operation.base_url).get("data") or b""
    is_presigned = not {"X-Amz-Signature", "Signature"}.isdisjoint(case.query or {})
    sent = signed(case.headers, body, takes_body=takes_body, is_presigned=is_presigned)
    if sent != body:
        case.body, case.media_type = Binary(sent), "application/octet-stream"


def _is_to_be_valid(case: Any) -> bool:
    if case.meta is None or case.meta.generation.mode.is_negative:
        return False
    # What an answer named is tried as a key, even where it is none.
    key = unquote(case.path_parameters.get("key", "a"))
    return bool(contract_of(case.operation).pattern_of("Key").match(key))


@schemathesis.check
def answers_as_declared(context: Any, response: Any, case: Any) -> None:
    """The answer is one that the document declares for what the request is."""
    contract = contract_of(case.operation)
    operation = actual_operation(contract, response)
    headers = {name: values[0] for name, values in response.headers.items()}
    told = (response.request.method, response.status_code, headers, response.content)
    faults = faults_of(contract, operation, *told)
    what = operation.name if operation else "What is not declared"
    assert not faults, "\n".join([f"{what} answered {response.status_code}:", *faults])


@schemathesis.check
def the_declared_is_accepted(context: Any, response: Any, case: Any) -> None:
    """A request that the document allows is not refused for its form."""
    operation = actual_operation(contract_of(case.operation), response)
    if operation is None or not _is_to_be_valid(case) or response.status_code in _ANSWERS_TO_VALID:
        return
    if _asks_for_a_range_of_a_part(case):
        assert response.status_code == 400
        return
    text = response.content.decode()
    assert any(words in text for words in _REFUSALS_OF_VALID.get(operation.name, ())), (
        f"{response.status_code} to a valid request"
    )


def _asks_for_a_range_of_a_part(case: Any) -> bool:
    headers = {name.lower() for name in case.headers or ()}
    return "range" in headers and "partNumber" in (case.query or ())


_NOT_OUR_TOKEN = "<ArgumentName>continuation-token</ArgumentName>"
_REFUSALS_OF_WRITES = [
    "while there is the",
    "a directory marker and must be empty",
    "takes no conditions",
    "Multiple conditional request headers",
    "A write takes only *",
    "A PUT takes only ETags",
]
_REFUSALS_OF_VALID = {
    "ListBuckets": [_NOT_OUR_TOKEN],
    "ListObjectsV2": [_NOT_OUR_TOKEN],
    "CreateBucket": ["PFS has no project"],
    "ListObjectVersions": ["A version-id marker cannot be specified without a key marker"],
    "PutObject": _REFUSALS_OF_WRITES,
    "CopyObject": [
        *_REFUSALS_OF_WRITES,
        "must mention the source bucket and key",
        "a % that is not followed by two hex digits",
        "is not UTF-8",
        "copy an object to itself",
        "a version of the source",
        "<Code>InvalidBucketName</Code>",
        "<Code>KeyTooLongError</Code>",
    ],
    "DeleteObject": ["takes no conditions", "No version can be deleted"],
    "CreateMultipartUpload": [
        "a directory marker and must be empty",
        "can only be used with the x-amz-checksum-algorithm header",
        "checksum type cannot be used with",
    ],
    "CompleteMultipartUpload": [
        *_REFUSALS_OF_WRITES,
        "<Code>InvalidPart</Code>",
        "<Code>InvalidPartOrder</Code>",
        "Every Part has a PartNumber and an ETag",
    ],
    "UploadPart": ["Checksum Type mismatch occurred"],
    "UploadPartCopy": [
        "must mention the source bucket and key",
        "a % that is not followed by two hex digits",
        "is not UTF-8",
        "a version of the source",
        "<Code>InvalidBucketName</Code>",
        "<Code>KeyTooLongError</Code>",
        "x-amz-copy-source-range",
    ],
}
"""What no schema says: a valid request may be one of these, and the document describes them."""


_WITH_AN_UPLOAD = {"AbortMultipartUpload", "CompleteMultipartUpload", "UploadPartCopy"}
"""They take the id of an upload and the ETags of its parts, which nobody guesses: the links and the
statuses of the document are tried with them."""


@schemathesis.check
class EveryOperationSucceeds:
    """Every operation has succeeded at least once: else a run has tested less than it looks."""

    def __init__(self) -> None:
        self.declared: set[str] = set()
        self.succeeded: set[str] = set()

    def after_response(self, context: Any, response: Any, case: Any) -> None:
        contract = contract_of(case.operation)
        self.declared.update(contract.operations)
        operation = actual_operation(contract, response)
        if operation is not None and response.status_code < 300:
            self.succeeded.add(operation.name)

    def after_run(self, context: Any) -> None:
        assert self.declared, "nothing was answered"
        missing = self.declared - self.succeeded - _WITH_AN_UPLOAD
        assert not missing, f"never succeeded: {sorted(missing)}"


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Drop what is no failure: judging a request by an operation that it is not, or for a header.

    Without the parameter that selects its operation, a request is another's. And headers outside
    of S3's namespace are everybody's.
    """
    if isinstance(failure, CustomFailure):
        return True
    operation = actual_operation(contract_of(case.operation), response)
    if operation is None or operation.id != _id(case.operation):
        return False
    return not isinstance(failure, AcceptedNegativeData) or _FOREIGN_HEADER not in case.headers


_FOREIGN_HEADER = "x-schemathesis-unknown-property"


def actual_operation(contract: ContractUnderTest, response: Any) -> Operation | None:
    """The operation that a request is, whatever it was generated for."""
    url = urlsplit(response.request.url)
    headers = {name.lower(): value for name, value in response.request.headers.items()}
    query: dict[str, str] = {}
    for name, value in parse_qsl(url.query, keep_blank_values=True):
        query.setdefault(name, value)
    return operation_of_request(contract, response.request.method, url.path, query, headers)


def _name(operation: Any) -> str:
    return str(operation.definition.raw["x-s3-operation"])


def _id(operation: Any) -> str:
    return str(operation.definition.raw["operationId"])
