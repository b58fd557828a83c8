"""The documents there are: the contract with layers or without, and those that were released."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from gateway.contract.document import Contract, load_contract

Node: TypeAlias = dict[str, Any]
Version: TypeAlias = tuple[int, int, int]

ROOT = Path(__file__).parents[1]
DEFAULT = ROOT / "spec" / "s3.yaml"
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


def contract_of(layers: Iterable[str], file: Path | None = None) -> Contract:
    """The contract with these layers.

    Args:
        layers: Their names.
        file: A document to take in its place.

    Raises:
        UnknownLayer: One of the layers does not exist.
    """
    contract = load_contract(layers)
    return contract if file is None else Contract(contract.layers, file.read_text("utf-8"))


def load(file: Path) -> Node:
    """A document as a tree with nothing shared between its parts."""
    return Contract((), file.read_text("utf-8")).document()


def name_of(contract: Contract) -> str:
    """What the files of a contract with layers are called by; nothing for the default one."""
    return "+".join(contract.layers)


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


def released_of(contract: Contract, released: Path) -> Path:
    """The folder of what was released of a contract; the default one's is the whole folder."""
    return released / name_of(contract)


def last_released(folder: Path) -> Path | None:
    """The file of the newest released document, if there is one."""
    return max(
        folder.glob("*.yaml"),
        key=lambda file: tuple(map(int, file.stem.split("."))),
        default=None,
    )


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
