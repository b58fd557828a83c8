"""Branches as they are now, read again only when the database has changed."""

from __future__ import annotations

import sqlite3

from embedded_pfs import branches
from pfs_client.values import Branch, BranchInfo

_MAX_BRANCHES = 10_000


class BranchCache:
    """What PFS says of branches, as strict as asking the database each time, and cheaper.

    SQLite's `data_version` differs once any other connection, of this process or another, has
    committed anything. Always to be asked on the same connection, which only reads.
    """

    def __init__(self) -> None:
        self._version = -1
        self._known: dict[Branch, BranchInfo] = {}

    def inspect_branch(self, connection: sqlite3.Connection, branch: Branch) -> BranchInfo:
        """What PFS says of a branch.

        Raises:
            RepoNotFound, BranchNotFound: As they say.
        """
        (version,) = connection.execute("PRAGMA data_version").fetchone()
        if version != self._version or len(self._known) >= _MAX_BRANCHES:
            self._known.clear()
            self._version = version
        info = self._known.get(branch)
        if info is None:
            info = self._known[branch] = branches.inspect_branch(connection, branch)
        return info
