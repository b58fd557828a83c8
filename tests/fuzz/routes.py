"""Which operation a request is, by the rule that the document states of itself.

Written from the document's description, not from the gateway's router, to hold the one against
the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.contract.under_test import ContractUnderTest, Node, Operation


def operation_of_request(
    contract: ContractUnderTest,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> Operation | None:
    """The operation, or None where the contract declares none.

    Args:
        contract: By which it is told.
        method: As sent.
        path: As sent, without the query string.
        query: Names decoded; of a repeated one the first value.
        headers: Names in lower case.
    """
    fitting = [
        operation
        for operation in contract.operations.values()
        if operation.method == method
        and operation.path.partition("#")[0].count("{") == _depth(path)
        and _is_selected(operation, query, headers)
    ]
    if not fitting:
        return None
    chosen = max(fitting, key=lambda operation: len(_required(operation)))
    in_namespace = [name for name in headers if name.startswith(contract.namespace)]
    return None if _has_undeclared(chosen, query, in_namespace) else chosen


def _depth(path: str) -> int:
    bucket, _, key = path.removeprefix("/").partition("/")
    return bool(bucket) + bool(key)


def _required(operation: Operation) -> list[Node]:
    return [p for p in operation.parameters if p.get("required") and p["in"] in ("query", "header")]


def _is_selected(
    operation: Operation, query: Mapping[str, str], headers: Mapping[str, str]
) -> bool:
    for parameter in _required(operation):
        sent = query if parameter["in"] == "query" else headers
        value = sent.get(_name(parameter))
        allowed = parameter["schema"].get("enum")
        if value is None or (allowed and value not in map(str, allowed)):
            return False
    naming = [p["name"] for p in operation.parameters if p.get("x-s3-names-operation")]
    return all(query.get(name, "") in ("", operation.name) for name in naming)


def _has_undeclared(operation: Operation, query: Iterable[str], headers: Iterable[str]) -> bool:
    return any(
        not _is_declared(operation, place, name)
        for place, names in (("query", query), ("header", headers))
        for name in names
    )


def _is_declared(operation: Operation, place: str, name: str) -> bool:
    for parameter in operation.parameters:
        if parameter["in"] != place:
            continue
        family = parameter.get("x-s3-prefix")
        if name == _name(parameter) or (family and name.startswith(family)):
            return True
    return False


def _name(parameter: Node) -> str:
    return str(parameter["name"].lower() if parameter["in"] == "header" else parameter["name"])
