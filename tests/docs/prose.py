"""Vale, with the style of `prose/`, and the texts that are not pages of their own."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.markdown import DOCS, ROOT

VALE = ROOT / ".build" / "vale" / "vale"
STYLE = ROOT / "prose"
PAGES = [*DOCS.glob("*.md"), *(DOCS / "clients").glob("*.md")]
PAGES += [ROOT / "README.md", ROOT / "CHANGELOG.md"]
"""What people read. Decisions stay as they were written; `docs/settings.md` has settings' help."""

CONTRACTS = [ROOT / "spec" / "s3.yaml", *(ROOT / "spec" / "overlays").glob("*.yaml")]


def findings(*files: Path) -> list[str]:
    """What Vale finds in Markdown files: file, line, rule and message."""
    done = subprocess.run(
        [
            VALE,
            "--config",
            STYLE / "vale.ini",
            "--output",
            "JSON",
            "--no-exit",
            *(one.relative_to(ROOT) if one.is_relative_to(ROOT) else one for one in files),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return [
        f"{file}:{one['Line']}: {one['Check']}: {one['Message']}"
        for file, alerts in sorted(found.items())
        for one in alerts
    ]


def descriptions(contract: Path) -> str:
    """A contract's texts as Markdown, each on the heading that says where it is."""
    return "\n\n".join(
        f"# `{place}`\n\n{text}" for place, text in _texts(yaml.safe_load(contract.read_text()))
    )


def _texts(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for name, below in node.items():
            if name in ("summary", "description") and isinstance(below, str):
                yield f"{place} {name}", below
            else:
                yield from _texts(below, f"{place} {name}")
    elif isinstance(node, list):
        for at, below in enumerate(node):
            yield from _texts(below, f"{place} {at}")
