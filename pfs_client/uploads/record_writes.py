"""Writing down what has come of an upload, and the file sets that hold its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pfs_client.failures import BranchNotFound, ConditionFailed, UploadNotFound
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.uploads.records import UPLOAD_PATH, Upload
from pfs_client.values import FILE_SETS_REPO_NAME, Commit, ExpectFile, Repo

PART_PATH = "/content"
"""Where the bytes are in the file set of a part, and in that of all parts."""


class RecordWrites:
    """Writes records, as other writes in groups.

    Args:
        writes: By which.
    """

    def __init__(self, writes: GroupedWrites) -> None:
        self._writes = writes

    async def write(
        self, upload: Upload, path: str, content: bytes, *, must_exist: bool = True
    ) -> None:
        """Write a record; where PFS can decide that, only if the upload is still one."""
        expected = None
        if must_exist and self._writes.takes_conditions:
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


def file_set_of(file_set_id: str) -> Commit:
    """What stands for a file set when it is read."""
    return Commit(Repo(FILE_SETS_REPO_NAME), file_set_id)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
