"""Writing down what has come of an upload, and the file sets that hold its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from pfs_client.failures import BranchNotFound, ConditionFailed, UploadNotFound
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.uploads.records import (
    COMPLETION_PATH,
    UPLOAD_PATH,
    Completion,
    PartRecord,
    Upload,
)
from pfs_client.values import ExpectFile

PART_PATH = "/content"
"""Where the bytes are in the file set of a part, and in that of all parts."""


class RecordWrites:
    """Writes records.

    Args:
        writes: By which.
    """

    def __init__(self, writes: GroupedWrites) -> None:
        self._writes = writes

    async def begin(self, upload: Upload) -> None:
        """Write down what an upload is for, on its new branch."""
        await self._writes.put_record(upload.branch, UPLOAD_PATH, upload.written())

    async def complete(self, upload: Upload, completion: Completion) -> None:
        """Write down what an upload becomes.

        There is one such record, which shares its commit with nothing: so it costs one call.

        Raises:
            UploadNotFound: It has ended meanwhile. On pachd, where that is not found out in the
                commit, who completes an upload that another gateway aborts then has completed it.
        """
        expected = ExpectFile(UPLOAD_PATH, None)
        with _ended(upload):
            await self._writes.put_record(
                upload.branch, COMPLETION_PATH, completion.written(), expected
            )

    async def part(self, upload: Upload, part: PartRecord) -> None:
        """Write down a part, in a group with others; where PFS can decide that, only if it counts.

        Raises:
            UploadNotFound: The upload has ended meanwhile.
        """
        expected = ExpectFile(UPLOAD_PATH, None) if self._writes.takes_conditions else None
        with _ended(upload):
            await self._writes.put_file(
                upload.branch, part.path, _nothing(), declared_size_bytes=0, expect=expected
            )


@contextmanager
def _ended(upload: Upload) -> Iterator[None]:
    try:
        yield
    except (BranchNotFound, ConditionFailed):
        raise UploadNotFound(f"the upload {upload.id} has ended") from None


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""
