"""The writes of one branch, in the order of their arrival, until each has gone with a group."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence

from pfs_client.company import IsAlone
from pfs_client.failures import PfsOverloaded, PfsUnavailable
from pfs_client.group_commit import first_step
from pfs_client.group_commit.committer import Committer
from pfs_client.group_commit.members import Member, Write, fail_all
from pfs_client.observer import Observer
from pfs_client.values import Branch, Commit

log = logging.getLogger("s3gateway")

MAX_GROUP_BYTES = 16 * 1024 * 1024


class BranchQueue:
    """One branch's queue. Its task lives while there is anything in it.

    Args:
        branch: Whose.
        committer: Where groups go.
        max_writes: How many writes one group may have; one request's always go together.
        paths_once: Two requests that write one path never share a group, as a commit holds what the
            last one wrote alone.
        wait_seconds: How long a write may wait until it goes with a group.
        turn: Held while a group is committed.
        observer: Is told of groups.
        is_alone: Says whether nobody can be about to write but who does. A group then goes at once,
            and does not wait for who comes in the same turn of the event loop.
    """

    def __init__(
        self,
        branch: Branch,
        committer: Committer,
        max_writes: int,
        paths_once: bool,
        wait_seconds: float,
        turn: asyncio.Lock,
        observer: Observer,
        is_alone: IsAlone,
    ) -> None:
        self._branch = branch
        self._committer = committer
        self._max_writes = max_writes
        self._paths_once = paths_once
        self._wait_seconds = wait_seconds
        self._turn = turn
        self._observer = observer
        self._is_alone = is_alone
        self._pending: deque[Member] = deque()
        self.task: asyncio.Task[None] | None = None
        """Commits what is in it; None while nothing is."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in it; a task that was cancelled before it began has not said so."""
        return self.task is None or self.task.done()

    async def join(self, writes: Sequence[Write]) -> Commit | None:
        """Have writes committed with the next group; gives its commit where PFS says which it is.

        Raises:
            PfsOverloaded: No group could take them in time; they do not happen.
        """
        done = asyncio.get_running_loop().create_future()
        member = Member(writes, done, request=self._observer.current_request())
        joined = time.perf_counter()
        self._pending.append(member)
        if self.is_idle:
            self._begin()
        try:
            return member.done.result() if member.done.done() else await self._outcome_of(member)
        finally:
            ended = time.perf_counter()
            began = ended if member.began is None else member.began
            self._observer.write_ended(began - joined, ended - began)

    def _begin(self) -> None:
        if self._is_alone():
            self.task = first_step.begin(self._run())
        else:
            self.task = asyncio.create_task(self._run())

    async def _outcome_of(self, member: Member) -> Commit | None:
        loop = asyncio.get_running_loop()
        giving_up = loop.call_later(self._wait_seconds, self._give_up, member)
        try:
            return await member.done
        except asyncio.CancelledError:
            # Not under way yet: nobody waits for it any more, so it does not happen.
            if member in self._pending:
                self._pending.remove(member)
            raise
        finally:
            giving_up.cancel()

    def _give_up(self, member: Member) -> None:
        if member in self._pending:
            self._pending.remove(member)
            member.fail(PfsOverloaded(f"the commits of {self._branch} do not finish in time"))

    async def _run(self) -> None:
        try:
            while self._pending:
                await self._commit_next()
        finally:
            self.task = None
            # Only the end of the process leaves anybody waiting here.
            fail_all(self._pending, PfsUnavailable("the gateway is shutting down"))
            self._pending.clear()

    async def _commit_next(self) -> None:
        group: list[Member] = []
        try:
            await self._committer.may_begin(self._branch)
            async with self._turn:
                group = self._next_group()
                if group:
                    await self._commit(group)
        except Exception as error:
            log.exception("a group of writes failed")
            fail_all(group or self._next_group(), error)
        except asyncio.CancelledError:
            fail_all(group, PfsUnavailable("the gateway is shutting down"))
            raise

    async def _commit(self, group: Sequence[Member]) -> None:
        began = time.perf_counter()
        for member in group:
            if member.began is None:
                member.began = began
        self._observer.group_began([member.request for member in group])
        try:
            again = await self._committer.commit(self._branch, group)
        finally:
            # Behind those who have been told: they answer first.
            seconds = time.perf_counter() - began
            asyncio.get_running_loop().call_soon(self._observer.group_ended, len(group), seconds)
        self._pending.extendleft(reversed(again))

    def _next_group(self) -> list[Member]:
        group: list[Member] = []
        paths: set[str] = set()
        writes = size_bytes = 0
        while self._pending:
            member = self._pending[0]
            writes += len(member.writes)
            size_bytes += member.size_bytes
            is_full = writes > self._max_writes or size_bytes > MAX_GROUP_BYTES
            is_again = self._paths_once and any(write.path in paths for write in member.writes)
            if group and (member.goes_alone or is_full or is_again):
                break
            self._pending.popleft()
            if not member.done.done():  # somebody waits for it still
                group.append(member)
                paths.update(write.path for write in member.writes)
            if member.goes_alone:
                break
        return group
