"""What pachd does behind its calls: a branch's commits finish one after the other.

`docs/pachd.md`, "How fast commits finish".
"""

from __future__ import annotations

import asyncio
from collections import Counter

from pfs_client.values import Branch, Commit


class FinishingQueues:
    """The commits that are on their way, by branch.

    Args:
        seconds: How long each takes.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._queues: dict[Branch, list[Commit]] = {}
        self._tasks: dict[Commit, asyncio.Task[None]] = {}
        self.waiting: Counter[Commit] = Counter()
        self._going = asyncio.Event()
        self._going.set()

    def add(self, branch: Branch, commit: Commit, base: Commit) -> None:
        """Put a closed commit last in its branch's queue; it also waits for its base."""
        queue = self._queues.setdefault(branch, [])
        after = [self._tasks[c] for c in (*queue[-1:], base) if c in self._tasks]
        task = asyncio.create_task(self._finish(queue, commit, after))
        queue.append(commit)
        self._tasks[commit] = task

    def is_unfinished(self, commit: Commit) -> bool:
        """Whether a commit is still on its way."""
        return commit in self._tasks

    def unfinished(self, branch: Branch) -> list[Commit]:
        """A branch's queue, the next to finish first."""
        return list(self._queues.get(branch, ()))

    async def wait(self, commit: Commit) -> None:
        """Wait until a commit has finished, if it is on its way; `waiting` says how many do."""
        if task := self._tasks.get(commit):
            self.waiting[commit] += 1
            try:
                await asyncio.wait([task])
            finally:
                self.waiting[commit] -= 1

    def hold(self) -> None:
        """Let no commit finish until `release`, for tests that look at what is unfinished."""
        self._going.clear()

    def release(self) -> None:
        """Let commits finish again."""
        self._going.set()

    async def close(self) -> None:
        """Forget all that is on its way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._queues.clear()

    async def _finish(
        self, queue: list[Commit], commit: Commit, after: list[asyncio.Task[None]]
    ) -> None:
        if after:
            await asyncio.wait(after)
        await asyncio.sleep(self._seconds)
        await self._going.wait()
        queue.remove(commit)
        del self._tasks[commit]
