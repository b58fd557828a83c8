"""Whether a commit belongs to a branch: it is its HEAD, or HEAD is based on it.

A commit's id says nothing of its branch, and whoever may read one branch of a repo may not read the
others by their commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cachetools import LRUCache

from pfs_client.failures import CommitNotFound
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, BranchInfo, Commit, CommitInfo, is_commit_id

_MAX_BRANCHES = 16
_MAX_COMMITS = 20_000
_CLOCKS_DIFFER = timedelta(minutes=5)
"""A commit is begun after those that it is based on, by the clocks of whoever began them."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A commit of a history."""

    commit: Commit
    parent: Commit | None
    started: datetime


class Ancestry:
    """The histories of branches, as far as they have been walked."""

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs
        self._chains: LRUCache[Branch, list[_Link]] = LRUCache(_MAX_BRANCHES)

    async def commit(self, branch: BranchInfo, id_: str) -> CommitInfo:
        """A commit of a branch's history, seen from its head or an earlier commit in its place.

        Raises:
            CommitNotFound: The branch's history has no such commit, or it has failed.
        """
        commit = Commit(branch.branch.repo, id_)
        if not is_commit_id(id_):
            raise CommitNotFound(f"{id_} is not a commit", commit)
        info = await self._pfs.inspect_commit(commit)
        if info.error or not await self._holds(branch, info):
            raise CommitNotFound(
                f"commit {commit} is not in the history of {branch.branch}", commit
            )
        return info

    async def _holds(self, branch: BranchInfo, wanted: CommitInfo) -> bool:
        if branch.head == wanted.commit:
            return True
        known = self._chains.get(branch.branch, [])
        begin = next((at for at, link in enumerate(known) if link.commit == branch.head), 0)
        # What is newer than an earlier commit stays known for those who come from the head.
        newer, known = known[:begin], known[begin:]
        is_known = bool(known) and known[0].commit == branch.head
        chain = known if is_known else await self._walk(branch.head, wanted, known)
        is_there = _is_in(chain, wanted)
        while not is_there and chain and chain[-1].parent and not _is_settled(chain, wanted):
            more = await self._walk(chain[-1].parent, wanted, [])
            if not more:
                break
            chain += more
            is_there = _is_in(more, wanted)
        self._chains[branch.branch] = (newer + chain)[:_MAX_COMMITS]
        return is_there

    async def _walk(self, start: Commit, wanted: CommitInfo, known: list[_Link]) -> list[_Link]:
        """Links from a commit on, until it is settled or what is known goes on."""
        positions = {link.commit: at for at, link in enumerate(known)}
        walked: list[_Link] = []
        async for info in self._pfs.list_commit(start.repo, newest=start):
            if info.commit in positions:
                return walked + known[positions[info.commit] :]
            walked.append(_Link(info.commit, info.parent, info.started))
            if _is_settled(walked, wanted):
                break
        return walked


def _is_in(chain: list[_Link], wanted: CommitInfo) -> bool:
    return any(link.commit == wanted.commit for link in chain)


def _is_settled(chain: list[_Link], wanted: CommitInfo) -> bool:
    """Whether what is behind a chain's end cannot be the commit, or it is there already."""
    last = chain[-1]
    return last.commit == wanted.commit or last.started < wanted.started - _CLOCKS_DIFFER
