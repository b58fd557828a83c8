"""Overlays: documents of the OpenAPI Overlay Specification 1.0, applied to a contract.

Stricter than the specification, so that an overlay that has gone stale is found when it is applied,
and means the same to every tool (`docs/decisions/0009-layers-of-the-contract.md`).
"""

from __future__ import annotations

import copy
from typing import Any, TypeAlias

from jsonpath import JSONPathEnvironment, JSONPathError, JSONPathMatch

Node: TypeAlias = dict[str, Any]

VERSION = "1.0.0"

_PATHS = JSONPathEnvironment(strict=True)
_MEMBERS = {"target", "description", "update", "remove"}


class BadOverlay(ValueError):
    """An overlay cannot be applied; the message names its action and says why."""


def apply_overlay(document: Node, overlay: Node) -> None:
    """Apply an overlay's actions in their order, and change the document by them.

    Raises:
        BadOverlay: It is no overlay, a target matches nothing, or an update cannot be made, or adds
            to a list what is in it already.
    """
    if overlay.get("overlay") != VERSION:
        raise BadOverlay(f"it is not an overlay of version {VERSION}")
    for number, action in enumerate(overlay["actions"], 1):
        try:
            _apply_action(document, action)
        except (BadOverlay, JSONPathError) as error:
            title = overlay["info"]["title"]
            where = f"{title}, action {number} on {action.get('target')}"
            raise BadOverlay(f"{where}: {error}") from error


def _apply_action(document: Node, action: Node) -> None:
    if unknown := action.keys() - _MEMBERS:
        raise BadOverlay(f"an action has no {min(unknown)}")
    if ("update" in action) == (action.get("remove") is True):
        raise BadOverlay("an action either updates or removes")
    matches = list(_PATHS.finditer(action["target"], document))
    if not matches:
        raise BadOverlay("the target matches nothing")
    for match in reversed(matches):  # what comes later goes first, so that no index moves
        if "update" in action:
            _update(match.obj, action["update"])
        else:
            _remove(match)


def _remove(match: JSONPathMatch) -> None:
    if match.parent is None:
        raise BadOverlay("the whole document cannot be removed")
    container: Any = match.parent.obj
    del container[match.parts[-1]]


def _update(target: Any, update: Any) -> None:
    if isinstance(target, list):
        if update in target:
            raise BadOverlay("that is in the list already")
        target.append(copy.deepcopy(update))
    elif isinstance(target, dict) and isinstance(update, dict):
        _merge(target, update)
    else:
        raise BadOverlay("only an object can be merged, and only into an object")


def _merge(target: Node, update: Node) -> None:
    for name, value in update.items():
        there = target.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            _merge(there, value)
        elif isinstance(there, list):
            # The specification leaves open whether that replaces, or adds.
            raise BadOverlay(f"{name} is a list; add to it by an action of its own")
        else:
            target[name] = copy.deepcopy(value)
