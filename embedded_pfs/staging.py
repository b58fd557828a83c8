"""Contents on their way in: a stream of changes becomes stored ones while it arrives.

Memory is bounded whatever comes; what is given up leaves nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from types import TracebackType
from typing import Protocol, Self

from embedded_pfs import contents
from embedded_pfs.blobs import INLINE_MAX_BYTES, Blobs, BlobWriter
from embedded_pfs.names import writable_path
from embedded_pfs.stored_changes import AddContent, StoredChange
from embedded_pfs.threads import Threads
from pfs_client.failures import InvalidPath, PfsFailure, StorageFull
from pfs_client.interface import Changes
from pfs_client.values import AddFile, Change

log = logging.getLogger("s3gateway")

STAGED_INLINE_MAX_BYTES = 32 * 1024 * 1024
"""How many bytes of small contents one stream may hold in memory.

What comes after them becomes blobs.
"""


class Place(Protocol):
    """Where the contents are to go."""

    def check_room(self) -> None:
        """See that something may be added.

        Raises:
            StorageFull: There is no room on the disk.
        """

    def has_refused(self) -> None:
        """There was no room on the disk."""

    async def suspect(self, hashes: Iterable[bytes]) -> None:
        """Have blobs removed to which nothing may refer."""


class Staging:
    """The contents of one call, on their way in.

    As a context manager it gives up what was stored if the call fails. A piece is hashed and
    written on a thread while the next one comes.
    """

    def __init__(self, blobs: Blobs, threads: Threads, place: Place) -> None:
        self._blobs = blobs
        self._threads = threads
        self._place = place
        self._inline_left = STAGED_INLINE_MAX_BYTES
        self._writers: list[BlobWriter] = []
        self._writing: set[asyncio.Task[None]] = set()

    async def take(self, changes: Changes) -> list[StoredChange]:
        """Store the contents of all changes.

        Raises:
            InvalidPath: There can be no file at the path of an `AddFile`; told before its content
                is taken.
            StorageFull: There is no room on the disk.
            Exception: Whatever the stream of changes raises.
        """
        if isinstance(changes, Sequence) and (small := inlined(changes)) is not None:
            return small
        taken = _Taken(self)
        if isinstance(changes, AsyncIterator):
            async for change in changes:
                await taken.add(change)
        else:
            for change in changes:
                await taken.add(change)
        await taken.end_run()
        return taken.stored

    async def settle(self, more: Iterable[BlobWriter]) -> None:
        """Declare the contents referred to, durably."""
        self._writers.extend(more)
        if self._writers:
            writers, self._writers = self._writers, []
            await self._threads.run(_forget_all, writers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._writing:
            await asyncio.gather(*self._writing, return_exceptions=True)
        if isinstance(exc, StorageFull):
            self._place.has_refused()
        placed = {writer: hash_ for writer in self._writers if (hash_ := writer.abandon())}
        if placed:
            try:
                await self._place.suspect(placed.values())
            except PfsFailure as error:
                log.warning("what a call has left on the disk goes later: %s", error)
                return
            await self._threads.run(_forget_all, list(placed))

    async def _open_writer(self) -> BlobWriter:
        self._place.check_room()
        writer = await self._threads.open(self._blobs.writer, _abandon)
        self._writers.append(writer)
        return writer

    def _begin_write(self, writer: BlobWriter, content: bytes) -> asyncio.Task[None]:
        task = asyncio.create_task(self._threads.run(writer.write, content))
        self._writing.add(task)
        task.add_done_callback(self._written)
        return task

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # whoever goes on with the file meets it; nobody may

    def _take_inline(self, size_bytes: int) -> bool:
        if size_bytes > self._inline_left:
            return False
        self._inline_left -= size_bytes
        return True


class _Taken:
    """The changes of one stream that have come."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._run: _Run | None = None
        self.stored: list[StoredChange] = []

    async def add(self, change: Change) -> None:
        run = self._run
        if run is not None and isinstance(change, AddFile) and change.path == run.path:
            await run.write(change.content)
            return
        await self.end_run()
        if isinstance(change, AddFile):
            _check_path(change.path, len(self.stored))
            self._run = _Run(change.path, self._staging)
            await self._run.write(change.content)
        else:
            self.stored.append(change)

    async def end_run(self) -> None:
        if self._run is not None:
            self.stored.append(await self._run.finish())
            self._run = None


class _Run:
    """One file's content, that comes in one or more `AddFile`s."""

    def __init__(self, path: str, staging: Staging) -> None:
        self.path = path
        self._staging = staging
        self._held = b""
        self._writer: BlobWriter | None = None
        self._writing: asyncio.Task[None] | None = None

    async def write(self, content: bytes) -> None:
        if self._writer is None and len(self._held) + len(content) <= INLINE_MAX_BYTES:
            self._held += content
            return
        await self._spill()
        await self._to_blob(content)

    async def finish(self) -> AddContent:
        if self._writer is None:
            if self._staging._take_inline(len(self._held)):
                return AddContent(self.path, contents.inline(self._held))
            await self._spill()
        assert self._writer is not None  # noqa: S101 - _spill has set it
        await self._written()
        return AddContent(self.path, await self._staging._threads.run(self._writer.finish))

    async def _spill(self) -> None:
        if self._writer is None:
            self._writer = await self._staging._open_writer()
            await self._to_blob(self._held)
            self._held = b""

    async def _to_blob(self, content: bytes) -> None:
        if content and self._writer is not None:
            await self._written()
            self._writing = self._staging._begin_write(self._writer, content)

    async def _written(self) -> None:
        """Wait until the last piece is written."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            await writing


def inlined(changes: Sequence[Change]) -> list[StoredChange] | None:
    """Changes that bring one small content at most, as stored ones; None if they bring more.

    So it is when a small file is written. To look at them one after the other, as they come, would
    take longer than all else.

    Raises:
        InvalidPath: There can be no file at the path of the `AddFile`.
    """
    sizes = [len(change.content) for change in changes if isinstance(change, AddFile)]
    if len(sizes) > 1 or any(size > INLINE_MAX_BYTES for size in sizes):
        return None
    return [_inline(change, index) for index, change in enumerate(changes)]


def _inline(change: Change, index: int) -> StoredChange:
    if not isinstance(change, AddFile):
        return change
    _check_path(change.path, index)
    return AddContent(change.path, contents.inline(change.content))


def _check_path(path: str, index: int) -> None:
    try:
        writable_path(path)
    except InvalidPath as error:
        error.change_index = index
        raise


def _forget_all(writers: list[BlobWriter]) -> None:
    for writer in writers:
        writer.forget()


def _abandon(writer: BlobWriter) -> None:
    writer.abandon()
