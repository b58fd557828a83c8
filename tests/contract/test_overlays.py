"""Layers are put upon the contract in one way, and an overlay that has gone stale is found."""

from __future__ import annotations

import copy
import itertools
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from gateway.contract.document import (
    CAPABILITIES,
    LAYERS,
    UnknownLayer,
    layers_named,
    load_contract,
)
from gateway.contract.overlays import BadOverlay, apply_overlay

SPEC = Path(str(files("spec")))
OVERLAYS = sorted((SPEC / "overlays").rglob("*.yaml"))
SUBSETS = [
    subset for size in range(len(LAYERS) + 1) for subset in itertools.combinations(LAYERS, size)
]
DOCUMENT = {
    "paths": {"/a#b": {"get": {"codes": ["One"], "tags": ["a", "b", "c"]}}},
    "x-hints": {"x-*": "none", "other": "some"},
}


def applied(*actions: dict[str, Any]) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    overlay = {"overlay": "1.0.0", "info": {"title": "Mine", "version": "1.0.0"}}
    apply_overlay(document, {**overlay, "actions": list(actions)})
    return document


def test_the_default_contract_is_the_file_to_the_letter() -> None:
    contract = load_contract(())
    assert contract.text == (SPEC / "s3.yaml").read_text()
    assert contract.layers == ()


def test_objects_are_merged_and_lists_grow() -> None:
    document = applied(
        {"target": "$.paths", "update": {"/a#b": {"put": {"tags": []}}, "/c": {}}},
        {"target": "$.paths['/a#b'].get.codes", "update": "Two"},
        {"target": "$['x-hints']", "update": {"other": "more"}},
    )
    assert document["paths"]["/a#b"].keys() == {"get", "put"}
    assert document["paths"]["/c"] == {}
    assert document["paths"]["/a#b"]["get"]["codes"] == ["One", "Two"]
    assert document["x-hints"] == {"x-*": "none", "other": "more"}


def test_what_is_removed_is_gone_whatever_stands_beside_it() -> None:
    document = applied(
        {"target": "$.paths['/a#b'].get.tags[?@ != 'b']", "remove": True},
        {"target": "$['x-hints']['x-*']", "remove": True},
    )
    assert document["paths"]["/a#b"]["get"]["tags"] == ["b"]
    assert document["x-hints"] == {"other": "some"}


def test_what_is_put_in_twice_is_not_shared() -> None:
    document = applied(
        {"target": "$.paths['/a#b']", "update": {"put": {}}},
        {"target": "$.paths['/a#b'][*]", "update": {"x": {"y": []}}},
    )
    operations = document["paths"]["/a#b"]
    assert operations["get"]["x"] == operations["put"]["x"]
    assert operations["get"]["x"] is not operations["put"]["x"]


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ({"target": "$.paths['/nothing']", "update": {}}, "matches nothing"),
        ({"target": "$.paths[", "update": {}}, "action 1 on"),
        ({"target": "$.paths['/a#b'].get.codes", "update": "One"}, "in the list already"),
        ({"target": "$.paths['/a#b'].get", "update": {"codes": ["Two"]}}, "codes is a list"),
        ({"target": "$['x-hints'].other", "update": "more"}, "only an object"),
        ({"target": "$['x-hints']", "update": "more"}, "only an object"),
        ({"target": "$", "remove": True}, "cannot be removed"),
        ({"target": "$.paths", "update": {}, "remove": True}, "either updates or removes"),
        ({"target": "$.paths", "remove": False}, "either updates or removes"),
        ({"target": "$.paths", "copy": "$.x-hints"}, "an action has no copy"),
    ],
)
def test_a_mistake_is_found(action: dict[str, Any], why: str) -> None:
    with pytest.raises(BadOverlay, match=re.escape(why)) as told:
        applied(action)
    assert "Mine, action 1" in str(told.value)


def test_another_version_of_overlays_is_not_applied() -> None:
    with pytest.raises(BadOverlay, match="not an overlay of version 1"):
        apply_overlay({}, {"overlay": "1.1.0", "info": {}, "actions": []})


@pytest.mark.parametrize("names", [["nothing"], ["copy", "Copy"], ["all", ""], ["keys"]])
def test_a_layer_that_there_is_not_is_refused_with_those_that_there_are(names: list[str]) -> None:
    with pytest.raises(UnknownLayer) as told:
        layers_named(names)
    for name in (*CAPABILITIES, "all"):
        assert name in str(told.value)


def test_all_means_all_that_can_be_switched_on() -> None:
    assert layers_named(["all"]) == layers_named(CAPABILITIES) == CAPABILITIES


@pytest.mark.parametrize("layers", SUBSETS, ids="+".join)
def test_every_set_of_layers_is_one_contract(layers: tuple[str, ...]) -> None:
    contract = load_contract(layers)
    assert contract.layers == layers
    document = contract.document()
    validate(document)
    for order in itertools.permutations(layers):
        assert load_contract(order) is contract
    assert re.findall("[a-z]+", document["info"]["version"]) == [*layers]


@pytest.mark.parametrize("layers", SUBSETS, ids="+".join)
def test_nothing_stands_twice_in_a_list(layers: tuple[str, ...]) -> None:
    def check(node: Any, where: str) -> None:
        if isinstance(node, dict):
            for name, child in node.items():
                check(child, f"{where}/{name}")
        elif isinstance(node, list):
            written = [json.dumps(one, sort_keys=True) for one in node]
            assert len(written) == len(set(written)), where

    check(load_contract(layers).document(), "")


@pytest.mark.parametrize("file", OVERLAYS, ids=lambda file: file.stem)
def test_an_overlay_has_a_version_and_says_what_changed(file: Path) -> None:
    overlay = yaml.safe_load(file.read_text())
    assert overlay["overlay"] == "1.0.0"
    assert (file.parent / overlay["extends"]).resolve() == (SPEC / "s3.yaml").resolve()
    assert overlay["info"]["version"] in overlay["info"]["x-changelog"]
    assert all(len(action["description"]) > 10 for action in overlay["actions"])
    is_shared = file.parent.name == "shared"
    when = [name for name in ("x-s3-when-any", "x-s3-when-all") if name in overlay]
    assert len(when) == (1 if is_shared else 0)
    assert is_shared or file.stem in LAYERS
