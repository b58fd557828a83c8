"""Whether an answer is one that the document declares for its operation.

Strict in both directions: what is declared as required must be there and be valid, and what is
there (a status, a header of S3's, an element, an error code) must be declared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

from tests.contract.under_test import ContractUnderTest, Node, Operation
from tests.fuzz.xml_reading import Unreadable, read_document

XML = "application/xml"
REQUEST_ID = "x-amz-request-id"

# The protocol's own, and the type of the body, which OpenAPI declares elsewhere.
_UNDECLARED = {
    "connection", "content-length", "content-type", "date", "server", "transfer-encoding",
}  # fmt: skip

# The shared responses to requests that are no operation of the document's.
_REFUSALS = {400: "InvalidArgument", 501: "NotImplemented"}

_FORMATS = FormatChecker(["date-time"])


@_FORMATS.checks("date-time", ValueError)
def _is_date_time(value: object) -> bool:
    return bool(datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC))


def faults_of(
    contract: ContractUnderTest,
    operation: Operation | None,
    method: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> list[str]:
    """What is wrong with an answer, if anything.

    Args:
        contract: That the server has.
        operation: That the request was for; None where the document declares none for it.
        method: That was sent.
        status: Of the answer.
        headers: Of the answer, names in lower case.
        body: Of the answer.
    """
    response = operation.response(status) if operation else _refusal(contract, status)
    if response is None:
        return [f"the status {status} is not declared"]
    found = list(_header_faults(contract, response, headers))
    if method == "HEAD" or "content" not in response:
        if body:
            found.append(f"a body where none is declared: {body[:200]!r}")
    elif XML in response["content"]:
        found += _document_faults(contract, response, status, headers, body)
    return found


def _refusal(contract: ContractUnderTest, status: int) -> Node | None:
    name = _REFUSALS.get(status)
    return None if name is None else contract.components["responses"][name]


def _header_faults(
    contract: ContractUnderTest, response: Node, headers: Mapping[str, str]
) -> Iterator[str]:
    stated = response.get("headers", {}).items()
    declared = {name.lower(): contract.resolved(header) for name, header in stated}
    for name, header in declared.items():
        if name not in headers:
            if header.get("required"):
                yield f"the header {name} is missing"
        else:
            for error in _validator(contract, _key(header["schema"])).iter_errors(
                _typed(headers[name], header["schema"])
            ):
                yield f"the header {name} is wrong: {error.message}"
    families = tuple(h["x-s3-prefix"] for h in declared.values() if "x-s3-prefix" in h)
    for name in headers:
        if name not in declared and name not in _UNDECLARED and not name.startswith(families):
            yield f"the header {name} is not declared"


def _document_faults(
    contract: ContractUnderTest,
    response: Node,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
) -> Iterator[str]:
    if headers.get("content-type") != XML:
        yield f"the Content-Type is {headers.get('content-type')}, not {XML}"
        return
    schema = response["content"][XML]["schema"]
    try:
        value = read_document(contract, body, schema)
    except Unreadable as unreadable:
        yield str(unreadable)
        return
    for error in _validator(contract, _key(schema)).iter_errors(value):
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
    if status >= 400:
        yield from _error_faults(response, headers, value)


def _error_faults(response: Node, headers: Mapping[str, str], value: Node) -> Iterator[str]:
    if value.get("Code") not in response["x-s3-codes"]:
        yield f"the code {value.get('Code')} is not among {response['x-s3-codes']}"
    if value.get("RequestId") != headers.get(REQUEST_ID):
        yield f"the RequestId {value.get('RequestId')} is not {headers.get(REQUEST_ID)}"
    if not str(value.get("Resource", "")).startswith("/"):
        yield f"the Resource {value.get('Resource')} is no path"


def _typed(text: str, schema: Node) -> Any:
    """A header's value in its type, or its text where it is not of that type."""
    if schema["type"] == "integer" and text.isdigit():
        return int(text)
    return text


def _key(schema: Node) -> str:
    return json.dumps(schema)


@cache
def _validator(contract: ContractUnderTest, schema: str) -> Draft4Validator:
    whole = {**json.loads(schema), "components": contract.components}
    return Draft4Validator(whole, format_checker=_FORMATS)
