"""What a command answers: words for a person, or with `--json` the same facts for a program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from gateway.one_line import no_room_in_one_line

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def say(as_json: bool, facts: Mapping[str, Any], text: str) -> None:
    """Print an answer."""
    # Here already: what moves buckets would take it for a full disk of its folder.
    with no_room_in_one_line():
        click.echo(json.dumps(facts) if as_json else text)
