"""What a contract change means, told to whoever reviews it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from contract_review.announcements import entries_to_write, unannounced
from contract_review.changes import Change, changes
from contract_review.documents import (
    Version,
    last_released,
    load,
    released_of,
    versions_in,
    written,
)
from gateway.contract.document import Contract
from gateway.contract.operations import Node


class NotReleasable(Exception):
    """The document cannot be released as it is; the message says why."""


def review(
    program: Path, contract: Contract, released: Path, changelog: Path
) -> tuple[bool, list[str]]:
    """Whether the contract may stand as it is, and the lines to print.

    Args:
        program: oasdiff.
        contract: The contract, with layers or without.
        released: The folder of those that were released.
        changelog: Where breaking changes are announced.
    """
    base = last_released(released_of(contract, released))
    if base is None:
        return True, ["Nothing was released that it could be compared with."]
    before, after = load(base), contract.document()
    found = changes(program, before, after)
    missing = unannounced(found, changelog.read_text("utf-8"))
    lines = list(_told(found, base.stem))
    if found:
        lines += ["", _next_version(before, after, found)]
    if missing:
        lines += [
            "",
            'Not announced in CHANGELOG.md. If it is meant, write under "## Unreleased":',
            "",
        ]
        lines += entries_to_write(missing)
        lines += ["", "and add who is affected, and what to do instead."]
    return not missing, lines


def release(program: Path, contract: Contract, released: Path) -> Path:
    """Keep the contract as the released one of its version.

    Raises:
        NotReleasable: Its version is taken, or too low for what has changed.
    """
    folder = released_of(contract, released)
    after = contract.document()
    version = after["info"]["version"]
    target = folder / f"{version}.yaml"
    if target.exists():
        raise NotReleasable(f"{version} was released. Raise info.version.")
    if base := last_released(folder):
        before = load(base)
        found = changes(program, before, after)
        if not _is_enough(before, after, found):
            least = _least_versions(before, found)
            raise NotReleasable(f"What has changed since {base.stem} makes it at least {least}.")
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text(contract.text, "utf-8")
    return target


def _told(found: list[Change], base: str) -> Iterator[str]:
    breaking = sum(change.is_breaking for change in found)
    if not found:
        yield f"Nothing has changed since {base} that a client could notice."
        return
    yield f"Since {base}: {breaking} breaking, {len(found) - breaking} other changes."
    told = ""
    for change in found:
        if change.operation != told:
            told = change.operation
            yield f"\n{change.operation} ({change.where})"
        yield f"  {'BREAKING' if change.is_breaking else '        '}  {change.text}  [{change.id}]"


def _next_version(before: Node, after: Node, found: Sequence[Change]) -> str:
    now = after["info"]["version"]
    if _is_enough(before, after, found):
        return f"info.version is {now}, which is enough for that."
    least = _least_versions(before, found)
    return f"info.version is {now}; the release that brings this is at least {least}."


def _is_enough(before: Node, after: Node, found: Sequence[Change]) -> bool:
    """Whether the version says what has changed: the contract's own, or that of a layer of it."""
    were, are = (versions_in(one["info"]["version"]) for one in (before, after))
    return any(now >= _least_version(was, found) for was, now in zip(were, are, strict=False))


def _least_versions(before: Node, found: Sequence[Change]) -> str:
    own, *layers = versions_in(before["info"]["version"])
    least = written(_least_version(own, found))
    if not layers:
        return least
    return f"{least}, or one of its layers has its next version of that kind"


def _least_version(before: Version, found: Iterable[Change]) -> Version:
    """By semantic versioning; texts and examples alone are no change that is found."""
    kinds = {change.is_breaking for change in found}
    if True in kinds:
        return before[0] + 1, 0, 0
    if kinds:
        return before[0], before[1] + 1, 0
    return before[0], before[1], before[2] + 1
