"""The histories of all branches that somebody asks for, each read once at a time."""

from __future__ import annotations

import asyncio

from cachetools import LRUCache

from pfs_client.failures import PfsOverloaded
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, BranchInfo, Commit, CommitInfo
from pfs_client.versions.ancestry import Ancestry
from pfs_client.versions.changes import MOST_VERSIONS, BranchChanges, read_changes

_MAX_BRANCHES = 16
_MOST_OF_ALL = 2 * MOST_VERSIONS
"""So many versions of all branches are known, with a share for each branch however small."""

_READ_AT_ONCE = 2
"""How many branches' histories are read at a time; each is one call to PFS after the other."""

_WAIT_SECONDS = 20.0
"""Clients give up after 60 s at the earliest; one that is told to try again does."""


class Histories:
    """What branches were.

    Args:
        pfs: Where they are.
        finds_at_once: Which commit last changed a file is one quick call, whatever the history.
    """

    def __init__(self, pfs: PfsClient, *, finds_at_once: bool = False) -> None:
        self._pfs = pfs
        self._finds_at_once = finds_at_once
        self._ancestry = Ancestry(pfs)
        self._changes: LRUCache[Branch | Commit, BranchChanges] = LRUCache(
            _MOST_OF_ALL, lambda one: one.size + _MOST_OF_ALL // _MAX_BRANCHES
        )
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        self._under_way: dict[Branch | Commit, asyncio.Task[BranchChanges | None]] = {}

    async def commit(self, branch: BranchInfo, id_: str) -> CommitInfo:
        """A commit of a branch's history.

        Raises:
            CommitNotFound: The branch's history has no such commit, or it has failed.
        """
        return await self._ancestry.commit(branch, id_)

    async def last_change(self, branch: BranchInfo, path: str) -> Commit | None:
        """The commit that last changed a file; None for none, and where to look takes long.

        Raises:
            CommitNotFinished: HEAD is open.
        """
        if self._finds_at_once:
            async for found in self._pfs.find_commits(branch.head, path, 1):
                return found.commit
        return None

    async def changes(self, branch: BranchInfo, *, is_commit: bool = False) -> BranchChanges | None:
        """What the branch's last commits changed; None before its first commit.

        Args:
            branch: Which.
            is_commit: It is as it was at an earlier commit, which stands in its head's place: what
                is known of the branch as it is stays so.

        Raises:
            PfsOverloaded: It takes long, and goes on without us: ask again.
        """
        name = branch.head if is_commit else branch.branch
        while (earlier := self._under_way.get(name)) is not None:
            await _patiently(earlier)
        task = self._under_way[name] = asyncio.create_task(self._read(name, branch))
        task.add_done_callback(lambda done: self._end(name, done))
        return await _patiently(task)

    async def _read(self, name: Branch | Commit, branch: BranchInfo) -> BranchChanges | None:
        known = self._changes.get(name)
        if known is not None and known.head == branch.head:
            return known
        async with self._reading:
            # Taken out while it grows: if that breaks off, it is read anew.
            known = self._changes.pop(name, None)
            found = await read_changes(self._pfs, branch, known)
            if found is not None:
                self._changes[name] = found
            return found

    def _end(self, name: Branch | Commit, task: asyncio.Task[BranchChanges | None]) -> None:
        del self._under_way[name]
        if not task.cancelled():
            task.exception()  # looked at, even where nobody waits any more


async def _patiently(task: asyncio.Task[BranchChanges | None]) -> BranchChanges | None:
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            return await asyncio.shield(task)
    except TimeoutError:
        raise PfsOverloaded("the branch's history is being read; try again") from None
