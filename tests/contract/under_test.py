"""A contract as a reader of it sees it: operations, their responses, references followed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeAlias

from gateway.contract.document import load_contract

Node: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a contract."""

    path: str
    method: str
    definition: Node
    parameters: tuple[Node, ...]
    responses: Mapping[str, Node]

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
        return self.responses.get(str(status))


class ContractUnderTest:
    """One contract: the default one, or with layers.

    Args:
        document: The whole of it.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """All operations, by their names at AWS."""
        found = [
            self._operation(path, method, item)
            for path, item in self.document["paths"].items()
            for method in item
            if method != "parameters"
        ]
        return {operation.name: operation for operation in found}

    def _operation(self, path: str, method: str, item: Node) -> Operation:
        definition = item[method]
        parameters = [*item["parameters"], *definition.get("parameters", [])]
        responses = definition["responses"].items()
        return Operation(
            path,
            method.upper(),
            definition,
            tuple(map(self.resolved, parameters)),
            {status: self.resolved(response) for status, response in responses},
        )

    def operation_of(self, operation_id: str) -> Operation:
        """The operation of this `operationId`."""
        return next(o for o in self.operations.values() if o.id == operation_id)

    def resolved(self, node: Node) -> Node:
        """A node, or what it refers to."""
        while "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            node = found
        return node

    @property
    def components(self) -> Node:
        """What references lead to."""
        components: Node = self.document["components"]
        return components

    @property
    def namespace(self) -> str:
        """How headers begin that must be declared."""
        return str(self.document["x-s3-header-namespace"])

    def pattern_of(self, parameter: str) -> re.Pattern[str]:
        """The pattern of a shared parameter, for the whole of a text."""
        pattern = self.components["parameters"][parameter]["schema"]["pattern"]
        return re.compile(pattern.removesuffix("$") + r"\Z")


@cache
def contract_with(layers: tuple[str, ...]) -> ContractUnderTest:
    """The contract with these layers."""
    return ContractUnderTest(load_contract(layers).document())
