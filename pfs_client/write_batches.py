"""Group commit: the writes of a branch that arrive while one commit is under way share the next.

A commit costs the same for one file or a hundred (`design.md`, "How a write becomes a commit"). An
idle branch commits at once. A group is one `modify_file`, in arrival order; a member that is
refused fails alone, and the others go again without it. A body that breaks off never joins a
group.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from pfs_client.failures import (
    BranchNotFound,
    OutputBranch,
    PfsAccessDenied,
    PfsError,
    PfsOverloaded,
    PfsTimeout,
    PfsUnavailable,
    RepoNotFound,
    StorageFull,
)
from pfs_client.interface import PfsClient
from pfs_client.memory_budget import MemoryBudget
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Change,
    Commit,
    CopyFile,
    DeleteFile,
    ExpectFile,
    File,
    Repo,
    small_file_hash,
)

MAX_GROUP_MEMBERS = 1000
MAX_GROUP_BYTES = 16 * 1024 * 1024
MEMORY_WAIT_SECONDS = 20.0

_FILE_SET_PATH = "/content"

_ALL_FAIL = (
    BranchNotFound,
    OutputBranch,
    PfsAccessDenied,
    PfsOverloaded,
    PfsTimeout,
    PfsUnavailable,
    RepoNotFound,
    StorageFull,
)
"""Failures that say nothing of a single member: trying its neighbours apart would not help them."""


@dataclass(slots=True, eq=False)
class _Member:
    """One request's part of a group."""

    changes: Sequence[Change]
    size_bytes: int
    done: asyncio.Future[None]


class WriteBatches:
    """All writes of this process, batched by branch.

    Args:
        pfs: Where they go.
        commit_per_request: Give every request a commit of its own, as the original gateway did.
        memory_bytes: How much small bodies together may hold in memory.
    """

    def __init__(
        self, pfs: PfsClient, *, commit_per_request: bool = False, memory_bytes: int = 64 * 1024**2
    ) -> None:
        self._pfs = pfs
        self._max_members = 1 if commit_per_request else MAX_GROUP_MEMBERS
        self._memory = MemoryBudget(memory_bytes, MEMORY_WAIT_SECONDS)
        self._queues: dict[Branch, _Queue] = {}

    @property
    def takes_conditions(self) -> bool:
        """Whether writes may carry an `ExpectFile`."""
        return self._pfs.supports_conditions

    async def put_file(
        self,
        branch: Branch,
        path: str,
        pieces: AsyncIterator[bytes],
        *,
        declared_size_bytes: int | None = None,
        expect: ExpectFile | None = None,
    ) -> bytes:
        """Replace one file with a body that is still coming, and return its PFS hash once durable.

        Raises:
            PfsError: As `modify_file` does.
            Exception: Whatever the body raises; nothing is stored then.
        """
        small = self._pfs.small_file_bytes
        if declared_size_bytes is None or declared_size_bytes <= small:
            held_bytes = small if declared_size_bytes is None else declared_size_bytes
            async with self._memory.hold(held_bytes):
                content, more = await _read_up_to(pieces, small)
                if not more:
                    change = AddFile(path, content)
                    await self._write(branch, path, change, len(content), expect)
                    return small_file_hash(content)
            pieces = _chain(content, pieces)
        source, file_hash = await self._store(pieces)
        await self._write(branch, path, CopyFile(path, source), 0, expect)
        return file_hash

    async def delete_files(
        self, branch: Branch, paths: Iterable[str], expect: Iterable[ExpectFile] = ()
    ) -> None:
        """Remove files in one commit; missing ones are no error.

        Raises:
            PfsError: As `modify_file` does.
        """
        changes: list[Change] = [*expect, *map(DeleteFile, paths)]
        await self._queue_of(branch).join(changes, 0)

    async def drain(self) -> None:
        """Wait until everything that joined a group is committed or has failed."""
        while self._queues:
            await asyncio.wait([queue.task for queue in self._queues.values()])

    async def _write(
        self, branch: Branch, path: str, change: Change, size_bytes: int, expect: ExpectFile | None
    ) -> None:
        changes: list[Change] = [DeleteFile(path), change]
        if expect is not None:
            changes.insert(0, expect)
        await self._queue_of(branch).join(changes, size_bytes)

    async def _store(self, pieces: AsyncIterator[bytes]) -> tuple[File, bytes]:
        """Put a large body into a file set and say where it is, with its hash."""
        changes = _additions(_FILE_SET_PATH, pieces)
        file_set = Commit(Repo(FILE_SETS_REPO_NAME), await self._pfs.create_file_set(changes))
        source = File(file_set, _FILE_SET_PATH)
        return source, (await self._pfs.inspect_file(source)).hash

    def _queue_of(self, branch: Branch) -> _Queue:
        queue = self._queues.get(branch)
        if queue is None:
            queue = self._queues[branch] = _Queue(self, branch)
        return queue


class _Queue:
    """The writes of one branch. It lives while there are any."""

    def __init__(self, batches: WriteBatches, branch: Branch) -> None:
        self._batches = batches
        self._branch = branch
        self._pending: deque[_Member] = deque()
        self.task = asyncio.create_task(self._run())

    async def join(self, changes: Sequence[Change], size_bytes: int) -> None:
        """Have changes committed with the next group."""
        member = _Member(changes, size_bytes, asyncio.get_running_loop().create_future())
        self._pending.append(member)
        try:
            await member.done
        except asyncio.CancelledError:
            # Not under way yet: nobody waits for it any more, so it does not happen.
            if member in self._pending:
                self._pending.remove(member)
            raise

    async def _run(self) -> None:
        group: list[_Member] = []
        try:
            while self._pending:
                group = self._next_group()
                await self._commit(group)
        finally:
            del self._batches._queues[self._branch]
            # Only a cancellation, at the end of the process, leaves anybody waiting here.
            _fail([*group, *self._pending], PfsUnavailable("the gateway is shutting down"))

    def _next_group(self) -> list[_Member]:
        group = [self._pending.popleft()]
        size_bytes = group[0].size_bytes
        while self._pending and len(group) < self._batches._max_members:
            size_bytes += self._pending[0].size_bytes
            if size_bytes > MAX_GROUP_BYTES:
                break
            group.append(self._pending.popleft())
        return group

    async def _commit(self, members: Sequence[_Member]) -> None:
        """Commit a group. A member that is refused fails alone."""
        group = list(members)
        while group:
            try:
                await self._modify(group)
            except PfsError as error:
                if len(group) == 1 or isinstance(error, _ALL_FAIL):
                    _fail(group, error)
                    return
                culprit = _member_at(group, error.change_index)
                if culprit is None:
                    await self._commit_apart(group)
                    return
                _fail([culprit], error)
                group.remove(culprit)
            except Exception as error:  # whoever waits is told; the others go on
                _fail(group, error)
                return
            else:
                _succeed(group)
                return

    async def _commit_apart(self, group: list[_Member]) -> None:
        for member in group:
            await self._commit([member])

    async def _modify(self, group: list[_Member]) -> None:
        changes = [change for member in group for change in member.changes]
        await self._batches._pfs.modify_file(self._branch, changes)


def _member_at(group: list[_Member], change_index: int | None) -> _Member | None:
    if change_index is None:
        return None
    for member in group:
        change_index -= len(member.changes)
        if change_index < 0:
            return member
    return None


def _succeed(group: list[_Member]) -> None:
    for member in group:
        if not member.done.done():
            member.done.set_result(None)


def _fail(group: list[_Member], error: BaseException) -> None:
    for member in group:
        if not member.done.done():
            member.done.set_exception(error)


async def _read_up_to(pieces: AsyncIterator[bytes], max_bytes: int) -> tuple[bytes, bool]:
    """Read until more than so many bytes have come; say whether there are more to come."""
    read = b""
    async for piece in pieces:
        read += piece
        if len(read) > max_bytes:
            return read, True
    return read, False


async def _chain(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


async def _additions(path: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[Change]:
    async for piece in pieces:
        yield AddFile(path, piece)
