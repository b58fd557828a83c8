"""Writes `docs/conformance.md` from what the tests have recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.clients.checklist import GROUPS
from tests.clients.pages import ROOT
from tests.clients.steps import WORKS

PAGE = ROOT / "docs" / "conformance.md"
OPERATIONS = ROOT / "docs" / "operations.md"
CHECKSUMS = "checksums"

_HEAD = """# Conformance

What each client can do with this gateway. Our tests take each one through the same steps, with the
settings that [its page](clients/README.md) gives, on an embedded PFS and on a PFS behind gRPC. They
also write this page.

`works`: the client reports success, and what came back was compared where the step gets something
back. Metadata and content types are taken and not kept. A code, as `NotImplemented`: the client
shows its user this failure, as it should; `refused`: it shows one without a code. Other words, as
`missed`, say what it does instead. -: the client has nothing that does this.
"""

_CHECKSUMS = """## Checksums

Each of S3's algorithms, in each form that a checksum comes in. `verified`: the right value is
accepted and comes back in the answer; a wrong one is refused, and nothing is stored. boto3 computes
some with AWS's own native code (awscrt), and cannot send those that have no mark here.
"""

_OPERATIONS = """## Operations

Every operation of S3 is called, and [a page of its own](operations.md) says what comes of it:
"""


def written(recorded: Mapping[str, Mapping[str, Any]]) -> str:
    """The whole page."""
    clients = {name: one for name, one in recorded.items() if name != CHECKSUMS}
    clients = dict(sorted(clients.items(), key=lambda item: item[1]["title"].lower()))
    parts = [_HEAD, _versions(clients)]
    parts += [_group(name, clients) for name in GROUPS]
    parts += [_own_steps(clients), _checksums(recorded.get(CHECKSUMS, {})), _operations()]
    return "\n".join(parts)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _link(client: Mapping[str, Any]) -> str:
    return f"[{client['title']}](clients/{client['page']}.md)"


def _versions(clients: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [[_link(one), str(one["version"])] for one in clients.values()]
    return "## Clients\n\n" + _table(["client", "version"], rows)


def _cell(outcome: str | None) -> str:
    if outcome is None:
        return "-"
    return outcome if outcome == WORKS else f"`{outcome}`"


def _group(name: str, clients: Mapping[str, Mapping[str, Any]]) -> str:
    steps = [step for step in GROUPS[name] if any(step in one["steps"] for one in clients.values())]
    rows = [
        [_link(one), *(_cell(one["steps"].get(step)) for step in steps)]
        for one in clients.values()
        if any(step in one["steps"] for step in steps)
    ]
    return f"## {name}\n\n" + _table(["", *steps], rows)


def _own_steps(clients: Mapping[str, Mapping[str, Any]]) -> str:
    common = {step for group in GROUPS.values() for step in group}
    rows = [
        [_link(one), step, _cell(outcome)]
        for one in clients.values()
        for step, outcome in one["steps"].items()
        if step not in common
    ]
    return "## What only one of them has\n\n" + _table(["client", "step", "outcome"], rows)


def _checksums(seen: Mapping[str, Mapping[str, str]]) -> str:
    forms = list(dict.fromkeys(form for outcomes in seen.values() for form in outcomes))
    rows = [
        [algorithm, *(outcomes.get(form, "-") for form in forms)]
        for algorithm, outcomes in seen.items()
    ]
    return _CHECKSUMS + "\n" + _table(["", *forms], rows)


def _operations() -> str:
    counts = re.search(r"^\d+ are supported.*$", OPERATIONS.read_text(), re.MULTILINE)
    assert counts is not None
    return f"{_OPERATIONS}\n> {counts[0]}\n"
