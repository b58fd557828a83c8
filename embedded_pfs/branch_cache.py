"""Branches as they are now, read again only when the database has changed."""

from __future__ import annotations

import asyncio
import sqlite3

from embedded_pfs import branches
from embedded_pfs.database import snapshot
from pfs_client.values import Branch, BranchInfo

_MAX_BRANCHES = 10_000


class BranchCache:
    """What PFS says of branches, as strict as asking the database each time, and cheaper.

    SQLite's `data_version` differs once any other connection, of this process or another, has
    committed anything. Always to be asked on the same connection, which only reads. It is asked
    once for all that waits in the event loop: whoever asks then had come before.
    """

    def __init__(self) -> None:
        self._version = -1
        self._is_fresh = False
        self._known: dict[Branch, BranchInfo] = {}

    def inspect_branch(self, connection: sqlite3.Connection, branch: Branch) -> BranchInfo:
        """What PFS says of a branch.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
        """
        if not self._is_fresh:
            self._refresh(connection)
        info = self._known.get(branch)
        if info is None:
            info = branches.inspect_unlinked(connection, branch)
            if info is None:
                with snapshot(connection):
                    info = branches.inspect_branch(connection, branch)
            self._known[branch] = info
        return info

    def _refresh(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self._version or len(self._known) >= _MAX_BRANCHES:
            self._known.clear()
            self._version = version
        self._is_fresh = True
        # Callbacks run in the order in which they were scheduled: what comes later runs after it.
        asyncio.get_running_loop().call_soon(self.age)

    def age(self) -> None:
        """Something may have been committed: who asks next is told the newest."""
        self._is_fresh = False
