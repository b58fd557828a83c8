"""Blocking work off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A few threads. A call that is cancelled ends only when its thread is done with it.

    So whoever cleans up after a cancellation does not meet the thread still at work.
    """

    def __init__(self, count: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function on a thread and return what it returns."""
        return await self._run(partial(function, *args, **kwargs), _keep)

    async def open(self, function: Callable[[], T], release: Callable[[T], None]) -> T:
        """Call a function that opens something, which a caller who is cancelled lets go again."""
        return await self._run(function, release)

    async def _run(self, function: Callable[[], T], release: Callable[[T], None]) -> T:
        work = self._pool.submit(function)
        future = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if not work.cancel():
                await _until_done(future)
                if future.exception() is None:
                    release(future.result())
            raise

    def close(self) -> None:
        """Let the work under way end, and the threads with it."""
        self._pool.shutdown(wait=True)


async def _until_done(future: asyncio.Future[T]) -> None:
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            continue


def _keep(result: object) -> None:
    """Do nothing to what holds nothing."""
