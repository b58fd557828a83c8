"""The contract as data: `spec/s3.yaml`, and the layers that are put upon it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml

LAYERS: tuple[str, ...] = ()
"""The layers that there are, in the order in which they are put upon each other."""


class UnknownLayer(ValueError):
    """There is no layer of this name; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract: the default one, or with layers.

    `text` is how it is written, `layers` are in order.
    """

    layers: tuple[str, ...]
    text: str

    def document(self) -> dict[str, Any]:
        """The document as a new tree.

        The round trip through JSON leaves nothing shared between its parts: connexion changes them
        in place. Handed over as a tree, not as a path, it is also not rendered as a Jinja template.
        """
        document: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(self.text)))
        return document


def load_contract(layers: Iterable[str]) -> Contract:
    """The contract with these layers.

    Raises:
        UnknownLayer: There is no layer of one of the names.
    """
    wanted = set(layers)
    if unknown := sorted(wanted.difference(LAYERS)):
        raise UnknownLayer(f"there is no layer {unknown[0]} of the contract")
    text = files("spec").joinpath("s3.yaml").read_text("utf-8")
    return Contract(tuple(layer for layer in LAYERS if layer in wanted), text)
