"""How CHANGELOG.md announces what breaks clients of the contract.

An entry of the section `Unreleased` that begins with `**Breaking (contract):**` and quotes the
change's id, its operations and its text, as `make contract` prints them:

    - **Breaking (contract):** `request-parameter-removed` in `ListObjectsV2`: deleted the `query`
      request parameter `start-after`. Use `continuation-token`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from contract_review.changes import Change

_MARK = "**Breaking (contract):**"
_SECTION = re.compile(r"^## Unreleased\s*\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"^- (.*?)(?=^- |^\s*$|\Z)", re.DOTALL | re.MULTILINE)


def unannounced(changes: Iterable[Change], changelog: str) -> list[Change]:
    """The breaking changes that no entry announces."""
    entries = _entries(changelog)
    return [
        change
        for change in changes
        if change.is_breaking and not any(_announces(entry, change) for entry in entries)
    ]


def entries_to_write(changes: Iterable[Change]) -> list[str]:
    """What to write into the changelog; the same change of several operations is one entry."""
    operations = defaultdict(list)
    for change in changes:
        operations[change.id, change.text].append(change.operation)
    return [
        f"- {_MARK} `{id_}` in {', '.join(f'`{name}`' for name in names)}: {text}."
        for (id_, text), names in operations.items()
    ]


def _entries(changelog: str) -> list[str]:
    section = _SECTION.search(changelog)
    entries = _ENTRY.findall(section[1]) if section else []
    return [" ".join(entry.split()) for entry in entries]


def _announces(entry: str, change: Change) -> bool:
    quoted = (f"`{change.id}`", f"`{change.operation}`", " ".join(change.text.split()))
    return entry.startswith(_MARK) and all(part in entry for part in quoted)
