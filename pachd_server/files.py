"""pfs_v2's methods on files and file sets. Translation only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TypeAlias

from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import BytesValue

from embedded_pfs import branches, changes, file_sets, files, listings
from embedded_pfs.engine import Engine
from pachd_server import globs
from pachd_server import texts as pachd_texts
from pachd_server.calls import Context, see_whole, streaming, unary
from pachd_server.tar import tar_stream
from pachd_server.texts import About
from pfs_client.failures import FileNotFound, NotAFile, PfsFailure
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Change,
    Commit,
    CopyFile,
    DeleteFile,
    File,
    Part,
    Repo,
)

_PAGE = 1000

Requests: TypeAlias = AsyncIterator[pfs_pb2.ModifyFileRequest]


def _of_file(request: pfs_pb2.InspectFileRequest) -> About:
    file = messages.file_of(request.file)
    return pachd_texts.about_commit(file.commit, request.file.commit.branch.name, file.path)


def _of_glob(request: pfs_pb2.GlobFileRequest) -> About:
    commit = messages.commit_of(request.commit)
    return pachd_texts.about_commit(commit, request.commit.branch.name)


def _of_file_set(request: pfs_pb2.RenewFileSetRequest) -> About:
    return About(Repo(""), commit_id=request.file_set_id)


def _of_nothing(request: object) -> About:
    return About(Repo(""))


class FilesServicer:
    """Files and file sets of one engine."""

    engine: Engine
    directory_sizes: bool

    @unary(_of_nothing)
    async def ModifyFile(self, request: Requests, context: Context) -> Empty:
        """Apply a stream of changes to a branch, which may be created, or to an open commit."""
        target = await _target_of(request)
        async with self.engine.staging() as staging:
            staged = await staging.take(self._changes(request))
            await see_whole(context)
            if target.id:
                more = await self.engine.write(
                    changes.modify_commit, self.engine.blobs, messages.commit_of(target), staged
                )
            else:
                more = await self.engine.write(
                    changes.modify_branch,
                    self.engine.blobs,
                    messages.branch_of(target.branch),
                    staged,
                    create_missing=True,
                )
            await staging.settle(more)
        return Empty()

    @unary(_of_file, pachd_texts.pick_commit)
    async def InspectFile(
        self, request: pfs_pb2.InspectFileRequest, context: Context
    ) -> pfs_pb2.FileInfo:
        """One file, or a directory with all below it."""
        file = self._at_commit(request.file)
        try:
            info = self.engine.look_up(files.inspect_file, file)
        except NotAFile:
            info = await self.engine.scan(listings.inspect_directory, file)
        return messages.file_info_message(info, messages.commit_message(file.commit))

    @streaming(_of_file, pachd_texts.pick_commit)
    async def ListFile(
        self, request: pfs_pb2.ListFileRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.FileInfo]:
        """What stands in a directory."""
        async for info in self._pages(request, listings.list_file):
            yield info

    @streaming(_of_file, pachd_texts.pick_commit)
    async def WalkFile(
        self, request: pfs_pb2.WalkFileRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.FileInfo]:
        """Everything at and below a path."""
        async for info in self._pages(request, listings.walk_file):
            yield info

    @streaming(_of_glob, pachd_texts.pick_commit)
    async def GlobFile(
        self, request: pfs_pb2.GlobFileRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.FileInfo]:
        """Everything that matches a pattern."""
        commit = self._named(request.commit)
        span = request.path_range
        infos = await self.engine.scan(
            globs.glob_file, commit, request.pattern, span.lower, span.upper, self.directory_sizes
        )
        named = messages.commit_message(commit)
        for info in infos:
            yield messages.file_info_message(info, named)

    @streaming(_of_file, pachd_texts.get_file)
    async def GetFile(
        self, request: pfs_pb2.GetFileRequest, context: Context
    ) -> AsyncIterator[BytesValue]:
        """The bytes of the one file that the path, which is a pattern, names."""
        if request.offset < 0:
            raise PfsFailure("a negative offset, which would crash pachd")
        file = self._at_commit(request.file)
        if globs.is_pattern(file.path):
            file = File(file.commit, await self.engine.scan(globs.only_match, file))
        async with await self.engine.open_file(file, request.offset, None) as stream:
            async for piece in stream:
                yield BytesValue(value=piece)

    @streaming(_of_file, pachd_texts.get_file)
    async def GetFileTAR(
        self, request: pfs_pb2.GetFileRequest, context: Context
    ) -> AsyncIterator[BytesValue]:
        """All that the path, which is a pattern, names, with everything below it."""
        file = self._at_commit(request.file)
        entries, committed = await self.engine.scan(globs.files_for_tar, file)
        async for piece in tar_stream(self.engine, entries, committed):
            yield BytesValue(value=piece)

    @unary(_of_nothing)
    async def CreateFileSet(
        self, request: Requests, context: Context
    ) -> pfs_pb2.CreateFileSetResponse:
        """Store files outside any commit."""
        async with self.engine.staging() as staging:
            staged = await staging.take(self._changes(request))
            await see_whole(context)
            id_, more = await self.engine.write(file_sets.create, self.engine.blobs, staged)
            await staging.settle(more)
        return pfs_pb2.CreateFileSetResponse(file_set_id=id_)

    @unary(_of_file_set)
    async def RenewFileSet(self, request: pfs_pb2.RenewFileSetRequest, context: Context) -> Empty:
        """Keep a file set for longer."""
        await self.engine.write(file_sets.renew, request.file_set_id, request.ttl_seconds)
        return Empty()

    @unary(_of_nothing)
    async def ComposeFileSet(
        self, request: pfs_pb2.ComposeFileSetRequest, context: Context
    ) -> pfs_pb2.CreateFileSetResponse:
        """One file set out of several."""
        ids = list(request.file_set_ids)
        id_, writers = await self.engine.write(
            file_sets.compose, self.engine.blobs, ids, request.ttl_seconds
        )
        for writer in writers:
            writer.forget()
        return pfs_pb2.CreateFileSetResponse(file_set_id=id_)

    @unary(_of_file_set)
    async def AddFileSet(self, request: pfs_pb2.AddFileSetRequest, context: Context) -> Empty:
        """Put a file set's changes into an open commit."""
        commit = self._named(request.commit)
        writers = await self.engine.write(
            changes.add_file_set, self.engine.blobs, commit, request.file_set_id
        )
        for writer in writers:
            writer.forget()
        return Empty()

    async def _changes(self, requests: Requests) -> AsyncIterator[Change]:
        async for request in requests:
            match request.WhichOneof("body"):
                case "add_file":
                    if request.add_file.HasField("url"):
                        raise PfsFailure("files are not fetched from URLs here")
                    yield AddFile(request.add_file.path, request.add_file.raw.value)
                case "delete_file":
                    yield DeleteFile(request.delete_file.path)
                case "copy_file":
                    copy = request.copy_file
                    yield CopyFile(copy.dst, self._at_commit(copy.src), copy.append)
                case "set_commit":
                    raise PfsFailure("cannot set commit")
                case _:
                    raise PfsFailure("unrecognized message type")

    def _named(self, message: pfs_pb2.Commit) -> Commit:
        """The commit that a message names, by its id or by a branch whose head it is."""
        commit = messages.commit_of(message)
        if commit.repo.name == FILE_SETS_REPO_NAME:
            return commit
        return self.engine.look_up(branches.named_commit, commit, message.branch.name)

    def _at_commit(self, message: pfs_pb2.File) -> File:
        return File(self._named(message.commit), message.path)

    async def _pages(
        self,
        request: pfs_pb2.ListFileRequest | pfs_pb2.WalkFileRequest,
        listing: listings.Listing,
    ) -> AsyncIterator[pfs_pb2.FileInfo]:
        """A listing, gathered in pages, so that no listing is held whole."""
        directory = self._at_commit(request.file)
        named = messages.commit_message(directory.commit)
        part = Part(request.paginationMarker.path, number=request.number, reverse=request.reverse)
        listings.check_number(part)
        left = part.number or None
        while True:
            part = replace(part, number=_PAGE if left is None else min(left, _PAGE))
            try:
                page = await self.engine.scan(
                    listings.page_with_sizes, listing, directory, part, self.directory_sizes
                )
            except FileNotFound:
                if part.after == request.paginationMarker.path:
                    raise
                return  # the page before was the last, and full
            for info in page:
                yield messages.file_info_message(info, named)
            left = None if left is None else left - len(page)
            if len(page) < part.number or left == 0:
                return
            part = replace(part, after=page[-1].path)


async def _target_of(requests: Requests) -> pfs_pb2.Commit:
    async for first in requests:
        if first.HasField("set_commit"):
            return first.set_commit
        break
    raise PfsFailure("first message must be a commit")
