"""pfs_v2's methods that read files. Translation only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress

from google.protobuf.wrappers_pb2 import BytesValue

from pachd_server import globs
from pachd_server import texts as pachd_texts
from pachd_server.calls import Context, streaming, unary
from pachd_server.hazards import OFFSET_PANIC, Hazards
from pachd_server.naming import named_commit
from pachd_server.paging import check_number, entries
from pachd_server.tar import tar_stream
from pachd_server.texts import About, Refusal
from pfs_client.failures import FileNotFound, NotAFile
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Commit, File, FileInfo, Part
from pfs_client.whole_pfs import WholePfs


def _of_file(request: pfs_pb2.InspectFileRequest) -> About:
    file = messages.file_of(request.file)
    return pachd_texts.about_commit(file.commit, request.file.commit.branch.name, file.path)


def _of_new_file(request: pfs_pb2.DiffFileRequest) -> About:
    file = messages.file_of(request.new_file)
    return pachd_texts.about_commit(file.commit, request.new_file.commit.branch.name, file.path)


def _of_glob(request: pfs_pb2.GlobFileRequest) -> About:
    commit = messages.commit_of(request.commit)
    return pachd_texts.about_commit(commit, request.commit.branch.name)


class ReadingServicer:
    """Files of one PFS.

    `directory_sizes` says whether listings tell how much is below each directory, as pachd's do,
    where the PFS leaves that out; it costs a scan.
    """

    pfs: WholePfs
    hazards: Hazards | None
    directory_sizes: bool

    @unary(_of_file, pachd_texts.pick_commit)
    async def InspectFile(
        self, request: pfs_pb2.InspectFileRequest, context: Context
    ) -> pfs_pb2.FileInfo:
        """One file, or a directory with all below it."""
        file = await self._at_commit(request.file)
        try:
            info = await self.pfs.inspect_file(file)
        except NotAFile:
            info = await self.pfs.inspect_directory(file)
        return messages.file_info_message(info, messages.commit_message(file.commit))

    @streaming(_of_file, pachd_texts.pick_commit)
    async def ListFile(
        self, request: pfs_pb2.ListFileRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.FileInfo]:
        """What stands in a directory."""
        part = _part_of(request)
        directory = await self._at_commit(request.file)
        await self._check_listable(directory.commit)
        async for message in self._told(
            directory.commit, entries(self.pfs.list_file, directory, part)
        ):
            yield message

    @streaming(_of_file, pachd_texts.pick_commit)
    async def WalkFile(
        self, request: pfs_pb2.WalkFileRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.FileInfo]:
        """Everything at and below a path."""
        part = _part_of(request)
        directory = await self._at_commit(request.file)
        await self._check_listable(directory.commit)
        infos = entries(self.pfs.walk_file, directory, part)
        try:
            async for message in self._told(directory.commit, infos):
                yield message
        except FileNotFound:
            raise Refusal(
                f"commit/{directory.commit.id} does not contain item: ({directory.path})",
                pachd_texts.NOT_FOUND,
            ) from None

    @streaming(_of_glob, pachd_texts.pick_commit)
    async def GlobFile(
        self, request: pfs_pb2.GlobFileRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.FileInfo]:
        """Everything that matches a pattern."""
        commit = await named_commit(self.pfs, request.commit)
        span = request.path_range
        infos = globs.matching(self.pfs, commit, request.pattern, span.lower, span.upper)
        async for message in self._told(commit, infos):
            yield message

    @streaming(_of_new_file, pachd_texts.pick_commit)
    async def DiffFile(
        self, request: pfs_pb2.DiffFileRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.DiffFileResponse]:
        """What differs between two commits at and below a path."""
        new = await self._at_commit(request.new_file)
        old = await self._at_commit(request.old_file) if request.HasField("old_file") else None
        async for one in self.pfs.diff_file(new, old):
            yield pfs_pb2.DiffFileResponse(
                new_file=_told_at(request.new_file, one.new),
                old_file=_told_at(request.old_file, one.old),
            )

    @streaming(_of_file, pachd_texts.get_file)
    async def GetFile(
        self, request: pfs_pb2.GetFileRequest, context: Context
    ) -> AsyncIterator[BytesValue]:
        """The bytes of the one file that the path, which is a pattern, names."""
        if request.offset < 0:
            if self.hazards is not None:
                self.hazards.end(OFFSET_PANIC)
            raise Refusal("a negative offset, which ends pachd")
        file = await self._at_commit(request.file)
        if globs.is_pattern(file.path):
            file = File(file.commit, await globs.only_match(self.pfs, file))
        async with await self.pfs.get_file(file, offset=request.offset) as stream:
            async for piece in stream:
                yield BytesValue(value=piece)

    @streaming(_of_file, pachd_texts.get_file)
    async def GetFileTAR(
        self, request: pfs_pb2.GetFileRequest, context: Context
    ) -> AsyncIterator[BytesValue]:
        """All that the path, which is a pattern, names, with everything below it."""
        file = await self._at_commit(request.file)
        infos = globs.matching_trees(self.pfs, file.commit, file.path)
        async for piece in tar_stream(self.pfs, file.commit, infos):
            yield BytesValue(value=piece)

    async def _check_listable(self, commit: Commit) -> None:
        """Refuse a commit that has failed, as far as harm is done at all.

        Raises:
            Refusal: It has failed; the text is its error.
        """
        if self.hazards is not None and not commit.is_file_set:
            info = await self.pfs.inspect_commit(commit)
            if info.error:
                raise Refusal(info.error)

    async def _at_commit(self, message: pfs_pb2.File) -> File:
        return File(await named_commit(self.pfs, message.commit), message.path)

    async def _told(
        self, commit: Commit, infos: AsyncIterator[FileInfo]
    ) -> AsyncIterator[pfs_pb2.FileInfo]:
        """Entries as messages, directories with what is below them if that is wanted."""
        named = messages.commit_message(commit)
        async for info in infos:
            if self.directory_sizes and not info.is_file and not info.hash:
                with suppress(FileNotFound):  # gone from an open commit meanwhile
                    info = await self.pfs.inspect_directory(File(commit, info.path))
            yield messages.file_info_message(info, named)


def _part_of(request: pfs_pb2.ListFileRequest | pfs_pb2.WalkFileRequest) -> Part:
    part = Part(request.paginationMarker.path, number=request.number, reverse=request.reverse)
    check_number(part)
    return part


def _told_at(file: pfs_pb2.File, info: FileInfo | None) -> pfs_pb2.FileInfo | None:
    return None if info is None else messages.file_info_message(info, file.commit)
