"""The harm that pachd does, imitated: what it takes and loses, and what ends its process.

Cases are those of `docs/pachd.md`, "Hazards", "Copies" and "Deleting repos and commits". A server
does harm only where it is told to: whoever serves an embedded PFS for its data wants none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from pfs_client.failures import PathCollision, PfsFailure
from pfs_client.interface import Changes, stream_of
from pfs_client.values import AddFile, Branch, Change, Commit, CopyFile, DeleteFile, Repo
from pfs_client.whole_pfs import WholePfs

_ANSWERED_SECONDS = 0.1
OFFSET_PANIC = "panic: runtime error: slice bounds out of range [-1:]"
COMMITS_PANIC = "panic: send on closed channel"


class Hazards:
    """What harm a server does, and whether it has done itself in.

    Args:
        deadly_commits: A repo with so many commits ends the server when it is deleted.
    """

    def __init__(self, deadly_commits: int = 1000) -> None:
        self.deadly_commits = deadly_commits
        self.panic: str | None = None
        self._ended = asyncio.Event()
        self._doomed: dict[Commit, str] = {}

    async def ended(self) -> None:
        """Wait until the process would have ended; `panic` says of what."""
        await self._ended.wait()

    def end(self, panic: str, after_seconds: float = 0.0) -> None:
        """End as pachd's process does."""
        self.panic = panic
        asyncio.get_running_loop().call_later(after_seconds, self._ended.set)

    async def delete_repo(self, pfs: WholePfs, repo: Repo, *, force: bool) -> bool:
        """Delete a repo; the answer still goes out where that is deadly."""
        is_deadly = await self._is_deadly(pfs, repo)
        deleted = await pfs.delete_repo(repo, force=force)
        if deleted and is_deadly:
            self.end(COMMITS_PANIC, _ANSWERED_SECONDS)
        return deleted

    async def modify(self, pfs: WholePfs, target: Branch | Commit, changes: Changes) -> None:
        """Apply changes; what pachd takes and then loses is taken and lost."""
        try:
            await pfs.modify_stream(target, _without_duplicates(changes))
        except PathCollision as error:
            await self._lose(pfs, target, f"file / directory path collision ({error.path})")
        except _Duplicate as error:
            text = f"duplicate path output by different datums ({error.path})"
            await self._lose(pfs, target, text)

    def fate_of(self, commit: Commit) -> str:
        """What an open commit finishes with: an error, or nothing."""
        return self._doomed.pop(commit, "")

    async def _is_deadly(self, pfs: WholePfs, repo: Repo) -> bool:
        commits = pfs.list_commit(repo, number=self.deadly_commits)
        try:
            return len([info async for info in commits]) >= self.deadly_commits
        except PfsFailure:
            return False  # there is no such repo, which is for the deletion to say

    async def _lose(self, pfs: WholePfs, target: Branch | Commit, error: str) -> None:
        """Have a commit that has failed at the branch's head, or an open one that will."""
        if isinstance(target, Branch):
            head = await _head_of(pfs, target)
            if head is None or not (await pfs.inspect_commit(head)).is_open:
                await pfs.finish_commit(await pfs.start_commit(target), error)
                return
            target = head
        self._doomed[target] = error


async def losing_copies(changes: Changes) -> AsyncIterator[Change]:
    """A file set's changes as pachd keeps them: of a path's bytes and copies only the bytes."""
    added: set[str] = set()
    async for change in stream_of(changes):
        path = _clean(change.path)
        if isinstance(change, CopyFile) and change.append and path in added:
            continue
        if isinstance(change, AddFile):
            added.add(path)
        elif isinstance(change, DeleteFile):
            added.discard(path)
        yield change


async def _without_duplicates(changes: Changes) -> AsyncIterator[Change]:
    """Changes, as long as they copy to no path twice without a delete between.

    Raises:
        _Duplicate: They do; told at the end, when all have been taken.
    """
    copied: set[str] = set()
    twice = ""
    async for change in stream_of(changes):
        path = _clean(change.path)
        if isinstance(change, DeleteFile):
            copied.discard(path)
        elif isinstance(change, CopyFile):
            twice = path if path in copied else twice
            copied.add(path)
        yield change
    if twice:
        raise _Duplicate(twice)


class _Duplicate(Exception):
    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


async def _head_of(pfs: WholePfs, branch: Branch) -> Commit | None:
    for info in await pfs.list_branch(branch.repo):
        if info.branch == branch:
            return info.head
    return None


def _clean(path: str) -> str:
    return "/" + path.strip("/")
