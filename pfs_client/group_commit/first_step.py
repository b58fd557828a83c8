"""Coroutines that begin where they are called, and are tasks only if they have to wait.

A task begins in a later turn of the event loop, and costs what it takes to make one. Python 3.12
has eager tasks for this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import copy_context
from typing import Any


def begin(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Begin at once, and make what is left a task; None if nothing is.

    Until it waits for the first time the current task is its caller's: it must not ask for that,
    as `asyncio.timeout` does.

    Raises:
        Exception: What it raises before it waits.
    """
    context = copy_context()
    try:
        waits_for = context.run(coroutine.send, None)
    except StopIteration:
        return None
    return asyncio.get_running_loop().create_task(_Begun(coroutine, waits_for), context=context)


class _Begun(Coroutine[Any, Any, None]):
    """A coroutine that waits for something already: whoever runs it is told so first.

    A cancellation reaches it from the beginning. A task that is cancelled before its first turn
    drops a coroutine that is new.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for
        self._is_told = False

    def send(self, value: Any) -> Any:
        """Go on."""
        if self._is_told:
            return self._coroutine.send(value)
        self._is_told = True
        return self._waits_for

    def throw(self, *error: Any) -> Any:
        """Have what it waits for fail."""
        self._is_told = True
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """Drop it."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise TypeError("a task runs it, and nobody else")
