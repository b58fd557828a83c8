"""A contract as a reader of it sees it: its operations, with references followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]

METHODS = ("get", "head", "put", "post", "delete", "patch", "options", "trace")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, with the parameters of its path among its own."""

    name: str
    method: str
    path: str
    definition: Node

    @property
    def where(self) -> str:
        """How a request is addressed to it."""
        return f"{self.method.upper()} {self.path}"


def operations(document: Node) -> list[Operation]:
    """All operations, in the document's order."""
    found = []
    for path, item in document["paths"].items():
        for method in (name for name in item if name in METHODS):
            definition = item[method]
            parameters = [*item.get("parameters", []), *definition.get("parameters", [])]
            whole = {**definition, "parameters": parameters}
            found.append(Operation(definition["x-s3-operation"], method, path, whole))
    return found


def resolved(document: Node, node: Node) -> Node:
    """A node, or what it refers to."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node
