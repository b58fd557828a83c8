"""The document as a reader of it sees it: operations, their responses, references followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from gateway.contract.document import load_contract

Node: TypeAlias = Mapping[str, Any]

CONTRACT: Node = load_contract(()).document()


def resolved(node: Node) -> Node:
    """A node, or what it refers to."""
    while "$ref" in node:
        found: Any = CONTRACT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document."""

    path: str
    method: str
    definition: Node
    parameters: tuple[Node, ...]

    @property
    def id(self) -> str:
        """Its `operationId`."""
        return str(self.definition["operationId"])

    @property
    def name(self) -> str:
        """Its name at AWS."""
        return str(self.definition["x-s3-operation"])

    def response(self, status: int) -> Node | None:
        """What it declares for a status."""
        found = self.definition["responses"].get(str(status))
        return None if found is None else resolved(found)


@cache
def operations() -> dict[str, Operation]:
    """All operations of the document, by their names at AWS."""
    found = {}
    for path, item in CONTRACT["paths"].items():
        for method, definition in item.items():
            if method == "parameters":
                continue
            parameters = [*item["parameters"], *definition.get("parameters", [])]
            operation = Operation(
                path, method.upper(), definition, tuple(map(resolved, parameters))
            )
            found[operation.name] = operation
    return found


def operation_of(operation_id: str) -> Operation:
    """The operation of this `operationId`."""
    return next(o for o in operations().values() if o.id == operation_id)
