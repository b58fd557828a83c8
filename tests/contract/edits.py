"""Contracts that differ from ours, in a project of their own."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from contract_review.__main__ import OASDIFF, REDOCLY
from contract_review.documents import ROOT, contract_of
from contract_review.review import review

Edit: TypeAlias = Callable[[dict[str, Any]], Any]

BEFORE = contract_of(()).document()
"""The default contract: what finds changes is tested with changes of that."""

BEFORE["info"]["version"] = "1.0.0"

needs_oasdiff = pytest.mark.skipif(not OASDIFF.exists(), reason="oasdiff is not built: no Go")
needs_redocly = pytest.mark.skipif(not REDOCLY.exists(), reason="redocly is not installed: no Node")


def edited(*edits: Edit) -> dict[str, Any]:
    document = copy.deepcopy(BEFORE)
    for edit in edits:
        edit(document)
    return document


def path(document: dict[str, Any], fragment: str) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"][f"/{{bucket}}{fragment}"]
    return found


def without_start_after(document: dict[str, Any]) -> None:
    operation = path(document, "#list-type=2")["get"]
    operation["parameters"] = [
        one for one in operation["parameters"] if one.get("name") != "start-after"
    ]


def with_an_option(document: dict[str, Any]) -> None:
    new = {"name": "new", "in": "query", "description": "New.", "schema": {"type": "string"}}
    path(document, "#list-type=2")["get"]["parameters"].append(new)


def with_an_obligation(document: dict[str, Any]) -> None:
    new = {"name": "new", "in": "query", "description": "New.", "schema": {"type": "string"}}
    path(document, "")["parameters"].append({**new, "required": True})


def with_another_fragment(document: dict[str, Any]) -> None:
    document["paths"]["/{bucket}#where"] = document["paths"].pop("/{bucket}#location")


def without_an_operation(document: dict[str, Any]) -> None:
    del path(document, "#delete")["post"]


def with_another_metadata_prefix(document: dict[str, Any]) -> None:
    parameters = path(document, "/{key}")["parameters"]
    parameters.remove({"$ref": "#/components/parameters/Metadata"})
    other = {**shared(document, "parameters", "Metadata"), "x-s3-prefix": "x-amz-mata-"}
    for method in ("get", "head", "delete"):
        path(document, "/{key}")[method]["parameters"].append(
            {"$ref": "#/components/parameters/Metadata"}
        )
    path(document, "/{key}")["put"]["parameters"].append(other)


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def shared(document: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"][kind][name]
    return found


class Project:
    """A contract, those released before it, and a changelog."""

    def __init__(self, folder: Path, *edits: Edit, changelog: str = "") -> None:
        self.file = folder / "s3.yaml"
        self.file.write_text(yaml.safe_dump(edited(*edits)))
        self.contract = contract_of((), self.file)
        self.released = folder / "released"
        self.released.mkdir(exist_ok=True)
        (self.released / "1.0.0.yaml").write_text(yaml.safe_dump(BEFORE))
        self.changelog = folder / "CHANGELOG.md"
        self.announce(changelog)

    def announce(self, text: str) -> None:
        self.changelog.write_text(f"# Changes\n\n## Unreleased\n\n- Other.\n{text}\n\n## 0.1.0\n")

    def review(self) -> tuple[bool, str]:
        is_good, lines = review(OASDIFF, self.contract, self.released, self.changelog)
        return is_good, "\n".join(lines)


def with_layers(layers: tuple[str, ...]) -> tuple[str, ...]:
    """The review's option for a composition."""
    return ("--with", ",".join(layers)) if layers else ()


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "contract_review", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
