"""What the last runs saw, kept in `recorded/`, and the page that is written from it.

A client that cannot run on this machine keeps what its last run saw.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Container
from pathlib import Path
from typing import Any

from tests.clients.conformance import PAGE, written
from tests.clients.outcomes import Run

RECORDED = Path(__file__).parent / "recorded"
WITH_ALL = RECORDED / "all"
"""Runs where everything is switched on."""


def record_run(run: Run) -> list[str]:
    """Record how a client's steps ended; gives the files that were stale."""
    return record(run.client.name, _seen(run))


def record_with_all(run: Run, steps: Container[str] | None = None) -> list[str]:
    """Record how they ended with everything switched on; gives the files that were stale.

    Args:
        run: What came of the run.
        steps: Those that are recorded, if not all are.
    """
    seen = _seen(run)
    if steps is not None:
        seen["steps"] = {step: end for step, end in seen["steps"].items() if step in steps}
    return record(run.client.name, seen, WITH_ALL)


def _seen(run: Run) -> dict[str, Any]:
    client = run.client
    return {
        "title": client.title,
        "version": client.version,
        "page": client.page or client.name,
        "steps": run.ends(),
    }


def record(name: str, seen: dict[str, Any], folder: Path = RECORDED) -> list[str]:
    """Record what was seen under a name; gives the files that were stale."""
    text = json.dumps(seen, indent=2, ensure_ascii=False) + "\n"
    stale = _replace(folder / f"{name}.json", text)
    return stale + _replace(PAGE, page())


def page() -> str:
    """The page as the records have it."""
    return written(recorded_in(RECORDED), recorded_in(WITH_ALL))


def all_recorded() -> dict[str, dict[str, Any]]:
    """Everything that is recorded, by its name."""
    return {**recorded_in(WITH_ALL), **recorded_in(RECORDED)}


def recorded_in(folder: Path) -> dict[str, dict[str, Any]]:
    """What is recorded in a folder, by its name."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def _replace(path: Path, text: str) -> list[str]:
    if path.exists() and path.read_text() == text:
        return []
    # At once, as other workers read it.
    fresh = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}")
    fresh.write_text(text)
    fresh.replace(path)
    return [path.name]
