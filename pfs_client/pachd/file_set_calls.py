"""pachd's calls on file sets."""

from __future__ import annotations

from collections.abc import Sequence

from pfs_client.file_sets import MAX_FILE_SET_SECONDS, FileSetCalls
from pfs_client.interface import Changes
from pfs_client.pachd import hazards, messages
from pfs_client.pachd.caller import Caller
from pfs_client.pachd.change_streams import ChangeStreams
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Commit, FileSetKind

_KINDS = {
    FileSetKind.TOTAL: pfs_pb2.GetFileSetRequest.TOTAL,
    FileSetKind.DIFF: pfs_pb2.GetFileSetRequest.DIFF,
}


class PachdFileSetCalls(FileSetCalls):
    """The calls on file sets, for one identity."""

    _caller: Caller
    _changes: ChangeStreams

    async def create_file_set(self, changes: Changes) -> str:
        """Store files outside any commit."""
        return await self._changes.create_file_set(hazards.checked(changes))

    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Keep a file set for longer."""
        request = pfs_pb2.RenewFileSetRequest(file_set_id=file_set_id, ttl_seconds=ttl_seconds)
        await self._caller.call("RenewFileSet", request)

    async def compose_file_set(
        self, file_set_ids: Sequence[str], ttl_seconds: int = MAX_FILE_SET_SECONDS
    ) -> str:
        """One file set out of several."""
        request = pfs_pb2.ComposeFileSetRequest(file_set_ids=file_set_ids, ttl_seconds=ttl_seconds)
        return str((await self._caller.call("ComposeFileSet", request)).file_set_id)

    async def get_file_set(self, commit: Commit, kind: FileSetKind) -> str:
        """A file set of a commit, or of what it changed."""
        hazards.check_commit(commit)
        request = pfs_pb2.GetFileSetRequest(
            commit=messages.commit_message(commit), type=_KINDS[kind]
        )
        return str((await self._caller.call("GetFileSet", request)).file_set_id)
