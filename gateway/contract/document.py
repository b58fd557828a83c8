"""The contract as data: `spec/s3.yaml`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def contract_text() -> str:
    """The document as it is written."""
    return files("spec").joinpath("s3.yaml").read_text("utf-8")


def load_contract() -> dict[str, Any]:
    """The document as a new tree.

    The round trip through JSON leaves nothing shared between its parts: connexion changes them in
    place. Handed over as a tree, not as a path, it is also not rendered as a Jinja template.
    """
    document: dict[str, Any] = json.loads(json.dumps(yaml.safe_load(contract_text())))
    return document
