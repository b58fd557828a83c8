"""The index at work: looked up on the event loop, written by a thread of its own.

It is a copy of what PFS knows. Where it cannot be used (its disk is full, its file damaged), that
is logged, and times come from PFS as if nothing were in it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Concatenate, ParamSpec, TypeVar

from pfs_client.history import chains
from pfs_client.history.index_file import IndexFile, is_damage

log = logging.getLogger("s3gateway")

P = ParamSpec("P")
T = TypeVar("T")

_LOG_SECONDS = 60.0


class IndexUnusable(Exception):
    """The index cannot be used now."""


class ChangeIndex:
    """The index, for one event loop.

    Args:
        file: Where it is.
        max_bytes: How large it may become.
    """

    def __init__(self, file: IndexFile, max_bytes: int) -> None:
        self._file = file
        self._max_bytes = max_bytes
        self._near = file.connect(readonly=True)
        self._writing = file.connect()
        self._thread = ThreadPoolExecutor(1, "history")
        self._names = count()
        self._logged = -_LOG_SECONDS

    def look_up(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Read, on the event loop: a look-up takes microseconds, a page's a millisecond or two.

        Raises:
            IndexUnusable: It cannot be read.
        """
        try:
            return function(self._near, *args, **kwargs)
        except sqlite3.Error as error:
            if is_damage(error):
                self._file.renew(self._near)
                self._near = self._file.connect(readonly=True)
            raise self._unusable(error) from error

    async def write(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function as one transaction, on the thread that writes.

        Raises:
            IndexUnusable: It cannot be written.
        """

        def call() -> T:
            self._writing.execute("BEGIN IMMEDIATE")
            try:
                result = function(self._writing, *args, **kwargs)
                self._writing.execute("COMMIT")
            except BaseException:
                if self._writing.in_transaction:
                    self._writing.execute("ROLLBACK")
                raise
            return result

        return await self._on_thread(call)

    @asynccontextmanager
    async def staged(self) -> AsyncIterator[Staged]:
        """A table for the paths of one commit, which nobody else sees."""
        name = f"staged_{next(self._names)}"
        await self._on_thread(
            lambda: self._writing.execute(
                f"CREATE TEMP TABLE {name} (path TEXT PRIMARY KEY) WITHOUT ROWID"
            )
        )
        try:
            yield Staged(name, self._stage)
        finally:
            with suppress(IndexUnusable):
                await self._on_thread(
                    lambda: self._writing.execute(f"DROP TABLE IF EXISTS temp.{name}")
                )

    async def keep_within_bound(self, chain_id: int) -> bool:
        """See that the index is not too large, and say whether a chain could stay in it."""
        while self.look_up(chains.size_bytes) > self._max_bytes:
            if not await self.write(chains.remove_least_asked, chain_id):
                await self.write(chains.give_up, chain_id)
                return False
        return True

    async def close(self) -> None:
        """Let the write under way end, and close the file."""
        await asyncio.to_thread(self._thread.shutdown)
        self._near.close()
        self._writing.close()
        self._file.close()

    async def _stage(self, name: str, paths: Iterable[str]) -> None:
        rows = [(path,) for path in paths]

        def call() -> None:
            self._writing.execute("BEGIN")
            try:
                self._writing.executemany(f"INSERT OR IGNORE INTO temp.{name} VALUES (?)", rows)
            finally:
                self._writing.execute("COMMIT")

        await self._on_thread(call)

    async def _on_thread(self, call: Callable[[], T]) -> T:
        def guarded() -> T:
            try:
                return call()
            except sqlite3.Error as error:
                if is_damage(error):
                    self._file.renew(self._writing)
                    self._writing = self._file.connect()
                raise self._unusable(error) from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, guarded)

    def _unusable(self, error: sqlite3.Error) -> IndexUnusable:
        now = time.monotonic()
        if now - self._logged >= _LOG_SECONDS:
            self._logged = now
            log.warning("the index of histories in %s cannot be used: %s", self._file.path, error)
        return IndexUnusable(str(error))


class Staged:
    """The paths of one commit, on their way into the index."""

    def __init__(self, name: str, add: Callable[[str, Iterable[str]], object]) -> None:
        self.name = name
        self._add = add

    async def add(self, paths: Iterable[str]) -> None:
        """Add some."""
        await self._add(self.name, paths)  # type: ignore[misc]
