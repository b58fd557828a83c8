"""The document in itself: it is OpenAPI, and its examples are what its schemas say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

import yaml
from jsonschema import Draft4Validator
from openapi_spec_validator import validate

from gateway.contract.document import load_contract
from gateway.contract.xml_examples import xml_of
from tests.contract.compositions import each_case, each_document
from tests.contract.under_test import ContractUnderTest
from tests.fuzz.xml_reading import read_document


@each_document
def test_the_contract_is_valid_openapi(contract: ContractUnderTest) -> None:
    validate(contract.document)


@each_document
def test_no_name_stands_twice_in_one_place_of_the_contract(layers: tuple[str, ...]) -> None:
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

    check(yaml.compose(load_contract(layers).text))


@each_document
def test_what_works_on_objects_stands_under_objects(contract: ContractUnderTest) -> None:
    """And lists under Listings; a reader looks for DeleteObjects beside DeleteObject."""
    about_objects = {
        name for name in contract.operations if "Object" in name and not name.startswith("List")
    }
    assert "DeleteObjects" in about_objects
    for name in about_objects:
        assert contract.operations[name].definition["tags"] == ["Objects"], name
    known = {tag["name"] for tag in contract.document["tags"]}
    assert all(set(one.definition["tags"]) <= known for one in contract.operations.values())


Example: TypeAlias = tuple[str, dict[str, Any], Any]
"""Where it stands, its schema, and itself."""


def schemas_with_examples(contract: ContractUnderTest) -> Iterator[Example]:
    for where, schema, example in examples_in(contract.document, ""):
        yield where.removeprefix("/"), schema, example


def examples_in(node: Any, where: str) -> Iterator[Example]:
    if isinstance(node, dict):
        if "schema" in node and "example" in node:
            yield where, node["schema"], node["example"]
        elif "example" in node and "type" in node:
            yield where, {k: v for k, v in node.items() if k != "example"}, node["example"]
        for name, child in node.items():
            yield from examples_in(child, f"{where}/{name}")
    elif isinstance(node, list):
        for at, child in enumerate(node):
            yield from examples_in(child, f"{where}/{at}")


@each_case("schema,example", schemas_with_examples)
def test_examples_match_their_schemas(
    contract: ContractUnderTest, schema: dict[str, Any], example: Any
) -> None:
    whole = {**schema, "components": contract.components}
    Draft4Validator(json.loads(json.dumps(whole, default=str))).validate(
        json.loads(json.dumps(example, default=str))
    )


def xml_examples(contract: ContractUnderTest) -> Iterator[Example]:
    for where, schema, example in schemas_with_examples(contract):
        if where.endswith("application/xml"):
            yield where, schema, example


@each_case("schema,example", xml_examples)
def test_examples_in_xml_are_what_their_schemas_say(
    contract: ContractUnderTest, schema: dict[str, Any], example: Any
) -> None:
    document = xml_of(contract.document, schema, example)
    assert read_document(contract, document.encode(), schema) == example
    assert contract.resolved(schema)["xml"]["name"] in document
