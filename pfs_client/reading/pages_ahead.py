"""Pages of listings that are asked for before anybody wants them.

Who reads one page after the other finds the next one there, or on its way. It is read as any page
is: kept if there is room, and shared with who asks for it meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context
from typing import Any

from pfs_client.failures import PfsFailure

MAX_AHEAD = 8
"""How many may be on their way for one identity. Beyond that none are asked for."""


class PagesAhead:
    """Those of one identity.

    Args:
        most: How many may be on their way.
    """

    def __init__(self, most: int = MAX_AHEAD) -> None:
        self._most = most
        self._coming: dict[object, asyncio.Task[None]] = {}

    def begin(
        self, key: object, ask: Callable[[], Coroutine[Any, Any, object]]
    ) -> asyncio.Task[None] | None:
        """Ask for a page, unless it is on its way or too many are.

        Returns:
            Cancel it if whoever it is for goes.
        """
        if key in self._coming or len(self._coming) >= self._most:
            return None
        # It is no part of the request in which it begins, whose record may end before.
        task = asyncio.get_running_loop().create_task(_quietly(ask), context=Context())
        self._coming[key] = task
        task.add_done_callback(lambda _: self._coming.pop(key))
        return task


async def _quietly(ask: Callable[[], Coroutine[Any, Any, object]]) -> None:
    with suppress(PfsFailure):  # whoever wants the page asks again, and is told
        await ask()
