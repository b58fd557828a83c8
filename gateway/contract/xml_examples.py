"""Examples as they are sent: XML, made of a value by its schema."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from gateway.contract.operations import Node, resolved

_INDENT = "  "


def xml_of(document: Node, schema: Node, value: Any) -> str:
    """A whole XML document, indented for people.

    Raises:
        KeyError: The value has a property that the schema does not describe.
    """
    schema = resolved(document, schema)
    name, namespace = schema["xml"]["name"], schema["xml"].get("namespace")
    attribute = f' xmlns="{namespace}"' if namespace else ""
    return "\n".join(_element(document, schema, value, name, attribute))


def _element(document: Node, schema: Node, value: Any, name: str, attribute: str = "") -> list[str]:
    schema = resolved(document, schema)
    inner: list[str] = []
    if schema["type"] == "object":
        for property_, content in value.items():
            inner += _property(document, schema["properties"][property_], content, property_)
    elif schema["type"] == "array":
        for item in value:
            inner += _element(
                document, schema["items"], item, _name(document, schema["items"], name)
            )
    else:
        return [f"<{name}{attribute}>{_text(value)}</{name}>"]
    return [f"<{name}{attribute}>", *(_INDENT + line for line in inner), f"</{name}>"]


def _property(document: Node, schema: Node, value: Any, name: str) -> list[str]:
    schema = resolved(document, schema)
    if schema["type"] == "array" and not schema.get("xml", {}).get("wrapped"):
        return [line for item in value for line in _element(document, schema["items"], item, name)]
    return _element(document, schema, value, name)


def _name(document: Node, schema: Node, otherwise: str) -> str:
    name: str = resolved(document, schema).get("xml", {}).get("name", otherwise)
    return name


def _text(value: Any) -> str:
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
