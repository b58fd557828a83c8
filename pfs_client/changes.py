"""Changes to files, as calls take them: all at once, or one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import TypeAlias

from pfs_client.values import Change

Changes: TypeAlias = "Iterable[Change] | AsyncIterator[Change]"


async def stream_of(changes: Changes) -> AsyncIterator[Change]:
    """Changes one after the other, whichever way they come."""
    if isinstance(changes, AsyncIterator):
        async for change in changes:
            yield change
    else:
        for change in changes:
            yield change
