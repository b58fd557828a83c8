"""The queues of all branches that this process writes to, and whose turn it is at each."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from pfs_client.company import IsAlone
from pfs_client.group_commit.branch_queue import BranchQueue
from pfs_client.group_commit.committer import Committer
from pfs_client.observer import Observer
from pfs_client.values import Branch, Repo

MAX_KEPT = 200
"""A queue that nothing is in stays, as to make one takes a small write longer."""


class BranchQueues:
    """A queue for each branch, made as it is needed. What they are made with is `BranchQueue`'s."""

    def __init__(
        self,
        committer: Committer,
        max_writes: int,
        paths_once: bool,
        wait_seconds: float,
        observer: Observer,
        is_alone: IsAlone,
    ) -> None:
        self._committer = committer
        self._max_writes = max_writes
        self._paths_once = paths_once
        self._wait_seconds = wait_seconds
        self._observer = observer
        self._is_alone = is_alone
        self.kept: dict[Branch, BranchQueue] = {}
        """All that anything is in, and others."""
        self._turns: WeakValueDictionary[Branch | Repo, asyncio.Lock] = WeakValueDictionary()

    def turn_at(self, what: Branch | Repo) -> asyncio.Lock:
        """Held while a group is committed to a branch."""
        return self._turns.setdefault(what, asyncio.Lock())

    def of(self, branch: Branch) -> BranchQueue:
        """A branch's queue, to be joined at once: one that nothing is in may be forgotten."""
        queue = self.kept.get(branch)
        if queue is None:
            self._forget_empty()
            queue = self.kept[branch] = BranchQueue(
                branch,
                self._committer,
                self._max_writes,
                self._paths_once,
                self._wait_seconds,
                self.turn_at(branch),
                self._observer,
                self._is_alone,
            )
        return queue

    async def drain(self) -> None:
        """Wait until nothing is in any of them."""
        while under_way := [q.task for q in self.kept.values() if q.task and not q.is_idle]:
            await asyncio.wait(under_way)

    def _forget_empty(self) -> None:
        if len(self.kept) >= MAX_KEPT:
            self.kept = {b: queue for b, queue in self.kept.items() if not queue.is_idle}
