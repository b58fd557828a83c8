"""pfs_v2's methods that write files, into commits and into file sets. Translation only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeAlias

from google.protobuf.empty_pb2 import Empty

from pachd_server import texts as pachd_texts
from pachd_server.calls import Context, see_whole, unary
from pachd_server.hazards import Hazards, losing_copies
from pachd_server.naming import named_commit
from pachd_server.texts import About, Refusal
from pfs_client.interface import MAX_FILE_SET_SECONDS
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import AddFile, Change, CopyFile, DeleteFile, File, FileSetKind, Repo
from pfs_client.whole_pfs import WholePfs

_DIFF = pfs_pb2.GetFileSetRequest.DIFF

Requests: TypeAlias = AsyncIterator[pfs_pb2.ModifyFileRequest]


def _of_file_set(request: pfs_pb2.RenewFileSetRequest) -> About:
    return About(Repo(""), commit_id=request.file_set_id)


def _of_commit(request: pfs_pb2.GetFileSetRequest) -> About:
    commit = messages.commit_of(request.commit)
    return pachd_texts.about_commit(commit, request.commit.branch.name)


class WritingServicer:
    """What is written to one PFS."""

    pfs: WholePfs
    hazards: Hazards | None

    @unary(pachd_texts.about_nothing)
    async def ModifyFile(self, request: Requests, context: Context) -> Empty:
        """Apply a stream of changes to a branch, which may be created, or to an open commit."""
        named = await _target_of(request)
        target = messages.commit_of(named) if named.id else messages.branch_of(named.branch)
        changes = self._changes(request, context)
        if self.hazards is None:
            await self.pfs.modify_stream(target, changes)
        else:
            await self.hazards.modify(self.pfs, target, changes)
        return Empty()

    @unary(pachd_texts.about_nothing)
    async def CreateFileSet(
        self, request: Requests, context: Context
    ) -> pfs_pb2.CreateFileSetResponse:
        """Store files outside any commit."""
        changes = self._changes(request, context)
        if self.hazards is not None:
            changes = losing_copies(changes)
        id_ = await self.pfs.file_set_stream(changes)
        return pfs_pb2.CreateFileSetResponse(file_set_id=id_)

    @unary(_of_file_set)
    async def RenewFileSet(self, request: pfs_pb2.RenewFileSetRequest, context: Context) -> Empty:
        """Keep a file set for longer."""
        _check_ttl(request.ttl_seconds)
        await self.pfs.renew_file_set(request.file_set_id, request.ttl_seconds)
        return Empty()

    @unary(pachd_texts.about_nothing, pachd_texts.compose_file_set)
    async def ComposeFileSet(
        self, request: pfs_pb2.ComposeFileSetRequest, context: Context
    ) -> pfs_pb2.CreateFileSetResponse:
        """One file set out of several."""
        _check_ttl(request.ttl_seconds)
        id_ = await self.pfs.compose_file_set(
            list(request.file_set_ids), request.ttl_seconds or MAX_FILE_SET_SECONDS
        )
        return pfs_pb2.CreateFileSetResponse(file_set_id=id_)

    @unary(_of_commit, pachd_texts.pick_commit)
    async def GetFileSet(
        self, request: pfs_pb2.GetFileSetRequest, context: Context
    ) -> pfs_pb2.CreateFileSetResponse:
        """A file set of a commit, or of what it changed."""
        commit = await named_commit(self.pfs, request.commit)
        kind = FileSetKind.DIFF if request.type == _DIFF else FileSetKind.TOTAL
        return pfs_pb2.CreateFileSetResponse(file_set_id=await self.pfs.get_file_set(commit, kind))

    @unary(_of_file_set, pachd_texts.add_file_set)
    async def AddFileSet(self, request: pfs_pb2.AddFileSetRequest, context: Context) -> Empty:
        """Put a file set's changes into an open commit."""
        commit = await named_commit(self.pfs, request.commit)
        await self.pfs.add_file_set(commit, request.file_set_id)
        return Empty()

    async def _changes(self, requests: Requests, context: Context) -> AsyncIterator[Change]:
        async for request in requests:
            match request.WhichOneof("body"):
                case "add_file":
                    if request.add_file.HasField("url"):
                        raise Refusal("files are not fetched from URLs here")
                    yield AddFile(request.add_file.path, request.add_file.raw.value)
                case "delete_file":
                    yield DeleteFile(request.delete_file.path)
                case "copy_file":
                    copy = request.copy_file
                    source = File(await named_commit(self.pfs, copy.src.commit), copy.src.path)
                    yield CopyFile(copy.dst, source, copy.append)
                case "set_commit":
                    raise Refusal("cannot set commit")
                case _:
                    raise Refusal("unrecognized message type")
        await see_whole(context)  # nothing is applied before a stream has ended


async def _target_of(requests: Requests) -> pfs_pb2.Commit:
    async for first in requests:
        if first.HasField("set_commit"):
            return first.set_commit
        break
    raise Refusal("first message must be a commit")


def _check_ttl(ttl_seconds: int) -> None:
    """Refuse what pachd refuses, in its nanoseconds."""
    if ttl_seconds > MAX_FILE_SET_SECONDS:
        limit = MAX_FILE_SET_SECONDS * 10**9
        raise Refusal(f"ttl ({ttl_seconds * 10**9}) exceeds max ttl ({limit})")
