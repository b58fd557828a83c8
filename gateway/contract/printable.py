"""The contract on paper: one HTML file that needs nothing beside it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markdown_it import MarkdownIt
from markupsafe import Markup

from gateway.contract.operations import Node, Operation, operations, resolved
from gateway.contract.xml_examples import xml_of

_TEMPLATE = Path(__file__).with_name("printable.html")
_XML = "application/xml"
_CONSTRAINTS = {
    "enum": "one of {}",
    "default": "{} if absent",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "pattern": "like {}",
}


def printable(document: Node) -> str:
    """The whole document as one page."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["markdown"] = _markdown
    environment.filters["inline"] = _inline
    all_operations = operations(document)
    return environment.from_string(_TEMPLATE.read_text("utf-8")).render(
        document=document,
        tags=[
            (tag, [o for o in all_operations if tag["name"] in o.definition["tags"]])
            for tag in document["tags"]
        ],
        common=_common(document, all_operations),
        codes=_codes(document, all_operations),
        follow=lambda node: resolved(document, node),
        body=lambda content: _body(document, content),
        kind=lambda schema: _kind(document, schema),
        constraints=lambda schema: _constraints(resolved(document, schema)),
    )


def _markdown(text: str) -> Markup:
    return Markup(MarkdownIt("js-default").render(text))  # noqa: S704 - it escapes HTML


def _inline(text: str) -> Markup:
    return Markup(MarkdownIt("js-default").renderInline(text))  # noqa: S704 - it escapes HTML


def _common(document: Node, all_operations: Iterable[Operation]) -> list[Node]:
    """The parameters that every operation has, which are told once."""
    named = [
        {json.dumps(one): resolved(document, one) for one in operation.definition["parameters"]}
        for operation in all_operations
    ]
    shared = set.intersection(*(set(one) for one in named))
    return [one for key, one in named[0].items() if key in shared]


def _codes(document: Node, all_operations: Iterable[Operation]) -> list[tuple[str, str, list[str]]]:
    """Each error code, its status, and the operations that answer it."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for operation in all_operations:
        for status, response in operation.definition["responses"].items():
            for code in resolved(document, response).get("x-s3-codes", []):
                found[code, status].append(operation.name)
    return [(code, status, names) for (code, status), names in sorted(found.items())]


def _body(document: Node, content: Node) -> Node:
    """What a body is: its media type, its schema's name, and an example as it is sent."""
    media_type, described = next(iter(content.items()))
    schema = described["schema"]
    example = described.get("example")
    if media_type == _XML and example is not None:
        example = xml_of(document, schema, example)
    return {"type": media_type, "schema": _reference(schema), "example": example}


def _reference(schema: Node) -> str:
    return schema["$ref"].rpartition("/")[2] if "$ref" in schema else ""


def _kind(document: Node, schema: Node) -> str:
    """A schema's type in words; `#Name` where it is described under that name."""
    whole = resolved(document, schema)
    if whole["type"] == "array":
        return f"{_kind(document, whole['items'])} …"
    if whole["type"] == "object" and _reference(schema):
        return f"#{_reference(schema)}"
    return str(whole.get("format") or whole["type"])


def _constraints(schema: Node) -> list[str]:
    return [
        text.format(_written(schema[name])) for name, text in _CONSTRAINTS.items() if name in schema
    ]


def _written(value: Any) -> str:
    values = value if isinstance(value, list) else [value]
    return ", ".join(f"`{one}`" if one != "" else "nothing" for one in values)
