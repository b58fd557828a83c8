"""Waiting until something is known that was not."""

from __future__ import annotations

import asyncio


class News:
    """Wakes all who wait, each time something has been learnt."""

    def __init__(self) -> None:
        self._next: asyncio.Future[None] | None = None

    def tell(self) -> None:
        """Something has been learnt."""
        if self._next is not None and not self._next.done():
            self._next.set_result(None)
        self._next = None

    async def wait(self, seconds: float) -> None:
        """Wait for the next, at most so long."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        await asyncio.wait([self._next], timeout=max(seconds, 0))
