"""What has changed between two documents, and what of it can break a client.

oasdiff compares what OpenAPI knows. What it does not look at and clients of S3 see is compared
here: names in XML, families of headers, error codes.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contract_review.documents import comparable
from gateway.contract.operations import Node, operations, resolved

_WARNING = 2
# oasdiff calls these harmless, and says of `max-keys` or a header that an SDK reads nothing more.
_BREAKING_HERE = frozenset(
    {
        "optional-response-header-removed",
        "request-parameter-default-value-changed",
        "request-parameter-default-value-removed",
        "response-non-success-status-removed",
        "response-optional-property-removed",
    }
)
_EVERYWHERE = "the document"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One difference, as a reviewer reads it."""

    operation: str
    where: str
    id: str
    text: str
    is_breaking: bool


def changes(program: Path, before: Node, after: Node) -> list[Change]:
    """All changes that a client can notice, sorted by operation."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, "before.json"), Path(folder, "after.json")]
        for file, document in zip(files, (before, after), strict=True):
            file.write_text(json.dumps(comparable(document)))
        found = [
            _of_oasdiff(one)
            for one in _compare(program, *files)
            if not one["id"].startswith("api-version-")
        ]
    return sorted({*found, *_unseen(before, after)})


def _compare(program: Path, before: Path, after: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [program, "changelog", before, after, "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"oasdiff: {done.stderr.strip() or done.stdout.strip()}")
    found: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return found


def _of_oasdiff(found: dict[str, Any]) -> Change:
    path, _, name = found.get("path", "").partition("#")
    where = f"{found['operation']} {path}" if name else found["section"]
    is_breaking = found["level"] >= _WARNING or found["id"] in _BREAKING_HERE
    return Change(name or _EVERYWHERE, where, found["id"], found["text"], is_breaking)


def _unseen(before: Node, after: Node) -> Iterator[Change]:
    if before["x-s3-header-namespace"] != after["x-s3-header-namespace"]:
        text = f"headers must be declared that begin with `{after['x-s3-header-namespace']}`"
        yield Change(_EVERYWHERE, "headers", "s3-header-namespace-changed", text, True)
    yield from _xml_changes(before["components"]["schemas"], after["components"]["schemas"])
    those = {one.name: one for one in operations(after)}
    for old in operations(before):
        if new := those.get(old.name):
            for id_, text in (
                *_prefix_changes(
                    _families(before, old.definition), _families(after, new.definition)
                ),
                *_code_changes(_codes(before, old.definition), _codes(after, new.definition)),
            ):
                is_breaking = not id_.endswith("-added")
                where = new.where.partition("#")[0]
                yield Change(new.name, where, id_, text, is_breaking)


def _families(document: Node, operation: Node) -> set[tuple[str, str]]:
    parameters = [resolved(document, one) for one in operation["parameters"]]
    return {(one["in"], one["x-s3-prefix"]) for one in parameters if "x-s3-prefix" in one}


def _prefix_changes(
    before: set[tuple[str, str]], after: set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    for place, prefix in before - after:
        yield "s3-prefix-removed", f"no longer takes the `{place}` parameters `{prefix}…`"
    for place, prefix in after - before:
        yield "s3-prefix-added", f"takes the `{place}` parameters `{prefix}…`"


def _codes(document: Node, operation: Node) -> set[tuple[str, str]]:
    return {
        (status, code)
        for status, response in operation["responses"].items()
        for code in resolved(document, response).get("x-s3-codes", [])
    }


def _code_changes(
    before: set[tuple[str, str]], after: set[tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    # A status that is gone, or new, oasdiff has told of.
    kept = {status for status, _ in before} & {status for status, _ in after}
    for status, code in (one for one in before - after if one[0] in kept):
        yield "s3-code-removed", f"the status `{status}` no longer comes with the code `{code}`"
    for status, code in (one for one in after - before if one[0] in kept):
        yield "s3-code-added", f"the status `{status}` may come with the code `{code}`"


def _xml_changes(before: Node, after: Node) -> Iterator[Change]:
    for name in before.keys() & after.keys():
        for where, old, new in _xml_pairs(before[name], after[name], name):
            if old != new:
                text = f"`{where}` was in XML `{json.dumps(old)}` and is `{json.dumps(new)}`"
                yield Change(_EVERYWHERE, f"schema {name}", "s3-xml-changed", text, True)


def _xml_pairs(before: Any, after: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return
    if "type" in before and "type" in after:
        yield where, before.get("xml"), after.get("xml")
    for name in before.keys() & after.keys() - {"xml"}:
        inner = where if name == "properties" else f"{where}/{name}"
        yield from _xml_pairs(before[name], after[name], inner)
