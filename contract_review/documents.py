"""The documents there are: the one that is written, and those that were released."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

Node: TypeAlias = dict[str, Any]
Version: TypeAlias = tuple[int, int, int]

ROOT = Path(__file__).parents[1]
CONTRACT = ROOT / "spec" / "s3.yaml"
RELEASED = ROOT / "spec" / "released"
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


def load(file: Path) -> Node:
    """A document as a tree with nothing shared between its parts."""
    document: Node = json.loads(json.dumps(yaml.safe_load(file.read_text("utf-8"))))
    return document


def version_of(document: Node) -> Version:
    """`info.version` as numbers.

    Raises:
        ValueError: It is no semantic version of three numbers.
    """
    major, minor, patch = map(int, document["info"]["version"].split("."))
    return major, minor, patch


def written(version: Version) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))


def last_released(folder: Path) -> Path:
    """The file of the newest released document."""
    return max(folder.glob("*.yaml"), key=lambda file: tuple(map(int, file.stem.split("."))))


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


def comparable(document: Node) -> Node:
    """The same contract with one path for each operation, which carries its name.

    The fragments that tell apart what shares a path are never sent, so that another fragment is no
    change; and whoever compares sees S3's names of operations.
    """
    paths = {
        f"{one.path.partition('#')[0]}#{one.name}": {one.method: one.definition}
        for one in operations(document)
    }
    return {**document, "paths": paths}
