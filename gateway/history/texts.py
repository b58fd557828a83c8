"""How history is told, to people and to programs."""

from __future__ import annotations

from typing import Any

from gateway.history.log import ADDED, DELETED, REPLACED, Entry
from gateway.history.restoring import Plan
from pfs_client.values import Commit, CommitInfo

_SIGNS = {ADDED: "+", REPLACED: "~", DELETED: "-"}
_SHOWN_FILES = 20


def shown(info: CommitInfo) -> str | None:
    """When a commit was closed; None of one that is open."""
    return None if info.finishing is None else info.finishing.isoformat()


def entry_in_lines(entry: Entry, *, with_files: bool) -> list[str]:
    """A commit for people: a line, and one for each file if they are wanted."""
    info = entry.info
    when = "open" if info.finishing is None else f"{info.finishing:%Y-%m-%d %H:%M:%S}"
    lines = [f"{info.commit.id}  {when:<19}  {_summary(entry)}"]
    if with_files:
        lines += [f"  {_SIGNS[change.what]} {change.path[1:]}" for change in entry.changes]
    return lines


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """A commit for programs."""
    info = entry.info
    return {
        "commit": info.commit.id,
        "parent": info.parent.id if info.parent else None,
        "started": info.started.isoformat(),
        "committed": shown(info),
        "error": info.error,
        "description": info.description,
        "changes": [
            {"key": one.path[1:], "what": one.what, "size_bytes": one.size_bytes}
            for one in entry.changes
        ],
    }


def plan_in_lines(plan: Plan, at: CommitInfo, head: Commit, *, is_dry: bool) -> list[str]:
    """What a restore did or would do, for people."""
    lines = _files("+", [file.path for file in plan.added])
    lines += _files("~", [file.path for file in plan.replaced])
    lines += _files("-", plan.removed)
    counts = (
        f"{len(plan.added)} added, {len(plan.replaced)} replaced, {len(plan.removed)} removed,"
        f" {plan.unchanged} as they were"
    )
    if is_dry:
        return [*lines, f"would restore commit {at.commit.id}: {counts}"]
    if plan.is_empty:
        return [f"nothing to do, all is as it was in commit {at.commit.id}: {counts}"]
    return [*lines, f"restored commit {at.commit.id} as commit {head.id}: {counts}"]


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """What a restore did or would do, for programs."""
    return {
        "added": [file.path[1:] for file in plan.added],
        "replaced": [file.path[1:] for file in plan.replaced],
        "removed": [path[1:] for path in plan.removed],
        "unchanged": plan.unchanged,
    }


def _files(sign: str, paths: list[str]) -> list[str]:
    lines = [f"  {sign} {path[1:]}" for path in paths[:_SHOWN_FILES]]
    if len(paths) > _SHOWN_FILES:
        lines.append(f"  {sign} and {len(paths) - _SHOWN_FILES} more")
    return lines


def _summary(entry: Entry) -> str:
    info = entry.info
    if info.error:
        return f"failed: {info.error}"
    if len(entry.changes) == 1:
        (change,) = entry.changes
        return f"{change.what} {change.path[1:]}"
    told = [f"{entry.count(what)} {what}" for what in _SIGNS if entry.count(what)]
    return ", ".join(told) or ("" if info.is_open else "no files changed")
