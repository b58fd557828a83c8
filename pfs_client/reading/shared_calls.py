"""One call for all who want the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class SharedCall(Generic[T]):
    """A call under way that any number of tasks wait for.

    It is cancelled once nobody waits for it any more; then it is `abandoned`, and nobody may join.
    """

    def __init__(self, call: Coroutine[Any, Any, T]) -> None:
        self.task = asyncio.create_task(call)
        self.abandoned = False
        self._waiting = 0

    async def wait(self) -> T:
        """What the call returns or raises."""
        self._waiting += 1
        try:
            return await asyncio.shield(self.task)
        finally:
            self._waiting -= 1
            if not self._waiting and not self.task.done():
                self.abandoned = True
                self.task.cancel()


class SharedCalls(Generic[K, T]):
    """Calls under way, by what they ask for."""

    def __init__(self) -> None:
        self._calls: dict[K, SharedCall[T]] = {}

    async def call(self, key: K, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Join the call for this key, or make it."""
        shared = self._calls.get(key)
        if shared is None or shared.abandoned:
            shared = self._calls[key] = SharedCall(make())
            shared.task.add_done_callback(lambda task: self._forget(key, task))
        return await shared.wait()

    def _forget(self, key: K, task: asyncio.Task[T]) -> None:
        if key in self._calls and self._calls[key].task is task:
            del self._calls[key]
