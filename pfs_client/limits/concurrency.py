"""Many calls, some at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

T = TypeVar("T")


async def for_each(
    items: Collection[T], call: Callable[[T], Awaitable[object]], at_once: int
) -> None:
    """Call something with each item, with so many under way at once.

    The first failure ends what is under way, waits for that, and is raised: nothing goes on behind
    the back of who called.
    """
    left = iter(items)

    async def work() -> None:
        for item in left:
            await call(item)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(at_once, len(items))):
                workers.create_task(work())
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
