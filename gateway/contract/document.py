"""The contract as data: `spec/s3.yaml`, and the layers that are put upon it.

A layer is a capability that an operator switches on: `spec/overlays/NAME.yaml`. What layers share
is in `spec/overlays/shared/`, and says itself when it is put there (`spec/overlays/README.md`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from gateway.contract.overlays import Node, apply_overlay
from gateway.contract.refusals import check_refusals

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LINE = 120

_SPEC = files("spec")
_OVERLAYS = _SPEC.joinpath("overlays")
_ORDER = ("copy", "multipart", "versions", "keys")
_ALL = "all"
_KEYS = "keys"

LAYERS = tuple(name for name in _ORDER if _OVERLAYS.joinpath(f"{name}.yaml").is_file())
"""The layers that there are, in the order in which they are put upon each other."""

CAPABILITIES = tuple(name for name in LAYERS if name != _KEYS)
"""Those that `--with` switches on; keys come with what they are looked up in."""

_NEEDED_BY_ANY = "x-s3-when-any"
_NEEDED_BY_ALL = "x-s3-when-all"


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

        Raises:
            UnknownRefusal: A parameter is to be refused by an error that there is not.
        """
        document = _tree(self.text)
        check_refusals(document)
        return document


def load_contract(layers: Iterable[str]) -> Contract:
    """The contract with these layers, in whatever order they are named.

    Raises:
        UnknownLayer: There is no layer of one of the names.
        BadOverlay: The overlays cannot be put together.
    """
    return _composed(layers_named(layers, LAYERS))


def layers_named(
    names: Iterable[str], known: tuple[str, ...] = CAPABILITIES, *, has_keys: bool = False
) -> tuple[str, ...]:
    """The layers of these names in order; `all` means all that `--with` switches on.

    Where there are keys, their layer is there too, whether it is named or not.

    Raises:
        UnknownLayer: A name is none of those that are known.
    """
    wanted = set(names)
    if unknown := sorted(wanted.difference(known, {_ALL})):
        possible = ", ".join([*known, _ALL])
        raise UnknownLayer(f"there is no layer {unknown[0]!r} of the contract, only {possible}")
    if _ALL in wanted:
        wanted.update(CAPABILITIES)
    if has_keys:
        wanted.add(_KEYS)
    return tuple(layer for layer in LAYERS if layer in wanted)


@cache
def _composed(layers: tuple[str, ...]) -> Contract:
    text = _SPEC.joinpath("s3.yaml").read_text("utf-8")
    if not layers:
        return Contract(layers, text)
    document = _tree(text)
    versions = [document["info"]["version"]]
    for layer, overlay in _overlays(layers):
        apply_overlay(document, overlay)
        if layer:
            versions.append(f"{layer}.{overlay['info']['version']}")
    document["info"]["version"] = f"{versions[0]}+{'.'.join(versions[1:])}"
    return Contract(layers, _written(document))


def _overlays(layers: tuple[str, ...]) -> Iterator[tuple[str, Node]]:
    """What to apply: the layer's name, none for what is shared, and the overlay."""
    shared = _shared()
    for at, layer in enumerate(layers):
        for overlay in shared:
            any_of = set(overlay.get(_NEEDED_BY_ANY, ()))
            if layer in any_of and not any_of.intersection(layers[:at]):
                yield "", overlay
        yield layer, _tree(_OVERLAYS.joinpath(f"{layer}.yaml").read_text("utf-8"))
        for overlay in shared:
            all_of = set(overlay.get(_NEEDED_BY_ALL, ()))
            if layer in all_of and all_of <= {*layers[: at + 1]}:
                yield "", overlay


def _shared() -> list[Node]:
    folder = _OVERLAYS.joinpath("shared")
    found = [one for one in folder.iterdir() if one.name.endswith(".yaml")]
    return [_tree(one.read_text("utf-8")) for one in sorted(found, key=lambda one: one.name)]


def _tree(text: str) -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(_as_json(text))
    return tree


# A gateway has one contract, and needs it four times until it serves: YAML takes ten times as long.
@lru_cache(maxsize=1)
def _as_json(text: str) -> str:
    return json.dumps(yaml.load(text, _LOADER))  # noqa: S506 - a safe one


class _Dumper(_DUMPER):  # type: ignore[misc]
    """Writes a text of several lines as such."""


def _represented(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represented)


def _written(document: Node) -> str:
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_LINE
    )
    return text
