"""Changes to files, as calls take them: all at once, or one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import TypeAlias

from pfs_client.values import Change

Changes: TypeAlias = "Iterable[Change] | AsyncIterator[Change]"


def stream_of(changes: Changes) -> AsyncIterator[Change]:
    """Changes one after the other, whichever way they come."""
    return changes if isinstance(changes, AsyncIterator) else _each(changes)


async def _each(changes: Iterable[Change]) -> AsyncIterator[Change]:
    for change in changes:
        yield change
