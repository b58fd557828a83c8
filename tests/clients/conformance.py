"""Writes `docs/conformance.md` from what the tests have recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.clients.checklist import GROUPS
from tests.clients.data_tools.sizes import COLUMNS
from tests.clients.pages import ROOT
from tests.clients.steps import WORKS

PAGE = ROOT / "docs" / "conformance.md"
OPERATIONS = ROOT / "docs" / "operations.md"
CHECKSUMS = "checksums"
BEYOND = "Beyond the contract"

_HEAD = """# Conformance

What each client can do with this gateway. Our tests take each one through the same steps, with the
settings that [its page](clients/README.md) gives, on an embedded PFS and on a PFS behind gRPC. They
also write this page.

`works`: the client reports success, and what came back was compared where the step gets something
back. Metadata and content types are taken and not kept. A code, as `NotImplemented`: the client
shows its user this failure, as it should; `refused`: it shows one without a code. Other words, as
`missed`, say what it does instead. -: the client has nothing that does this.
"""

_WITH_ALL = """## With everything switched on

The gateway runs with `--with all`, and no setting turns a client's multipart uploads off.
`nothing` is 0 B or a table without rows, `a little` is 5 B or one row.
"""

_CHECKSUMS = """## Checksums

Each of S3's algorithms, in each form that a checksum comes in. `verified`: the right value is
accepted and comes back in the answer; a wrong one is refused, and nothing is stored. boto3 computes
some with AWS's own native code (awscrt), and cannot send those that have no mark here.
"""

_OPERATIONS = """## Operations

Every operation of S3 is called, and [a page of its own](operations.md) says what comes of it:
"""


Records = Mapping[str, Mapping[str, Any]]


def written(recorded: Records, with_all: Records) -> str:
    """The whole page, from runs of the default contract and from those with everything."""
    clients = _by_title({name: one for name, one in recorded.items() if name != CHECKSUMS})
    parts = [_HEAD, _versions(_by_title({**with_all, **clients}))]
    parts += [_group(name, clients) for name in GROUPS]
    parts += [_own_steps(clients), *_with_all(_by_title(with_all))]
    parts += [_checksums(recorded.get(CHECKSUMS, {})), _operations()]
    return "\n".join(parts)


def _by_title(records: Records) -> Records:
    return dict(sorted(records.items(), key=lambda item: item[1]["title"].lower()))


def _with_all(with_all: Records) -> list[str]:
    """Those that took the checklist's steps, and those that took each size."""
    sized = {name: one for name, one in with_all.items() if COLUMNS[0] in one["steps"]}
    checked = {name: one for name, one in with_all.items() if name not in sized}
    return [
        _WITH_ALL,
        *([_steps_of(list(GROUPS[BEYOND]), checked)] if checked else []),
        _steps_of(list(COLUMNS), sized),
        _rows_of_own_steps(sized, set(COLUMNS)),
    ]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _link(client: Mapping[str, Any]) -> str:
    return f"[{client['title']}](clients/{client['page']}.md)"


def _versions(clients: Records) -> str:
    rows = [[_link(one), str(one["version"])] for one in clients.values()]
    return "## Clients\n\n" + _table(["client", "version"], rows)


def _cell(outcome: str | None) -> str:
    if outcome is None:
        return "-"
    return outcome if outcome == WORKS else f"`{outcome}`"


def _group(name: str, clients: Records) -> str:
    return f"## {name}\n\n" + _steps_of(list(GROUPS[name]), clients)


def _steps_of(names: list[str], clients: Records) -> str:
    steps = [step for step in names if any(step in one["steps"] for one in clients.values())]
    rows = [
        [_link(one), *(_cell(one["steps"].get(step)) for step in steps)]
        for one in clients.values()
        if any(step in one["steps"] for step in steps)
    ]
    return _table(["client", *steps], rows)


def _own_steps(clients: Records) -> str:
    common = {step for group in GROUPS.values() for step in group}
    return "## What only one of them has\n\n" + _rows_of_own_steps(clients, common)


def _rows_of_own_steps(clients: Records, common: set[str]) -> str:
    rows = [
        [_link(one), step, _cell(outcome)]
        for one in clients.values()
        for step, outcome in one["steps"].items()
        if step not in common
    ]
    return _table(["client", "step", "outcome"], rows)


def _checksums(seen: Mapping[str, Mapping[str, str]]) -> str:
    forms = list(dict.fromkeys(form for outcomes in seen.values() for form in outcomes))
    rows = [
        [algorithm, *(outcomes.get(form, "-") for form in forms)]
        for algorithm, outcomes in seen.items()
    ]
    return _CHECKSUMS + "\n" + _table(["algorithm", *forms], rows)


def _operations() -> str:
    counts = re.search(r"^\d+ are supported.*$", OPERATIONS.read_text(), re.MULTILINE)
    assert counts is not None
    return f"{_OPERATIONS}\n> {counts[0]}\n"
