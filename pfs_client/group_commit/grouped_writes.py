"""Group commit: the writes of a branch that arrive while one commit is under way share the next.

A commit costs the same for one file or a hundred (`docs/pachd.md`, "Writes and commits"). An idle
branch commits at once. A group is in arrival order, and how it becomes a commit is a
`Committer`'s to know. A body that breaks off never joins a group.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from pfs_client.company import IsAlone, never
from pfs_client.failures import PfsFailure, PfsUnavailable
from pfs_client.group_commit.branch_queues import BranchQueues
from pfs_client.group_commit.committer import Committer
from pfs_client.group_commit.members import Write
from pfs_client.group_commit.pieces import chained, read_up_to
from pfs_client.interface import PfsClient
from pfs_client.limits.memory_budget import WAIT_SECONDS as MEMORY_WAIT_SECONDS
from pfs_client.limits.memory_budget import MemoryBudget, Share
from pfs_client.limits.transfers import Transfers
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.values import (
    AddFile,
    Branch,
    Change,
    Commit,
    CopyFile,
    ExpectFile,
    File,
    FileInfo,
    Repo,
    small_file_hash,
)

MAX_GROUP_WRITES = 1000
WAIT_SECONDS = 60.0

_FILE_SET_PATH = "/content"


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is durable: its PFS hash, and the commit it is in where PFS says which it is."""

    hash: bytes
    commit: Commit | None


class GroupedWrites:
    """All writes of this process, batched by branch.

    Args:
        pfs: Where bodies go that are too large to wait in memory.
        committer: Where groups go.
        inline_bytes: Bodies up to this size go with their group, larger ones into a file set first.
            At most `SMALL_FILE_BYTES`, as their hash is computed.
        commit_per_request: Give every request a commit of its own, as the original gateway did.
        paths_once: Requests that write the same path never share a commit: each is a version.
        memory_bytes: How much small bodies together may hold in memory.
        wait_seconds: How long a write may wait for memory, and until it goes with a group.
        observer: Is told of groups.
        transfers: Bring large bodies to the PFS.
        is_alone: Says whether the event loop has nothing to do but what calls; a write then goes at
            once. Only for a committer that asks for no current task.
    """

    def __init__(
        self,
        pfs: PfsClient,
        committer: Committer,
        *,
        inline_bytes: int,
        commit_per_request: bool = False,
        paths_once: bool = False,
        memory_bytes: int = 64 * 1024**2,
        wait_seconds: float = WAIT_SECONDS,
        observer: Observer = UNOBSERVED,
        transfers: Transfers | None = None,
        is_alone: IsAlone = never,
    ) -> None:
        self._pfs = pfs
        self._transfers = transfers or Transfers(pfs)
        self._committer = committer
        self._inline_bytes = inline_bytes
        self._memory = MemoryBudget(memory_bytes, min(MEMORY_WAIT_SECONDS, wait_seconds))
        self._queues = BranchQueues(
            committer,
            1 if commit_per_request else MAX_GROUP_WRITES,
            paths_once,
            wait_seconds,
            observer,
            is_alone,
        )

    def turn_at(self, what: Branch | Repo) -> asyncio.Lock:
        """Held while a group is committed to a branch, so that who holds it sees none come.

        pachd deletes branches and repos whatever has been written to them since somebody looked.
        """
        return self._queues.turn_at(what)

    @property
    def takes_conditions(self) -> bool:
        """Whether writes may carry an `ExpectFile`."""
        return self._committer.takes_conditions

    def is_small(self, size_bytes: int | None) -> bool:
        """Whether a body goes with its group, and takes no way of its own; None is of any size."""
        return size_bytes is not None and size_bytes <= self._inline_bytes

    async def put_file(
        self,
        branch: Branch,
        path: str,
        pieces: AsyncIterator[bytes],
        *,
        declared_size_bytes: int | None = None,
        expect: ExpectFile | None = None,
    ) -> Written:
        """Replace one file with a body that is still coming, and return once that is durable.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
            OutputBranch: A pipeline writes the branch.
            InvalidPath: PFS allows no file at the path.
            PathCollision: A file would stand where a directory does, or below a file.
            ConditionFailed: The file is not as expected.
            StorageFull: There is no room for the content.
            PfsOverloaded: There was no memory, or no group, for it in time.
            Exception: Whatever the body raises; nothing is stored then.
        """
        small = self._inline_bytes
        held = Share(self._memory)
        try:
            if declared_size_bytes is None or declared_size_bytes <= small:
                await held.need(small if declared_size_bytes is None else declared_size_bytes)
                content, more = await read_up_to(pieces, small)
                if not more:
                    hash_ = small_file_hash(content)
                    write = Write(path, content=content, hash=hash_, expect=expect)
                    return Written(hash_, await self._queues.of(branch).join([write]))
                pieces = chained(content, pieces)
            source, hash_ = await self._store(pieces, declared_size_bytes, held)
        finally:
            held.shrink_to(0)
        return Written(hash_, await self._join_from_file_set(branch, path, source, hash_, expect))

    async def put_record(
        self, branch: Branch, path: str, content: bytes, expect: ExpectFile | None = None
    ) -> None:
        """Write one small file to a branch of the gateway's own, in a commit of its own.

        It comes behind the group that is under way, and before those that wait. pachd creates the
        branch if it is missing, and decides no condition: look first.

        Raises:
            BranchNotFound: There is no such branch, and this PFS creates none here.
            ConditionFailed: The file is not as expected, and this PFS decides that.
            PfsFailure: As for `PfsClient.modify_file`.
        """
        write = Write(path, content=content, hash=small_file_hash(content), expect=expect)
        async with self.turn_at(branch):
            await self._committer.commit_record(branch, write)

    async def copy_file(
        self,
        branch: Branch,
        path: str,
        source: Commit,
        found: FileInfo,
        expect: ExpectFile | None = None,
    ) -> Commit | None:
        """Replace one file with a copy of another; no bytes come this way.

        The source must have been looked up at its commit: one that is closed never changes, and
        pachd refuses to copy from one that has gone. In an open one the file may go, or change, and
        the delete that comes before a copy onto itself would remove it: it is copied by way of a
        file set.

        Args:
            branch: Of the copy.
            path: Of the copy.
            source: The commit that the other file is in.
            found: What was found there.
            expect: What the file must be like before.

        Returns:
            The commit that the copy is in, where PFS says which it is.

        Raises:
            CommitNotFound: The source's commit has gone.
            FileNotFound: The source was in an open commit, and has gone.
            PfsUnavailable: It was, and has changed; or the copy did not happen as it should.
            PfsFailure: As for `put_file`.
        """
        file = File(source, found.path)
        if found.committed is None and not source.is_file_set:
            kept = await self._kept_as(file, found.hash)
            return await self._join_from_file_set(branch, path, kept, found.hash, expect)
        write = Write(path, source=file, hash=found.hash, expect=expect)
        return await self._queues.of(branch).join([write])

    async def delete_file(
        self, branch: Branch, path: str, expect: ExpectFile | None = None
    ) -> Commit | None:
        """Remove a file; a missing one is no error, unless it is expected.

        Returns:
            The commit that it is not in any more, where PFS says which it is.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
            OutputBranch: A pipeline writes the branch.
            ConditionFailed: The file is not as expected.
            PfsOverloaded: There was no group for it in time.
        """
        return await self._queues.of(branch).join([Write(path, expect=expect)])

    async def delete_files(self, branch: Branch, paths: Iterable[str]) -> Commit | None:
        """Remove files in one commit; missing ones are no error.

        Returns:
            The commit, where PFS says which it is.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
            OutputBranch: A pipeline writes the branch.
            PfsOverloaded: There was no group for them in time.
        """
        return await self._queues.of(branch).join([Write(path) for path in paths])

    async def drain(self) -> None:
        """Wait until everything that joined a group is committed or has failed."""
        await self._queues.drain()
        await self._committer.drain()

    async def _store(
        self, pieces: AsyncIterator[bytes], size_bytes: int | None, held: Share
    ) -> tuple[File, bytes]:
        """Put a large body into a file set and say where it is, with its hash.

        What has come of it is held until its transfer has memory of its own.
        """
        async with self._transfers.upload(size_bytes):
            held.shrink_to(0)
            file_set_id = await self._pfs.create_file_set(_additions(_FILE_SET_PATH, pieces))
        file_set = Commit.of_file_set(file_set_id)
        source = File(file_set, _FILE_SET_PATH)
        return source, (await self._pfs.inspect_file(source)).hash

    async def _kept_as(self, file: File, hash_: bytes) -> File:
        """What a file of an open commit is now, where nobody changes it."""
        copy = CopyFile(_FILE_SET_PATH, file, append=True)
        file_set_id = await self._pfs.create_file_set([copy])
        kept = File(Commit.of_file_set(file_set_id), _FILE_SET_PATH)
        if (await self._pfs.inspect_file(kept)).hash == hash_:
            return kept
        await self._pfs.release_file_set(file_set_id)
        raise PfsUnavailable(f"{file.path} in {file.commit} has changed while it was copied")

    async def _join_from_file_set(
        self, branch: Branch, path: str, source: File, hash_: bytes, expect: ExpectFile | None
    ) -> Commit | None:
        """Write a file that is in a file set, which nobody needs afterwards."""
        write = Write(path, source=source, hash=hash_, expect=expect)
        try:
            commit = await self._queues.of(branch).join([write])
        except PfsFailure:
            await self._pfs.release_file_set(source.commit.id)
            raise
        # One that is cancelled may be under way: its file set is left to expire.
        await self._pfs.release_file_set(source.commit.id)
        return commit


async def _additions(path: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[Change]:
    async for piece in pieces:
        yield AddFile(path, piece)
