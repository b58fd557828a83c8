"""Blocking work off the event loop.

Every write comes this way, so what a call costs beside its work counts: the futures of
`concurrent.futures`, chained to those of the loop, took a fifth of a small write's processor time.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A few threads. A call that is cancelled ends only when its thread is done with it.

    So whoever cleans up after a cancellation does not meet the thread still at work.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._works: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way = 0
        self._closed = False
        self._lock = threading.Lock()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function on a thread and return what it returns."""
        return await self._run(partial(function, *args, **kwargs), _keep)

    async def open(self, function: Callable[[], T], release: Callable[[T], None]) -> T:
        """Call a function that opens something, which a caller who is cancelled lets go again."""
        return await self._run(function, release)

    async def _run(self, function: Callable[[], T], release: Callable[[T], None]) -> T:
        work = _Work(function)
        self._put(work)
        try:
            return await work.done
        except asyncio.CancelledError:
            if not work.begins():
                await work.until_ended()
                for result in work.results:
                    release(result)
            raise
        finally:
            self._under_way -= 1

    def _put(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                raise RuntimeError(f"the threads {self._name} are closed")
            self._under_way += 1
            if self._under_way > len(self._threads) < self._count:
                self._start_thread()
            self._works.put(work)

    def _start_thread(self) -> None:
        name = f"{self._name}_{len(self._threads)}"
        # A process that ends without `close` does not wait for them: it is a crash to the PFS.
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (work := self._works.get()) is not None:
            work()

    def close(self) -> None:
        """Let the work under way end, and the threads with it."""
        with self._lock:
            self._closed = True
            for _ in self._threads:
                self._works.put(None)
        for thread in self._threads:
            thread.join()


class _Work(Generic[T]):
    """One call. Whoever has `begins` say so may make it, or give it up; nobody else then does.

    `done` is what the caller awaits, and cancels. Once the call has ended there is a result or an
    error.
    """

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._loop = asyncio.get_running_loop()
        self._taken = threading.Lock()
        self._ended: asyncio.Future[None] | None = None
        self._has_ended = False
        self.done: asyncio.Future[T] = self._loop.create_future()
        self.results: list[T] = []
        self._error: BaseException | None = None

    def begins(self) -> bool:
        """Take the call, if nobody has."""
        return self._taken.acquire(blocking=False)

    def __call__(self) -> None:
        """Make the call, on a thread."""
        if not self.begins():
            return
        self.results, self._error = _attempt(self._function)
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        self._has_ended = True
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
        if self.done.done():
            return
        if self._error is None:
            self.done.set_result(self.results[0])
        else:
            self.done.set_exception(self._error)

    async def until_ended(self) -> None:
        """Wait for a call that a thread is making, however often who waits is cancelled."""
        while not self._has_ended:
            self._ended = self._loop.create_future()
            with suppress(asyncio.CancelledError):
                await self._ended


def _attempt(function: Callable[[], T]) -> tuple[list[T], BaseException | None]:
    """The result or the error of a call; whose it is, its traceback does not hold."""
    try:
        return [function()], None
    except BaseException as error:  # whoever waits is told
        return [], error


def _keep(result: object) -> None:
    """Do nothing to what holds nothing."""
