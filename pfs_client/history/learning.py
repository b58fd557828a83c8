"""Learning what is not known: a head is brought into the index, or one file's commit looked for."""

from __future__ import annotations

import asyncio
import logging
from contextvars import Context
from datetime import datetime

from cachetools import LRUCache

from pfs_client.failures import PfsFailure
from pfs_client.history import chains
from pfs_client.history.chains import Chain
from pfs_client.history.change_index import ChangeIndex, IndexUnusable
from pfs_client.history.commit_changes import CommitChanges, closing
from pfs_client.history.look_ups import Looked, LookUps
from pfs_client.history.news import News
from pfs_client.history.own_changes import OwnChanges
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, Commit

log = logging.getLogger("s3gateway")

_LOOK_AGAIN_SECONDS = 0.2
"""Another process may read what we wait for."""

_ASK_AGAIN_SECONDS = 1.0
_MAX_FOLLOWED = 1000

IS_NO_RACE_SECONDS = 5.0
"""A head that is older than the index's for so long is no reader's that was overtaken: it moved."""


class Learning:
    """Learns what is missing, as long as there is time.

    Args:
        pfs: Who knows.
        index: What is learnt goes there.
        changes: Reads commits into it.
        own: Commits of ours.
        look_ups: Says what is known.
        news: Tells when more is.
    """

    def __init__(
        self,
        pfs: PfsClient,
        index: ChangeIndex,
        changes: CommitChanges,
        own: OwnChanges,
        look_ups: LookUps,
        news: News,
    ) -> None:
        self._pfs = pfs
        self._index = index
        self._changes = changes
        self._own = own
        self._look_ups = look_ups
        self._news = news
        self._catching_up: dict[Commit, asyncio.Task[None]] = {}
        self._behind: LRUCache[Commit, float] = LRUCache(_MAX_FOLLOWED)
        self._asked: LRUCache[int, float] = LRUCache(_MAX_FOLLOWED)

    async def aclose(self) -> None:
        """Stop."""
        tasks = list(self._catching_up.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def learn(
        self, branch: Branch, commit: Commit, looked: Looked, end: float, *, search: bool
    ) -> Looked:
        """Wait until files are known.

        Args:
            branch: A write of ours that is under way to it may be what is not known.
            commit: What they were read at.
            looked: What is known.
            end: Until when to wait.
            search: Not for what has to be read from a history; only for the head to be known.

        Returns:
            What is known then.
        """
        await self._see_own_write(branch, end)
        looked = self._look_ups.look(commit, looked.missing | looked.times.keys())
        while looked.missing and looked.may_come and not (search and looked.chain):
            left = end - asyncio.get_running_loop().time()
            if left <= 0:
                break
            if looked.chain is None:
                if not await self._catch_up(commit, left):
                    break
            else:
                await self._ask_for(looked.chain)
                await self._news.wait(min(left, _LOOK_AGAIN_SECONDS))
            looked = self._look_ups.look(commit, looked.missing | looked.times.keys())
        if search and looked.missing and looked.chain:
            await self._ask_for(looked.chain)
        if looked.younger:
            await self._see_moved(commit)
        return looked

    async def find(self, commit: Commit, path: str, end: float) -> bool:
        """Ask PFS for the commit that last changed a file; False where it takes too long."""
        try:
            async with asyncio.timeout_at(end):
                async with closing(self._pfs.find_commits(commit, path)) as found:
                    async for one in found:
                        self._look_ups.keep(commit, path, await self._closed(one.commit))
                        return True
        except (TimeoutError, PfsFailure) as error:
            log.debug("the last change of a file at %s is not known: %s", commit, error)
        return False

    async def _closed(self, commit: Commit) -> datetime:
        """When a commit was closed."""
        known = self._look_ups.closed(commit)
        if known is not None:
            return known
        info = await self._pfs.inspect_commit(commit)
        return info.closed

    async def _see_own_write(self, branch: Branch, end: float) -> None:
        """Wait for the group of ours that is under way: its commit may be the head already."""
        writing = self._own.being_written(branch)
        if writing is not None:
            left = end - asyncio.get_running_loop().time()
            await asyncio.wait([writing], timeout=max(left, 0))

    async def _catch_up(self, commit: Commit, seconds: float) -> bool:
        """Have a commit brought into the index, for all who ask; False if that has failed."""
        task = self._catching_up.get(commit)
        if task is None:
            task = asyncio.get_running_loop().create_task(
                self._changes.catch_up(commit), context=Context()
            )
            self._catching_up[commit] = task
            task.add_done_callback(lambda _: self._catching_up.pop(commit, None))
        await asyncio.wait([task], timeout=seconds)
        if not task.done():
            return True
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, PfsFailure | IndexUnusable):
            raise error
        if error is not None:
            log.debug("what has changed up to %s cannot be read: %s", commit, error)
        return error is None and self._look_ups.closed(commit) is not None

    async def _ask_for(self, chain: Chain) -> None:
        """Have a chain read before others."""
        now = asyncio.get_running_loop().time()
        if (
            chain.next is None
            or now - self._asked.get(chain.id, -_ASK_AGAIN_SECONDS) < _ASK_AGAIN_SECONDS
        ):
            return
        self._asked[chain.id] = now
        try:
            await self._index.write(chains.touch, chain.id)
        except IndexUnusable as error:
            log.debug("a history cannot be asked for: %s", error)

    async def _see_moved(self, commit: Commit) -> None:
        """Begin a chain at a head that has moved back."""
        now = asyncio.get_running_loop().time()
        first = self._behind.setdefault(commit, now)
        if now - first < IS_NO_RACE_SECONDS:
            return
        del self._behind[commit]
        try:
            await self._changes.begin(await self._pfs.inspect_commit(commit))
        except (PfsFailure, IndexUnusable) as error:
            log.debug("the history of %s cannot be begun: %s", commit, error)
