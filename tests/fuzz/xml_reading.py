"""XML as the document's schemas describe it, strictly.

What the schemas do not describe is a fault: an undeclared element, one that comes twice and is no
array, another namespace, text between elements. What comes out is what JSON Schema can check.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from tests.contract.under_test import ContractUnderTest, Node

_BOOLEANS = {"true": True, "false": False}


class Unreadable(Exception):
    """A document is not what its schema describes."""


def read_document(contract: ContractUnderTest, data: bytes, schema: Node) -> Any:
    """The value of a whole document."""
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - our own server's answer
    except ElementTree.ParseError as error:
        raise Unreadable(f"no XML: {error}") from None
    schema = contract.resolved(schema)
    namespace = schema["xml"].get("namespace", "")
    expected = schema["xml"]["name"]
    if _split(root) != (namespace, expected):
        raise Unreadable(f"the root is {root.tag}, not {{{namespace}}}{expected}")
    return _read(contract, root, schema, namespace)


def _split(node: ElementTree.Element) -> tuple[str, str]:
    namespace, brace, name = node.tag.removeprefix("{").partition("}")
    return (namespace, name) if brace else ("", namespace)


def _read(
    contract: ContractUnderTest, node: ElementTree.Element, schema: Node, namespace: str
) -> Any:
    schema = contract.resolved(schema)
    if node.attrib:
        raise Unreadable(f"{node.tag} has attributes: {sorted(node.attrib)}")
    if schema["type"] == "object":
        return _read_object(contract, node, schema, namespace)
    if schema["type"] == "array":
        return _read_wrapped(contract, node, schema, namespace)
    if len(node):
        raise Unreadable(f"{node.tag} is a {schema['type']} and has elements")
    return _read_text(node.text or "", schema["type"])


def _read_text(text: str, kind: str) -> Any:
    """A value in its type, or the text where it is not of that type, for the schema to refuse."""
    if kind == "integer":
        return int(text) if text.removeprefix("-").isdigit() else text
    if kind == "boolean":
        return _BOOLEANS.get(text, text)
    return text


def _read_object(
    contract: ContractUnderTest, node: ElementTree.Element, schema: Node, namespace: str
) -> dict[str, Any]:
    _check_no_text(node)
    value: dict[str, Any] = {}
    by_element = {
        _element_name(contract, name, declared): (name, contract.resolved(declared))
        for name, declared in schema["properties"].items()
    }
    for child in node:
        child_namespace, element = _split(child)
        if child_namespace != namespace:
            raise Unreadable(f"{child.tag} in {node.tag} is of another namespace")
        name, child_schema = by_element.get(element, (element, schema.get("additionalProperties")))
        if not isinstance(child_schema, dict):
            raise Unreadable(f"{node.tag} declares no {element}")
        if _is_unwrapped(child_schema):
            item = _read(contract, child, child_schema["items"], namespace)
            value.setdefault(name, []).append(item)
        elif name in value:
            raise Unreadable(f"{element} comes twice in {node.tag}")
        else:
            value[name] = _read(contract, child, child_schema, namespace)
    return value


def _read_wrapped(
    contract: ContractUnderTest, node: ElementTree.Element, schema: Node, namespace: str
) -> list[Any]:
    _check_no_text(node)
    item = _element_name(contract, "", schema["items"])
    wrong = [child.tag for child in node if _split(child) != (namespace, item)]
    if wrong:
        raise Unreadable(f"{node.tag} holds {wrong}, not {item}")
    return [_read(contract, child, schema["items"], namespace) for child in node]


def _element_name(contract: ContractUnderTest, property_name: str, schema: Node) -> str:
    """How a property is called in XML; an unwrapped array's elements as its items are."""
    schema = contract.resolved(schema)
    if _is_unwrapped(schema):
        schema = contract.resolved(schema["items"])
    return str(schema.get("xml", {}).get("name", property_name))


def _is_unwrapped(schema: Node) -> bool:
    return schema["type"] == "array" and not schema.get("xml", {}).get("wrapped")


def _check_no_text(node: ElementTree.Element) -> None:
    texts = [node.text, *(child.tail for child in node)]
    if any(text and text.strip() for text in texts):
        raise Unreadable(f"{node.tag} has text between its elements")
