"""What is known of one branch on pachd between groups: its head, and whose commits those are.

A branch's commits are ours as long as it has exactly as many new ones as we have made. Then our
knowledge of its tree holds, and what we want to know of it can be read at a commit that has
finished long ago, without waiting. Once somebody else writes too, everything is looked at afresh,
at the head, which costs a wait until it has finished.
"""

from __future__ import annotations

from dataclasses import dataclass

from pfs_client.failures import OutputBranch, PfsFailure
from pfs_client.group_commit.collisions import CollisionGuard
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, Commit, CommitInfo

_MAX_COMMITS_LOOKED_BACK = 8
_MAX_FAILED_COMMITS = 100


@dataclass(frozen=True, slots=True)
class Base:
    """What a group is based on."""

    head: Commit
    is_open: bool


class BranchWatch:
    """One branch, its head and what we know of its tree."""

    def __init__(self, pfs: PfsClient, branch: Branch) -> None:
        self._pfs = pfs
        self._branch = branch
        self.guard = CollisionGuard(pfs)
        self._head: Commit | None = None
        """The head, as long as nobody else writes."""
        self._readable: Commit | None = None
        """What our knowledge, with our writes since, is based on."""
        self._is_readable_good = False
        self._ours: set[Commit] = set()

    @property
    def is_hidden(self) -> bool:
        """Whether it holds the gateway's own state."""
        return self._branch.is_hidden

    async def base(self) -> Base:
        """Look at the head.

        Raises:
            OutputBranch: pachd would take a write while the head is open; nobody may.
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
        """
        info = await self._pfs.inspect_branch(self._branch)
        if info.direct_provenance:
            raise OutputBranch(f"{self._branch} is an output branch")
        if info.head == self._head:
            return Base(info.head, is_open=False)
        self.forget()
        is_open = (await self._pfs.inspect_commit(info.head)).is_open
        if not is_open:
            self._head = self._readable = info.head
        return Base(info.head, is_open)

    async def readable(self, base: Base) -> Commit:
        """The commit to look at: the head, once it has finished, or one before our own last ones.

        An open head is read as it is. A commit that has failed cannot be read, and pachd bases the
        next one on what was before it.
        """
        if base.is_open:
            return base.head
        if self._readable is None:  # it has been forgotten meanwhile
            return await self._last_good(base.head)
        if not self._is_readable_good:
            before, good = self._readable, await self._last_good(self._readable)
            if self._readable == before:
                self._readable, self._is_readable_good = good, True
            return good
        return self._readable

    async def newest(self, base: Base) -> Commit:
        """The newest commit that can be looked at, once the head has finished."""
        return base.head if base.is_open else await self._last_good(base.head)

    async def commits_since(self, base: Base, made: int) -> list[CommitInfo]:
        """The commits since a base, the newest first; none if a write went into an open head.

        Args:
            base: What the write was based on.
            made: How many commits we have made since, if we can say; 0 if not.
        """
        newest = await self._pfs.inspect_head(self._branch)
        commits = [] if newest.commit == base.head else [newest]
        at = newest.parent if commits else base.head
        while at is not None and at != base.head and len(commits) < _MAX_COMMITS_LOOKED_BACK:
            info = await self._pfs.inspect_commit(at)
            commits.append(info)
            at = info.parent
        if len(commits) == made and at == base.head == self._head:
            self._head = newest.commit
            self._ours.add(newest.commit)
        else:
            self.forget()
        return commits

    def has_finished(self, commit: Commit) -> None:
        """One of our commits has finished well: look there from now on."""
        if commit in self._ours:
            self._readable, self._is_readable_good = commit, True
            self._ours.discard(commit)

    def forget(self) -> None:
        """Know nothing: somebody else has written, or nobody knows what was."""
        self._head = self._readable = None
        self._is_readable_good = False
        self._ours.clear()
        self.guard.forget()

    async def _last_good(self, commit: Commit) -> Commit:
        """A commit once it has finished, or if it has failed the last one before it that has not.

        Raises:
            PfsFailure: Very many have failed.
        """
        at = commit
        for _ in range(_MAX_FAILED_COMMITS):
            info = await self._pfs.inspect_commit(at, wait_finished=True)
            if not info.error or info.parent is None:
                return at
            at = info.parent
        raise PfsFailure(f"the last {_MAX_FAILED_COMMITS} commits of {self._branch} have failed")
