"""The embedded PFS's calls on commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

from embedded_pfs import commit_rows, commits, histories
from embedded_pfs.engine import Engine
from pfs_client.commits import CommitCalls
from pfs_client.values import Commit, CommitInfo, File, FileDiff, FoundCommit, Repo

_POLL_SECONDS = 0.02
_COMMITS_A_PAGE = 1000


class EmbeddedCommitCalls(CommitCalls):
    """The calls on commits, of an open data directory."""

    engine: Engine

    async def inspect_commit(self, commit: Commit, *, wait_finished: bool = False) -> CommitInfo:
        """One commit, if asked for only once it has finished."""
        while True:
            info = self.engine.glance(commit_rows.inspect, commit)
            if info.finished is not None or not wait_finished:
                return info
            await asyncio.sleep(_POLL_SECONDS)

    async def list_commit(
        self,
        repo: Repo,
        *,
        newest: Commit | None = None,
        since: Commit | None = None,
        number: int = 0,
    ) -> AsyncIterator[CommitInfo]:
        """A repo's commits, or one commit's history, read in pages."""
        after: Commit | None = None
        left = number or None
        while left != 0:
            size = _COMMITS_A_PAGE if left is None else min(left, _COMMITS_A_PAGE)
            page = await self.engine.scan(commit_rows.list_commits, repo, newest, after, size)
            for info in page:
                if info.commit == since:
                    return
                yield info
            if len(page) < size:
                return
            left = None if left is None else left - size
            after = page[-1].commit

    async def find_commits(
        self, start: Commit, path: str, limit: int = 0
    ) -> AsyncIterator[FoundCommit]:
        """The commits that changed a file, the newest first."""
        found: FoundCommit | None = None
        for _ in range(limit) if limit else count():
            found = await self.engine.scan(histories.find_next, start, path, found)
            if found is None:
                return
            yield found

    async def diff_file(self, new: File, old: File | None = None) -> AsyncIterator[FileDiff]:
        """What differs between two commits at and below a path, read in pages."""
        after: str | None = None
        while True:
            page = await self.engine.scan(histories.diff, new, old, after)
            for difference in page.diffs:
                yield difference
            if page.last is None:
                return
            after = page.last

    async def squash_commit(self, commit: Commit, *, branch: str = "") -> None:
        """Make what a finished commit did part of what the next one did."""
        await self.engine.free(commits.squash, commit)

    async def drop_commit(self, commit: Commit, *, branch: str = "") -> None:
        """Take a commit back that nothing is based on."""
        await self.engine.free(commits.drop, commit)
