"""What the branches of uploads begin with: one empty commit, which all uploads of a repo share.

pachd begins a branch with an empty commit, which is based on none and stays in the repo for good,
unless it is told where the branch begins (`docs/pachd.md`, "Names and paths"). So there is one
hidden branch in each repo that has seen an upload, and its first commit is where uploads begin:
then all commits of an upload are based on another, and can go.
"""

from __future__ import annotations

from cachetools import LRUCache

from pfs_client.failures import BranchNotFound, CommitNotFound, RepoNotFound
from pfs_client.interface import PfsClient
from pfs_client.values import HIDDEN_BRANCHES, Branch, Commit, Repo

SHARED = HIDDEN_BRANCHES + "empty_"
"""The name of the branch. Nothing is written to it."""

_KEPT_REPOS = 10_000
_TRIES = 3


class Beginnings:
    """Knows where the uploads of each repo begin, and forgets it once that has gone."""

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs
        self._known: LRUCache[Repo, Commit] = LRUCache(_KEPT_REPOS)

    async def create_branch(self, branch: Branch) -> None:
        """Create the branch of an upload: one call, after the repo's first.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: It is being deleted.
            CommitNotFound: Likewise.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                first = self._known.get(branch.repo) or await self._first_commit(branch.repo)
                await self._pfs.create_branch(branch, head=first)
            except (BranchNotFound, CommitNotFound, RepoNotFound):
                # Another repo may have its name by now.
                self._known.pop(branch.repo, None)
                if not tries_left:
                    raise
            else:
                self._known[branch.repo] = first
                return

    async def _first_commit(self, repo: Repo) -> Commit:
        """The first commit of the shared branch, whatever others have written to it since.

        Of two gateways that find no branch, one creates it: that there is one is no error, and does
        not move it.
        """
        shared = Branch(repo, SHARED)
        try:
            head = (await self._pfs.inspect_branch(shared)).head
        except BranchNotFound:
            await self._pfs.create_branch(shared)
            head = (await self._pfs.inspect_branch(shared)).head
        return [info.commit async for info in self._pfs.list_commit(repo, newest=head)][-1]
