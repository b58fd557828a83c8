"""What is known of an upload: all its records, as they are at one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from pfs_client.failures import BranchNotFound, CommitNotFound, RepoNotFound
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
        """The upload that a branch is; None if there is none, or no longer.

        One call tells all, once what the small files hold is known. What they hold, and which parts
        there are, is read at one commit.
        """
        try:
            infos = await self._pfs.walk_head(branch, ALL if with_parts else _BEFORE_PARTS)
            contents = self._kept_contents(branch, infos)
            if contents is not None:
                return self._state(branch, infos, contents)
            head = (await self._pfs.inspect_branch(branch)).head
        except (BranchNotFound, RepoNotFound):
            return None
        return await self.read_at(branch, head, with_parts=with_parts)

    async def read_at(
        self, branch: Branch, head: Commit, *, with_parts: bool = True
    ) -> UploadState | None:
        """The upload that a branch is at a commit; None if it is none there, or no longer.

        Args:
            branch: Its branch.
            head: The commit, which goes only once its upload has ended.
            with_parts: Whether its parts are wanted, of which there may be 10,000.
        """
        try:
            return await self._read_at(branch, head, with_parts=with_parts)
        except CommitNotFound:
            return None

    async def _read_at(
        self, branch: Branch, head: Commit, *, with_parts: bool
    ) -> UploadState | None:
        wanted = ALL if with_parts else _BEFORE_PARTS
        infos = await self._pfs.walk_file(File(head, "/"), wanted)
        contents = {
            info.path: await self._content(branch, head, info) for info in _with_content(infos)
        }
        return self._state(branch, infos, contents)

    def _state(
        self, branch: Branch, infos: Sequence[FileInfo], contents: Mapping[str, bytes]
    ) -> UploadState | None:
        """What files of one commit say, by their names or by what they hold."""
        if UPLOAD_PATH not in contents:
            return None
        upload = read_upload(branch, contents[UPLOAD_PATH])
        self.known[branch] = upload
        completion = None
        if COMPLETION_PATH in contents:
            completion = read_completion(contents[COMPLETION_PATH])
        paths = [info.path for info in infos if info.path.startswith(PARTS_PATH)]
        found = [record for path in paths if (record := read_part(path))]
        return UploadState(
            upload, _last_of_each(found), completion, frozenset(part.file_set_id for part in found)
        )

    def _kept_contents(self, branch: Branch, infos: Sequence[FileInfo]) -> dict[str, bytes] | None:
        """What the files hold whose content counts; None if that is not known of all."""
        kept: dict[str, bytes] = {}
        for info in _with_content(infos):
            content = self._kept.get((branch, info.hash))
            if content is None:
                return None
            kept[info.path] = content
        return kept

    async def _content(self, branch: Branch, head: Commit, info: FileInfo) -> bytes:
        key = (branch, info.hash)
        content = self._kept.get(key)
        if content is None:
            async with await self._pfs.get_file(File(head, info.path)) as stream:
                content = b"".join([piece async for piece in stream])
            self._kept[key] = content
        return content


def _with_content(infos: Sequence[FileInfo]) -> list[FileInfo]:
    """The files whose content counts, and not only their names."""
    return [info for info in infos if info.path in (UPLOAD_PATH, COMPLETION_PATH)]


def _last_of_each(found: list[PartRecord]) -> dict[int, PartRecord]:
    parts: dict[int, PartRecord] = {}
    for part in found:
        there = parts.get(part.number)
        if there is None or part.is_newer_than(there):
            parts[part.number] = part
    return dict(sorted(parts.items()))
