"""What goes on beside the calls: what is no longer wanted goes, and the disk is looked at.

One process at a time works on a directory, between the writes of all, in transactions like theirs.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import math
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from embedded_pfs import collection, file_sets, history
from embedded_pfs.database import now_us
from embedded_pfs.disk import try_lock
from pfs_client.failures import PfsFailure

if TYPE_CHECKING:
    from embedded_pfs.engine import Engine

log = logging.getLogger("s3gateway")

P = ParamSpec("P")
T = TypeVar("T")

SECONDS_BETWEEN = 10.0
UNTOUCHED_SECONDS = 3600.0
"""How long nobody has written to a staging file that belongs to a process that is gone."""

_SHARE = 20
"""Upkeep rests so many times as long as it has taken."""

_MEASURED_EACH_SECONDS = 300.0
_ROUNDS_A_LOOK = 360
"""Rounds between two looks for old commits, which reads all there are: an hour by default."""

_DAY_US = 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class UpkeepRules:
    """How upkeep is to go on.

    Args:
        keep_history_days: How old commits may become; None keeps all.
        seconds_between: Between two rounds, at least.
    """

    keep_history_days: float | None = None
    seconds_between: float = SECONDS_BETWEEN


EVERYTHING_STAYS = UpkeepRules()


class Upkeep:
    """The upkeep of one process."""

    def __init__(self, engine: Engine, rules: UpkeepRules) -> None:
        self._engine = engine
        self._rules = rules
        self._released: list[str] = []
        self._wanted = asyncio.Event()
        self._turn = asyncio.Lock()
        self._measured = self._dropped = -math.inf
        self._task = asyncio.create_task(self._run())

    def release(self, file_set_id: str) -> None:
        """Have a file set removed, which is of no more use."""
        self._released.append(file_set_id)

    def hurry(self) -> None:
        """Have the next round begin now."""
        self._wanted.set()

    async def close(self) -> None:
        """End it, once what was released is gone."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self._expire()
        except PfsFailure as error:
            log.warning("file sets that are of no more use stay until they expire: %s", error)

    async def round(self) -> None:
        """Do once what is to be done, if no other process is at it.

        Raises:
            PfsFailure: The database or the disk refuses.
        """
        async with self._turn:
            await self._expire()
            await self._round_of_all()

    async def _round_of_all(self) -> None:
        lock = _try_lock(self._engine)
        if lock is None:
            return
        try:
            await self._drop()
            await self._collect()
            await self._measure()
        finally:
            os.close(lock)

    async def _run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self.round()
            except PfsFailure as error:
                log.warning("the embedded PFS could not be kept up: %s", error)
            except Exception:
                log.exception("the embedded PFS could not be kept up")
            self._engine.look_at_disk()
            rest = max(self._rules.seconds_between, _SHARE * (time.monotonic() - began))
            try:
                async with asyncio.timeout(rest):
                    await self._wanted.wait()
            except TimeoutError:
                pass
            self._wanted.clear()

    async def _expire(self) -> None:
        released, self._released = self._released, []
        while await self._free(file_sets.expire, released):
            pass

    async def _drop(self) -> None:
        while await self._free(history.drop_some_of_a_repo):
            pass
        days = self._rules.keep_history_days
        now = time.monotonic()
        if days is not None and now - self._dropped >= _ROUNDS_A_LOOK * self._rules.seconds_between:
            self._dropped = now
            await self._drop_old(now_us() - int(days * _DAY_US))

    async def _drop_old(self, before_us: int) -> None:
        dropped = 0
        for doomed in await self._engine.scan(history.too_old, before_us):
            while count := await self._free(history.drop_commits, doomed):
                dropped += count
            while await self._free(history.drop_unseen, doomed.line_id):
                pass
        if dropped:
            log.info("%d commits are gone that were older than --keep-history", dropped)

    async def _collect(self) -> None:
        blobs = self._engine.blobs
        left = await self._engine.run(list, blobs.unfinished(UNTOUCHED_SECONDS))
        if left:
            await self._free(collection.suspect, {hash_ for hash_, _ in left if hash_})
            for _, file in left:
                file.unlink(missing_ok=True)
        # What contents lay in that have gone is looked at the second time.
        for _ in range(2):
            while await self._collect_some() == collection.MAX_SUSPECTS:
                pass

    async def _collect_some(self) -> int:
        """Remove those suspects that nothing refers to; say how many were looked at and settled."""
        engine = self._engine
        suspects = await engine.scan(collection.look_at)
        settled = len(suspects.ids)
        if suspects.ids:
            await self._free(collection.clear, suspects.ids)
        for some in collection.in_transactions(suspects.unwanted):
            # Until the transaction has ended nobody begins to read them.
            with engine.leases.not_held(some) as removable:
                await self._free(collection.remove, engine.blobs, removable)
                settled += len(removable)
        return settled

    async def _measure(self) -> None:
        now = time.monotonic()
        if now - self._measured >= _MEASURED_EACH_SECONDS:
            self._measured = now
            self._engine.stored_bytes = await self._engine.run(self._engine.directory.stored_bytes)

    async def _free(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        return await self._engine.free(function, *args, **kwargs)


def _try_lock(engine: Engine) -> int | None:
    """The lock of whoever keeps the directory up; None if another process has it."""
    descriptor = engine.directory.open_upkeep_lock()
    if try_lock(descriptor, fcntl.LOCK_EX):
        return descriptor
    os.close(descriptor)
    return None
