"""Our own commits, from when they are made until they are in the index: no call is needed for them.

They go into the index once they have finished, as what failed has changed nothing.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pfs_client.history import chains
from pfs_client.history.change_index import ChangeIndex, IndexUnusable
from pfs_client.history.news import News
from pfs_client.own_commits import OwnCommits
from pfs_client.values import Branch, Commit, CommitInfo, Repo

log = logging.getLogger("s3gateway")


@dataclass(slots=True, eq=False)
class OwnCommit:
    """One commit of ours that is not in the index yet."""

    info: CommitInfo
    changed: Mapping[str, bool]
    is_finished: bool = False

    @property
    def closed(self) -> datetime | None:
        """When it was closed."""
        return self.info.finishing


class OwnChanges(OwnCommits):
    """Our own commits.

    Args:
        index: Where they go.
        learnt: Told when something is known that was not.
    """

    def __init__(self, index: ChangeIndex, learnt: News) -> None:
        self._index = index
        self._learnt = learnt
        self._commits: dict[Commit, OwnCommit] = {}
        self._writing: dict[Branch, asyncio.Future[None]] = {}
        self._flushing: asyncio.Task[None] | None = None

    def begun(self, branch: Branch) -> None:
        """A group is going to be written."""
        self._writing[branch] = asyncio.get_running_loop().create_future()

    def ended(self, branch: Branch) -> None:
        """It has been, or not."""
        self._writing.pop(branch).set_result(None)

    def made(self, info: CommitInfo, changed: Mapping[str, bool]) -> None:
        """A commit of ours is a branch's head."""
        self._commits[info.commit] = OwnCommit(info, changed)
        self._learnt.tell()

    def finished(self, info: CommitInfo) -> None:
        """A commit has finished; with an error, nothing of it is left."""
        own = self._commits.get(info.commit)
        if own is None:
            return
        own.is_finished = True
        if info.error:
            own.changed = {}
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    def lost(self, commit: Commit) -> None:
        """Nobody knows what becomes of a commit, nor of what is based on it."""
        known = self._commits.get(commit)
        if known is None or known.is_finished:
            return
        lost = {commit}
        for own in list(self._commits.values()):
            if own.info.commit in lost or own.info.parent in lost:
                lost.add(own.info.commit)
                del self._commits[own.info.commit]

    def above(self, commit: Commit) -> tuple[list[OwnCommit], Commit | None]:
        """The commits of ours from one down, the newest first, and what the oldest is based on."""
        found = []
        at: Commit | None = commit
        while at is not None and (own := self._commits.get(at)):
            found.append(own)
            at = own.info.parent
        return found, at

    def has_any(self, repo: Repo) -> bool:
        """Whether there are commits of ours in a repo that are not in the index."""
        return any(commit.repo == repo for commit in self._commits)

    def being_written(self, branch: Branch) -> asyncio.Future[None] | None:
        """Something to wait for while a group of ours is on its way to a branch."""
        return self._writing.get(branch)

    async def settle(self, info: CommitInfo) -> bool:
        """See a commit that has finished into the index, and say whether it was one of ours."""
        if info.commit not in self._commits:
            return False
        self.finished(info)
        await self.drain()
        return True

    async def drain(self) -> None:
        """Wait until what has finished is in the index."""
        if self._flushing is not None:
            await self._flushing

    async def _flush(self) -> None:
        while own := next(filter(self._may_go, self._commits.values()), None):
            try:
                await self._put(own)
            except IndexUnusable:
                pass  # it is read like anybody's, once it is asked for
            except Exception:
                log.exception("a commit of ours cannot be put into the index of histories")
            self._commits.pop(own.info.commit, None)

    def _may_go(self, own: OwnCommit) -> bool:
        return own.is_finished and own.info.parent not in self._commits

    async def _put(self, own: OwnCommit) -> None:
        async with self._index.staged() as staged:
            await staged.add(path for path, is_there in own.changed.items() if is_there)
            chain_id = await self._index.write(_put_own, own, staged.name)
        await self._index.keep_within_bound(chain_id)


def _put_own(connection: sqlite3.Connection, own: OwnCommit, staged: str) -> int:
    """Put a commit behind its parent, or begin a chain with it; gives the chain."""
    gone = [path for path, is_there in own.changed.items() if not is_there]
    parent = own.info.parent
    place = None if parent is None else chains.place_of(connection, parent)
    if place is not None and chains.append(connection, place, own.info, staged, gone):
        return place.chain_id
    known = chains.place_of(connection, own.info.commit)
    return chains.begin(connection, own.info, staged) if known is None else known.chain_id
