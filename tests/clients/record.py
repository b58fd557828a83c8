"""What the last runs saw, kept in `recorded/`, and the page that is written from it.

A client that cannot run on this machine keeps what its last run saw.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from tests.clients.conformance import PAGE, written
from tests.clients.outcomes import Run

RECORDED = Path(__file__).parent / "recorded"


def record_run(run: Run) -> list[str]:
    """Record how a client's steps ended; gives the files that were stale."""
    client = run.client
    return record(
        client.name,
        {
            "title": client.title,
            "version": client.version,
            "page": client.page or client.name,
            "steps": run.ends(),
        },
    )


def record(name: str, seen: dict[str, Any]) -> list[str]:
    """Record what was seen under a name; gives the files that were stale."""
    text = json.dumps(seen, indent=2, ensure_ascii=False) + "\n"
    stale = _replace(RECORDED / f"{name}.json", text)
    return stale + _replace(PAGE, written(all_recorded()))


def all_recorded() -> dict[str, dict[str, Any]]:
    """Everything that is recorded, by its name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RECORDED.glob("*.json"))}


def _replace(path: Path, text: str) -> list[str]:
    if path.exists() and path.read_text() == text:
        return []
    # At once, as other workers read it.
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    fresh.write_text(text)
    fresh.replace(path)
    return [path.name]
