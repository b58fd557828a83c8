"""The documents there are: the contract with layers or without, and those that were released."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from gateway.contract.document import CAPABILITIES, LAYERS, Contract, load_contract
from gateway.contract.operations import Node, operations

Version: TypeAlias = tuple[int, int, int]

_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)")

ROOT = Path(__file__).parents[1]
DEFAULT = ROOT / "spec" / "s3.yaml"
RELEASED = ROOT / "spec" / "released"

COMPOSITIONS: tuple[tuple[str, ...], ...] = tuple(
    dict.fromkeys([(), *((layer,) for layer in LAYERS), CAPABILITIES, LAYERS])
)
"""What is reviewed and released: the default, each layer alone, all that `--with` switches on, and
those with keys."""


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


def versions_in(version: str) -> list[Version]:
    """The default contract's version, and that of each layer: all that `info.version` holds.

    Raises:
        ValueError: It is no semantic version of three numbers.
    """
    found: list[Version] = [
        (int(major), int(minor), int(patch)) for major, minor, patch in _NUMBERS.findall(version)
    ]
    if not found or not version.startswith(written(found[0])):
        raise ValueError(f"{version!r} is no version of three numbers")
    return found


def written(version: Version) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))


def released_of(contract: Contract, released: Path) -> Path:
    """The folder of what was released of a contract; the default one's is the whole folder."""
    return released / name_of(contract)


def is_released(contract: Contract, released: Path) -> bool:
    """Whether a contract was released as it is."""
    last = last_released(released_of(contract, released))
    return last is not None and last.read_text("utf-8") == contract.text


def last_released(folder: Path) -> Path | None:
    """The file of the newest released document, if there is one."""
    return max(folder.glob("*.yaml"), key=lambda file: versions_in(file.stem), default=None)


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
