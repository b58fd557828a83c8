"""What is known of one branch on pachd between groups: its head, and whose commits those are.

A branch's commits are ours as long as it has exactly as many new ones as we have made. Then our
knowledge of its tree holds, and what we want to know of it can be read at a commit that has
finished long ago, without waiting. Once somebody else writes too, everything is looked at afresh,
at the head, which costs a wait until it has finished.
"""

from __future__ import annotations

from dataclasses import dataclass

from pfs_client.collisions import CollisionGuard
from pfs_client.failures import OutputBranch
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, Commit, CommitInfo

_MAX_COMMITS_LOOKED_BACK = 8


@dataclass(frozen=True, slots=True)
class Base:
    """What a group is based on.

    `readable` is the commit to look at: the head, or one before our own last ones.
    """

    head: Commit
    readable: Commit
    is_open: bool


class BranchWatch:
    """One branch, its head and what we know of its tree."""

    def __init__(self, pfs: PfsClient, branch: Branch) -> None:
        self._pfs = pfs
        self._branch = branch
        self.guard = CollisionGuard(pfs)
        self._head: Commit | None = None
        self._finished: Commit | None = None
        self._ours: set[Commit] = set()

    async def base(self) -> Base:
        """Look at the head.

        Raises:
            OutputBranch: pachd would take a write while the head is open; nobody may.
            PfsError: As `inspect_branch` does.
        """
        info = await self._pfs.inspect_branch(self._branch)
        if info.direct_provenance:
            raise OutputBranch(f"{self._branch} is an output branch")
        if info.head == self._head and self._finished is not None:
            return Base(info.head, self._finished, is_open=False)
        self.forget()
        is_open = (await self._pfs.inspect_commit(info.head)).is_open
        if not is_open:
            self._head = self._finished = info.head  # whoever reads it waits until it has
        return Base(info.head, info.head, is_open)

    async def commits_since(self, base: Base, made: int) -> list[CommitInfo]:
        """The commits since a base, the newest first; none if a write went into an open head.

        Args:
            base: What the write was based on.
            made: How many commits we have made since, if we can say; 0 if not.
        """
        head = (await self._pfs.inspect_branch(self._branch)).head
        commits: list[CommitInfo] = []
        at: Commit | None = head
        while at is not None and at != base.head and len(commits) < _MAX_COMMITS_LOOKED_BACK:
            info = await self._pfs.inspect_commit(at)
            commits.append(info)
            at = info.parent
        if len(commits) == made and at == base.head and not base.is_open:
            self._head = head
            self._ours.add(head)
        else:
            self.forget()
        return commits

    def has_finished(self, commit: Commit) -> None:
        """One of our commits has finished well: look there from now on."""
        if commit in self._ours:
            self._finished = commit
            self._ours.discard(commit)

    def forget(self) -> None:
        """Know nothing: somebody else has written, or nobody knows what was."""
        self._head = self._finished = None
        self._ours.clear()
        self.guard.forget()
