"""How an upload becomes a file: its parts are put together, and the file is written, once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from pfs_client.failures import (
    CommitNotFound,
    ConditionFailed,
    FileNotFound,
    FileSetNotFound,
    InvalidPath,
    NotAFile,
    OutputBranch,
    PathCollision,
    PfsFailure,
    UploadNotFound,
)
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.interface import PfsClient
from pfs_client.uploads.record_writes import PART_PATH, RecordWrites
from pfs_client.uploads.records import COMPLETION_PATH, Completion, PartRecord, Upload
from pfs_client.values import Commit, ExpectFile, File, FileInfo

_NOT_WRITTEN = (ConditionFailed, FileSetNotFound, InvalidPath, OutputBranch, PathCollision)
"""Failures that say that a file was not written, and not only that nobody knows."""


@dataclass(frozen=True, slots=True)
class ComposedFile:
    """All parts as one file, in a file set of its own."""

    file_set: Commit
    info: FileInfo


class Completing:
    """Completes uploads.

    Args:
        pfs: Where they are.
        writes: By which files are written.
        records: By which it is written down.
    """

    def __init__(self, pfs: PfsClient, writes: GroupedWrites, records: RecordWrites) -> None:
        self._pfs = pfs
        self._writes = writes
        self._records = records

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
        file_set = Commit.of_file_set(file_set_id)
        try:
            info = await self._pfs.inspect_file(File(file_set, PART_PATH))
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
    ) -> Commit | None:
        """Write down what the upload becomes, and then the file.

        Returns:
            The commit that the file is in, where PFS says which it is.

        Raises:
            UploadNotFound: The upload has ended meanwhile.
            PfsFailure: As for `GroupedWrites.put_file`.
        """
        await self._records.complete(upload, completion)
        try:
            return await self._writes.copy_file(
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

        Raises:
            UploadNotFound: Nobody can know, as no history tells: it has been squashed or dropped,
                or was an open commit. To write the file again might undo a newer write.
        """
        is_there = await self._hash_at(File(head, upload.path)) == completion.hash
        if is_there and head.id != completion.base:
            return True
        try:
            base = await self._pfs.inspect_commit(completion.base_in(head.repo))
        except CommitNotFound:
            raise UploadNotFound("the history since the upload was completed is gone") from None
        if is_there or await self._is_in_history(upload, completion, head):
            return True
        if base.is_open or base.closed > completion.time:
            raise UploadNotFound("the upload was completed in an open commit, which has changed")
        return False

    async def _is_in_history(self, upload: Upload, completion: Completion, head: Commit) -> bool:
        """Whether a commit since an upload's base has made its file."""
        if head.id == completion.base:
            return False
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

    async def _hash_at(self, file: File) -> bytes | None:
        try:
            return (await self._pfs.inspect_file(file)).hash
        except (FileNotFound, NotAFile):
            return None
