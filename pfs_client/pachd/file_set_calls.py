"""pachd's calls on file sets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import TypeGuard

from pfs_client.failures import PfsFailure
from pfs_client.file_sets import MAX_FILE_SET_SECONDS, FileSetCalls
from pfs_client.interface import Changes
from pfs_client.pachd import hazards, messages
from pfs_client.pachd.caller import Caller
from pfs_client.pachd.change_streams import ChangeStreams
from pfs_client.pachd.known_file_sets import KnownFileSets
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    Change,
    Commit,
    CopyFile,
    File,
    FileInfo,
    FileSetKind,
)

_KEEP_FILE_SET_SECONDS = 600

_KINDS = {
    FileSetKind.TOTAL: pfs_pb2.GetFileSetRequest.TOTAL,
    FileSetKind.DIFF: pfs_pb2.GetFileSetRequest.DIFF,
}


def is_of_file_set(change: Change) -> TypeGuard[CopyFile]:
    """Whether it copies out of a file set."""
    return isinstance(change, CopyFile) and change.source.commit.repo.name == FILE_SETS_REPO_NAME


class PachdFileSetCalls(FileSetCalls):
    """The calls on file sets, for one identity."""

    _caller: Caller
    _changes: ChangeStreams
    _known: KnownFileSets

    async def create_file_set(self, changes: Changes) -> str:
        """Store files outside any commit.

        pachd copies what is in no file set as nothing, and says OK; so they are looked at first.
        """
        return await self._changes.create_file_set(self._with_sources(hazards.checked(changes)))

    async def _with_sources(self, changes: AsyncIterator[Change]) -> AsyncIterator[Change]:
        index = 0
        async for change in changes:
            await self._keep_source(index, change)
            yield change
            index += 1

    async def _keep_source(self, index: int, change: Change) -> None:
        """See that the source of a copy out of a file set is there, and stays."""
        if not is_of_file_set(change):
            return
        file_set_id = change.source.commit.id
        try:
            if not self._known.stays(file_set_id, _KEEP_FILE_SET_SECONDS):
                await self.renew_file_set(file_set_id, _KEEP_FILE_SET_SECONDS)
            if not self._known.has(change.source):
                await self.inspect_file(change.source)
        except PfsFailure as error:
            error.change_index = index
            raise

    @abstractmethod
    async def inspect_file(self, file: File) -> FileInfo:
        """One file."""

    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Keep a file set for longer."""
        request = pfs_pb2.RenewFileSetRequest(file_set_id=file_set_id, ttl_seconds=ttl_seconds)
        asked = self._known.now()
        await self._caller.call("RenewFileSet", request)
        self._known.promised(file_set_id, asked, ttl_seconds)

    async def compose_file_set(
        self, file_set_ids: Sequence[str], ttl_seconds: int = MAX_FILE_SET_SECONDS
    ) -> str:
        """One file set out of several."""
        request = pfs_pb2.ComposeFileSetRequest(file_set_ids=file_set_ids, ttl_seconds=ttl_seconds)
        asked = self._known.now()
        file_set_id = str((await self._caller.call("ComposeFileSet", request)).file_set_id)
        self._known.promised(file_set_id, asked, ttl_seconds)
        return file_set_id

    async def get_file_set(self, commit: Commit, kind: FileSetKind) -> str:
        """A file set of a commit, or of what it changed."""
        hazards.check_commit(commit)
        request = pfs_pb2.GetFileSetRequest(
            commit=messages.commit_message(commit), type=_KINDS[kind]
        )
        return str((await self._caller.call("GetFileSet", request)).file_set_id)
