"""The document in itself: it is OpenAPI, and its examples are what its schemas say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft4Validator
from openapi_spec_validator import validate

from contract_review.xml_examples import xml_of
from gateway.contract.document import load_contract
from tests.fuzz.contract import resolved
from tests.fuzz.xml_reading import read_document

CONTRACT = load_contract(()).document()


def test_the_contract_is_valid_openapi() -> None:
    validate(CONTRACT)


def test_no_name_stands_twice_in_one_place_of_the_contract() -> None:
    """YAML would let the last one win."""

    def check(node: yaml.Node | None) -> None:
        if isinstance(node, yaml.MappingNode):
            names = [name.value for name, _ in node.value]
            assert len(names) == len(set(names)), f"{node.start_mark}"
            for _, value in node.value:
                check(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                check(value)

    check(yaml.compose(load_contract(()).text))


def schemas_with_examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    def walk(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any], Any]]:
        if isinstance(node, dict):
            if "schema" in node and "example" in node:
                yield where, node["schema"], node["example"]
            elif "example" in node and "type" in node:
                yield where, {k: v for k, v in node.items() if k != "example"}, node["example"]
            for name, child in node.items():
                yield from walk(child, f"{where}/{name}")
        elif isinstance(node, list):
            for at, child in enumerate(node):
                yield from walk(child, f"{where}/{at}")

    yield from walk(CONTRACT, "")


@pytest.mark.parametrize(
    ("where", "schema", "example"),
    [pytest.param(*e, id=e[0].removeprefix("/")) for e in schemas_with_examples()],
)
def test_examples_match_their_schemas(where: str, schema: dict[str, Any], example: Any) -> None:
    whole = {**schema, "components": CONTRACT["components"]}
    Draft4Validator(json.loads(json.dumps(whole, default=str))).validate(
        json.loads(json.dumps(example, default=str))
    )


def xml_examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    for where, schema, example in schemas_with_examples():
        if where.endswith("application/xml"):
            yield where, schema, example


@pytest.mark.parametrize(
    ("where", "schema", "example"),
    [pytest.param(*e, id=e[0].removeprefix("/")) for e in xml_examples()],
)
def test_examples_in_xml_are_what_their_schemas_say(
    where: str, schema: dict[str, Any], example: Any
) -> None:
    document = xml_of(CONTRACT, schema, example)
    assert read_document(document.encode(), schema) == example
    assert resolved(schema)["xml"]["name"] in document
