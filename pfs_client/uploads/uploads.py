"""The life of an upload: begun, given parts, completed or aborted.

Data of parts is in file sets and in no commit, so that nothing of it is left behind when an upload
ends (`docs/pachd.md`, "File sets"). What has come is written down on the upload's branch, by group
commit as any other write.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from pfs_client.failures import BranchNotFound, PfsFailure, RepoNotFound, UploadNotFound
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.interface import PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.limits.transfers import Transfers
from pfs_client.uploads.beginnings import Beginnings
from pfs_client.uploads.completing import Completing
from pfs_client.uploads.reading import UploadReader, UploadState
from pfs_client.uploads.record_writes import PART_PATH, RecordWrites
from pfs_client.uploads.records import (
    UPLOAD_PATH,
    PartRecord,
    Upload,
    new_part,
    new_upload_id,
    upload_branch,
    upload_id_of,
)
from pfs_client.uploads.removal import remove_upload
from pfs_client.values import AddFile, Branch, BranchInfo, Change, Commit, CopyFile, File

log = logging.getLogger("s3gateway")

T = TypeVar("T")

_READ_AT_ONCE = 8


class Uploads:
    """All uploads of one PFS, as far as this process works on them.

    Args:
        pfs: Where they are.
        writes: By which records, and files, are written.
        transfers: Bring the bytes of parts.
    """

    def __init__(self, pfs: PfsClient, writes: GroupedWrites, transfers: Transfers) -> None:
        self._pfs = pfs
        self._writes = writes
        self._transfers = transfers
        self._records = RecordWrites(writes)
        self._beginnings = Beginnings(pfs)
        self.reader = UploadReader(pfs)
        self.completing = Completing(pfs, writes, self._records)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def begin(
        self, target: Branch, path: str, algorithm: str = "", checksum_type: str = ""
    ) -> Upload:
        """Begin an upload of a file."""
        started = datetime.now(UTC)
        upload = Upload(new_upload_id(started), target, path, started, algorithm, checksum_type)
        await self._beginnings.create_branch(upload.branch)
        await self._records.begin(upload)
        self.reader.begun(upload)
        return upload

    async def find(
        self, target: Branch, path: str, upload_id: str, *, with_parts: bool = True
    ) -> UploadState:
        """An upload of this file, completed or not, if wanted with all its parts.

        Raises:
            UploadNotFound: There is none, or no longer, or it is another file's.
        """
        branch = upload_branch(target.repo, upload_id)
        state = None
        if branch is not None:
            state = await self.reader.read(branch, with_parts=with_parts)
        if state is None or (state.upload.target, state.upload.path) != (target, path):
            raise UploadNotFound(f"there is no upload {upload_id} of this file")
        return state

    def known(self, target: Branch, path: str, upload_id: str) -> Upload | None:
        """An upload of this file that was there once; whether it still is, `find` tells."""
        branch = upload_branch(target.repo, upload_id)
        upload = None if branch is None else self.reader.known.get(branch)
        if upload is None or (upload.target, upload.path) != (target, path):
            return None
        return upload

    async def list(self, target: Branch) -> list[UploadState]:
        """All uploads to a branch that are under way."""
        states = await self._read_all(await self._pfs.list_branch(target.repo), target)
        return [state for state in states if state.completion is None]

    async def end_all(self, branches: Iterable[BranchInfo], target: Branch) -> None:
        """End the uploads to a branch that has gone, lest they are there if it comes back.

        What cannot be ended now, the next round ends, if the branch has not come back by then.

        Args:
            branches: Of its repo, as they were when it went.
            target: The branch.
        """
        try:
            for state in await self._read_all(branches, target):
                await self.abort(state.upload)
        except PfsFailure as error:
            log.warning("uploads to %s stay until the next round: %s", target, error)

    async def _read_all(
        self, branches: Iterable[BranchInfo], target: Branch
    ) -> Sequence[UploadState]:
        """All uploads to a branch, completed or not, without their parts."""
        found: list[UploadState] = []

        async def look(branch: Branch, head: Commit) -> None:
            state = await self.reader.read_at(branch, head, with_parts=False)
            if state is not None and state.upload.target == target:
                found.append(state)

        infos = [info for info in branches if upload_id_of(info.branch)]
        await for_each(infos, lambda info: look(info.branch, info.head), _READ_AT_ONCE)
        return found

    async def store_part(
        self,
        upload: Upload,
        number: int,
        pieces: AsyncIterator[bytes],
        declared_size_bytes: int | None,
        checksum: Callable[[], bytes],
        is_open: Awaitable[object] | None = None,
    ) -> PartRecord:
        """Store a part whose bytes are still coming.

        Args:
            upload: Whose.
            number: Its own; of several of one number the last counts.
            pieces: Its bytes.
            declared_size_bytes: How many, if that is known.
            checksum: Gives its checksum once all bytes have come.
            is_open: Raises if the upload is none any more; looked at before the part counts.

        Raises:
            UploadNotFound: The upload has ended meanwhile.
            StorageFull: There is no room for it.
            PfsOverloaded: There was no memory, or no group, for it in time.
            Exception: Whatever the bytes raise; there is no such part then.
        """
        async with self._transfers.upload(declared_size_bytes):
            file_set_id = await self._pfs.create_file_set(_additions(pieces))
        if is_open is not None:
            await is_open
        return await self._record_part(upload, number, file_set_id, checksum())

    async def copy_part(self, upload: Upload, number: int, source: File) -> PartRecord:
        """Have a whole file as a part; no bytes come this way.

        Raises:
            UploadNotFound: The upload has ended meanwhile.
            FileNotFound: There is no such file.
            CommitNotFound: There is no such commit.
        """
        copy = CopyFile(PART_PATH, source, append=True)
        file_set_id = await self._pfs.create_file_set([copy])
        return await self._record_part(upload, number, file_set_id, b"")

    async def abort(self, upload: Upload) -> None:
        """End an upload: it is none any more, and what it has left goes in the background."""
        with suppress(BranchNotFound, RepoNotFound):
            await self._writes.delete_file(upload.branch, UPLOAD_PATH)
        self.in_background(self._remove(upload.branch))

    async def _remove(self, branch: Branch) -> None:
        try:
            await remove_upload(self._pfs, self._writes, branch)
        except PfsFailure as error:
            log.warning("what an upload has left stays until the next round: %s", error)

    def turn(self, upload_id: str) -> asyncio.Lock:
        """Held by who completes or aborts an upload: in one process one after the other."""
        return self._turns.setdefault(upload_id, asyncio.Lock())

    def in_background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Have work done, also if nobody waits for it any more.

        What fails then, asyncio logs.
        """
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self) -> None:
        """Wait for what is done in the background."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _record_part(
        self, upload: Upload, number: int, file_set_id: str, checksum: bytes
    ) -> PartRecord:
        info = await self._pfs.inspect_file(File(Commit.of_file_set(file_set_id), PART_PATH))
        part = new_part(number, info.size_bytes, info.hash, checksum, file_set_id)
        await self._records.part(upload, part)
        return part


async def _additions(pieces: AsyncIterator[bytes]) -> AsyncIterator[Change]:
    """A part's bytes; of an empty one there is a file too."""
    is_empty = True
    async for piece in pieces:
        is_empty = False
        yield AddFile(PART_PATH, piece)
    if is_empty:
        yield AddFile(PART_PATH, b"")
