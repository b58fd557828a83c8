"""The life of an upload: begun, given parts, completed or aborted.

Data of parts is in file sets and in no commit, so that nothing of it is left behind when an upload
ends (`docs/pachd.md`, "File sets"). What has come is written down on the upload's branch, by group
commit as any other write.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from pfs_client.failures import (
    BranchNotFound,
    ConditionFailed,
    FileNotFound,
    FileSetNotFound,
    InvalidPath,
    NotAFile,
    OutputBranch,
    PathCollision,
    PfsFailure,
    RepoNotFound,
    UploadNotFound,
)
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.interface import PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.limits.transfers import Transfers
from pfs_client.uploads.reading import UploadReader, UploadState
from pfs_client.uploads.records import (
    COMPLETION_PATH,
    UPLOAD_PATH,
    Completion,
    PartRecord,
    Upload,
    new_part,
    new_upload_id,
    upload_branch,
    upload_id_of,
)
from pfs_client.uploads.removal import remove_upload
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Change,
    Commit,
    CopyFile,
    ExpectFile,
    File,
    FileInfo,
    Repo,
)

T = TypeVar("T")

_PART_PATH = "/content"
_READ_AT_ONCE = 8
_NOT_WRITTEN = (ConditionFailed, FileSetNotFound, InvalidPath, OutputBranch, PathCollision)
"""Failures that say that a file was not written, and not only that nobody knows."""


@dataclass(frozen=True, slots=True)
class ComposedFile:
    """All parts as one file, in a file set of its own."""

    file_set: Commit
    info: FileInfo


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
        self.reader = UploadReader(pfs)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def begin(
        self, target: Branch, path: str, algorithm: str = "", checksum_type: str = ""
    ) -> Upload:
        """Begin an upload of a file."""
        started = datetime.now(UTC)
        upload = Upload(new_upload_id(), target, path, started, algorithm, checksum_type)
        await self._pfs.create_branch(upload.branch)
        await self._write_record(upload, UPLOAD_PATH, upload.written(), expect=None)
        return upload

    async def find(self, target: Branch, path: str, upload_id: str) -> UploadState:
        """An upload of this file with all its parts, completed or not.

        Raises:
            UploadNotFound: There is none, or no longer, or it is another file's.
        """
        branch = upload_branch(target.repo, upload_id)
        state = None if branch is None else await self.reader.read(branch)
        if state is None or (state.upload.target, state.upload.path) != (target, path):
            raise UploadNotFound(f"there is no upload {upload_id} of this file")
        return state

    async def list(self, target: Branch) -> list[UploadState]:
        """All uploads to a branch that are under way."""
        found: list[UploadState] = []

        async def look(branch: Branch, head: Commit) -> None:
            state = await self.reader.read_at(branch, head)
            if state is not None and state.completion is None and state.upload.target == target:
                found.append(state)

        infos = [i for i in await self._pfs.list_branch(target.repo) if upload_id_of(i.branch)]
        await for_each(infos, lambda info: look(info.branch, info.head), _READ_AT_ONCE)
        return found

    async def store_part(
        self,
        upload: Upload,
        number: int,
        pieces: AsyncIterator[bytes],
        declared_size_bytes: int | None,
        checksum: Callable[[], bytes],
    ) -> PartRecord:
        """Store a part whose bytes are still coming.

        Args:
            upload: Whose.
            number: Its own; of several of one number the last counts.
            pieces: Its bytes.
            declared_size_bytes: How many, if that is known.
            checksum: Gives its checksum once all bytes have come.

        Raises:
            UploadNotFound: The upload has ended meanwhile.
            StorageFull: There is no room for it.
            PfsOverloaded: There was no memory, or no group, for it in time.
            Exception: Whatever the bytes raise; there is no such part then.
        """
        async with self._transfers.upload(declared_size_bytes):
            file_set_id = await self._pfs.create_file_set(_additions(pieces))
        return await self._record_part(upload, number, file_set_id, checksum())

    async def copy_part(self, upload: Upload, number: int, source: File) -> PartRecord:
        """Have a whole file as a part; no bytes come this way.

        Raises:
            UploadNotFound: The upload has ended meanwhile.
            FileNotFound: There is no such file.
            CommitNotFound: There is no such commit.
        """
        copy = CopyFile(_PART_PATH, source, append=True)
        file_set_id = await self._pfs.create_file_set([copy])
        return await self._record_part(upload, number, file_set_id, b"")

    async def compose(self, parts: Sequence[PartRecord]) -> ComposedFile:
        """Put parts together.

        Raises:
            FileSetNotFound: One of them has expired.
            PfsFailure: They did not add up: pachd leaves out without an error what it cannot put
                together.
        """
        if len(parts) == 1:
            file_set_id = parts[0].file_set_id
        else:
            file_set_id = await self._pfs.compose_file_set([part.file_set_id for part in parts])
        file_set = _file_set(file_set_id)
        try:
            info = await self._pfs.inspect_file(File(file_set, _PART_PATH))
        except FileNotFound:
            raise FileSetNotFound("a part has expired") from None
        size_bytes = sum(part.size_bytes for part in parts)
        if info.size_bytes != size_bytes:
            raise PfsFailure(
                f"{len(parts)} parts of {size_bytes} bytes made a file of {info.size_bytes}"
            )
        return ComposedFile(file_set, info)

    async def write(
        self,
        upload: Upload,
        completion: Completion,
        composed: ComposedFile,
        expect: ExpectFile | None,
    ) -> None:
        """Write down what the upload becomes, and then the file.

        Raises:
            UploadNotFound: The upload has ended meanwhile.
            PfsFailure: As for `GroupedWrites.put_file`.
        """
        await self._write_record(upload, COMPLETION_PATH, completion.written())
        try:
            await self._writes.copy_file(
                upload.target, upload.path, composed.file_set, composed.info, expect
            )
        except _NOT_WRITTEN:
            with suppress(PfsFailure):
                await self._writes.delete_file(upload.branch, COMPLETION_PATH)
            raise

    async def was_written(self, upload: Upload, completion: Completion, head: Commit) -> bool:
        """Whether the file that an upload was completed as has been at the target since.

        Args:
            upload: The upload.
            completion: What it is completed as.
            head: The target's head now.
        """
        if head.id == completion.base:
            return False
        if await self._hash_at(File(head, upload.path)) == completion.hash:
            return True
        base = completion.base_in(head.repo)
        since = {
            info.commit.id
            async for info in self._pfs.list_commit(head.repo, newest=head, since=base)
        }
        async for found in self._pfs.find_commits(head, upload.path):
            if found.commit.id not in since:
                return False
            if await self._hash_at(File(found.commit, upload.path)) == completion.hash:
                return True
        return False

    async def abort(self, upload: Upload) -> None:
        """End an upload: it is none any more, and what it has left goes in the background."""
        with suppress(BranchNotFound, RepoNotFound):
            await self._writes.delete_file(upload.branch, UPLOAD_PATH)
        self.in_background(remove_upload(self._pfs, self._writes, upload.branch))

    def turn(self, upload_id: str) -> asyncio.Lock:
        """Held by who completes or aborts an upload: in one process one after the other."""
        return self._turns.setdefault(upload_id, asyncio.Lock())

    def in_background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Have work done, also if nobody waits for it any more."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def drain(self) -> None:
        """Wait for what is done in the background."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # who waits for it is told; nobody may

    async def _record_part(
        self, upload: Upload, number: int, file_set_id: str, checksum: bytes
    ) -> PartRecord:
        info = await self._pfs.inspect_file(File(_file_set(file_set_id), _PART_PATH))
        part = new_part(number, info.size_bytes, info.hash, checksum, file_set_id)
        await self._write_record(upload, part.path, b"")
        return part

    async def _write_record(
        self, upload: Upload, path: str, content: bytes, *, expect: bool | None = True
    ) -> None:
        """Write a record; where PFS can decide that, only if the upload is still one."""
        expected = None
        if expect and self._writes.takes_conditions:
            expected = ExpectFile(UPLOAD_PATH, None)
        try:
            await self._writes.put_file(
                upload.branch,
                path,
                _whole(content),
                declared_size_bytes=len(content),
                expect=expected,
            )
        except (BranchNotFound, ConditionFailed):
            raise UploadNotFound(f"the upload {upload.id} has ended") from None

    async def _hash_at(self, file: File) -> bytes | None:
        try:
            return (await self._pfs.inspect_file(file)).hash
        except (FileNotFound, NotAFile):
            return None


def _file_set(file_set_id: str) -> Commit:
    return Commit(Repo(FILE_SETS_REPO_NAME), file_set_id)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _additions(pieces: AsyncIterator[bytes]) -> AsyncIterator[Change]:
    """A part's bytes; of an empty one there is a file too."""
    is_empty = True
    async for piece in pieces:
        is_empty = False
        yield AddFile(_PART_PATH, piece)
    if is_empty:
        yield AddFile(_PART_PATH, b"")
