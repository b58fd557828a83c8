"""What is known of an upload: all its records, as they are at one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cachetools import LRUCache

from pfs_client.failures import BranchNotFound, RepoNotFound
from pfs_client.interface import PfsClient
from pfs_client.uploads.records import (
    COMPLETION_PATH,
    PARTS_PATH,
    UPLOAD_PATH,
    Completion,
    PartRecord,
    Upload,
    read_completion,
    read_part,
    read_upload,
)
from pfs_client.values import ALL, Branch, Commit, File, FileInfo, Part, small_file_hash

_KEPT_RECORDS = 10_000
_BEFORE_PARTS = Part(number=3)
"""The root, and the files that say what an upload is, and what it became."""


@dataclass(frozen=True, slots=True)
class UploadState:
    """An upload with all that has come of it. `parts` are by number, in order."""

    upload: Upload
    parts: Mapping[int, PartRecord]
    completion: Completion | None
    file_set_ids: frozenset[str]
    """Of all parts that have come, also of those that others have replaced."""


class UploadReader:
    """Reads uploads. The small files that say what one is never change, and are kept."""

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs
        self._kept: LRUCache[tuple[Branch, bytes], bytes] = LRUCache(_KEPT_RECORDS)
        self.known: LRUCache[Branch, Upload] = LRUCache(_KEPT_RECORDS)
        """Uploads as they were read last; whether they still are, only PFS can tell."""

    def begun(self, upload: Upload) -> None:
        """Keep what has just been written down of a new upload."""
        content = upload.written()
        self._kept[upload.branch, small_file_hash(content)] = content
        self.known[upload.branch] = upload

    async def read(self, branch: Branch, *, with_parts: bool = True) -> UploadState | None:
        """The upload that a branch is; None if there is none, or no longer."""
        try:
            head = (await self._pfs.inspect_branch(branch)).head
            return await self.read_at(branch, head, with_parts=with_parts)
        except (BranchNotFound, RepoNotFound):
            return None

    async def read_at(
        self, branch: Branch, head: Commit, *, with_parts: bool = True
    ) -> UploadState | None:
        """The upload that a branch is at a commit; None if it is none there.

        Args:
            branch: Its branch.
            head: The commit.
            with_parts: Whether its parts are wanted, of which there may be 10,000.
        """
        wanted = ALL if with_parts else _BEFORE_PARTS
        files = {info.path: info for info in await self._pfs.walk_file(File(head, "/"), wanted)}
        if UPLOAD_PATH not in files:
            return None
        upload = read_upload(branch, await self._content(branch, head, files[UPLOAD_PATH]))
        self.known[branch] = upload
        completion = None
        if COMPLETION_PATH in files:
            content = await self._content(branch, head, files[COMPLETION_PATH])
            completion = read_completion(content)
        paths = [path for path in files if path.startswith(PARTS_PATH)]
        found = [record for path in paths if (record := read_part(path))]
        return UploadState(
            upload, _last_of_each(found), completion, frozenset(part.file_set_id for part in found)
        )

    async def _content(self, branch: Branch, head: Commit, info: FileInfo) -> bytes:
        key = (branch, info.hash)
        content = self._kept.get(key)
        if content is None:
            async with await self._pfs.get_file(File(head, info.path)) as stream:
                content = b"".join([piece async for piece in stream])
            self._kept[key] = content
        return content


def _last_of_each(found: list[PartRecord]) -> dict[int, PartRecord]:
    parts: dict[int, PartRecord] = {}
    for part in found:
        there = parts.get(part.number)
        if there is None or part.is_newer_than(there):
            parts[part.number] = part
    return dict(sorted(parts.items()))
