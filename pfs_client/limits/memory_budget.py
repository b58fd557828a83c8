"""A bound on the bytes that all requests together hold in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pfs_client.failures import PfsOverloaded

WAIT_SECONDS = 20.0


class MemoryBudget:
    """So many bytes, taken by who holds them; who finds too few waits its turn, not forever.

    Args:
        total_bytes: What all together may hold.
        wait_seconds: How long one may wait.
    """

    def __init__(self, total_bytes: int, wait_seconds: float = WAIT_SECONDS) -> None:
        self._total_bytes = total_bytes
        self._wait_seconds = wait_seconds
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.held_bytes = 0

    @asynccontextmanager
    async def hold(self, size_bytes: int) -> AsyncIterator[None]:
        """Hold so many bytes for the length of the body.

        Raises:
            PfsOverloaded: They did not become free in time.
        """
        taken_bytes = await self.take(size_bytes)
        try:
            yield
        finally:
            self.give_back(taken_bytes)

    async def take(self, size_bytes: int) -> int:
        """Take so many bytes, and say how many are to be given back: not more than there are.

        Raises:
            PfsOverloaded: They did not become free in time.
        """
        size_bytes = min(size_bytes, self._total_bytes)
        if self._waiting or self.held_bytes + size_bytes > self._total_bytes:
            await self._wait(size_bytes)
        else:
            self.held_bytes += size_bytes
        return size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Let others have what was taken."""
        self.held_bytes -= size_bytes
        if self._waiting:
            self._admit()

    async def _wait(self, size_bytes: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (size_bytes, turn)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(self._wait_seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.held_bytes -= size_bytes  # admitted at the very moment it gave up
            elif entry in self._waiting:
                self._waiting.remove(entry)
            self._admit()
            if isinstance(error, TimeoutError):
                raise PfsOverloaded("there is no memory for it now") from None
            raise

    def _admit(self) -> None:
        while self._waiting and self.held_bytes + self._waiting[0][0] <= self._total_bytes:
            size_bytes, turn = self._waiting.popleft()
            if turn.cancelled():
                continue  # it gave up, and has not been told yet
            self.held_bytes += size_bytes
            turn.set_result(None)


class Share:
    """What one request holds of a budget, from its handler to its answer's last byte.

    Args:
        budget: Of which.
    """

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self.held_bytes = 0

    async def need(self, size_bytes: int) -> None:
        """Hold at least so many bytes in all.

        Raises:
            PfsOverloaded: They did not become free in time.
        """
        if size_bytes > self.held_bytes:
            self.held_bytes += await self._budget.take(size_bytes - self.held_bytes)

    def shrink_to(self, size_bytes: int) -> None:
        """Give back what is held beyond so many bytes."""
        if size_bytes < self.held_bytes:
            surplus_bytes, self.held_bytes = self.held_bytes - size_bytes, size_bytes
            self._budget.give_back(surplus_bytes)
