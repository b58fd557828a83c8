"""Work on many things that leaves others their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

_A_TURN = 50


async def in_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """Things one after the other. Now and then others have their turn, as each is work.

    A thousand keys of five hundred components each held the event loop for 100 ms.
    """
    for at, item in enumerate(items, 1):
        yield item
        if at % _A_TURN == 0:
            await asyncio.sleep(0)
