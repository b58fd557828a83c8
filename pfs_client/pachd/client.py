"""pachd as a PfsClient, over pfs_v2.

What pachd does that would hurt is not let happen here: see `hazards`, and the comments where a
call is more than a translation.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Self

from pfs_client.failures import (
    CommitNotFound,
    FileNotFound,
    HeadMoved,
    NotAFile,
    RepoHasBranches,
    RepoNotFound,
)
from pfs_client.interface import ByteStream, PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.pachd import hazards, messages
from pfs_client.pachd.caller import Caller
from pfs_client.pachd.change_streams import ChangeStreams
from pfs_client.pachd.channel import Connection, PachdSettings
from pfs_client.pachd.commit_calls import PachdCommitCalls
from pfs_client.pachd.file_set_calls import PachdFileSetCalls, is_of_file_set
from pfs_client.pachd.known_file_sets import KnownFileSets
from pfs_client.pachd.permission_calls import PachdPermissionCalls
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.pachd.token import Token
from pfs_client.values import (
    ALL,
    Branch,
    BranchInfo,
    Change,
    Commit,
    CommitInfo,
    CopyFile,
    File,
    FileInfo,
    Part,
    Repo,
    RepoInfo,
)

_SOURCES_AT_ONCE = 8


class PachdClient(PachdCommitCalls, PachdFileSetCalls, PachdPermissionCalls, PfsClient):
    """A pachd somewhere else, for one identity. Calls fail with `PfsUnavailable` while it is away.

    Args:
        connection: Where it is; other clients may share it.
        token: Who asks.
    """

    def __init__(self, connection: Connection, token: Token) -> None:
        self._token = token
        self._caller = Caller(connection, token)
        self._changes = ChangeStreams(self._caller)
        self._known = KnownFileSets(time.monotonic)

    @classmethod
    def open(cls, settings: PachdSettings, observer: Observer = UNOBSERVED) -> Self:
        """A client with a connection of its own.

        Args:
            settings: Where pachd is, how to speak to it, and who asks.
            observer: Is told of every call.
        """
        token = Token(settings.token, settings.token_file)
        return cls(Connection(settings, observer), token)

    def read_token_again(self) -> None:
        """Look at the token's file with the next call."""
        self._token.read_again()

    async def get_version(self) -> str:
        """Say which pachd this is."""
        version = await self._caller.version()
        return f"pachd {version.major}.{version.minor}.{version.micro}{version.additional}"

    async def aclose(self) -> None:
        """End all calls and the connection, for all who share it."""
        await self._caller.connection.close()

    async def list_repo(self) -> list[RepoInfo]:
        """All user repos of all projects."""
        request = pfs_pb2.ListRepoRequest(type=messages.USER_TYPE)
        return list(map(messages.repo_info_of, await self._caller.gather("ListRepo", request)))

    async def create_repo(self, repo: Repo) -> None:
        """Create a repo, without branches."""
        request = pfs_pb2.CreateRepoRequest(repo=messages.repo_message(repo))
        await self._caller.call("CreateRepo", request)

    async def delete_repo(self, repo: Repo, *, expect_no_branches: bool = False) -> bool:
        """Delete a repo with all in it.

        Pachd says OK for one that does not exist, and that there was none.
        """
        return await self._delete_repo(repo, expect_no_branches=expect_no_branches)

    async def list_branch(self, repo: Repo) -> list[BranchInfo]:
        """All branches of a repo."""
        request = pfs_pb2.ListBranchRequest(repo=messages.repo_message(repo))
        found = await self._caller.gather("ListBranch", request)
        return list(map(messages.branch_info_of, found))

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, with its head as it is now."""
        request = pfs_pb2.InspectBranchRequest(branch=messages.branch_message(branch))
        return messages.branch_info_of(await self._caller.call("InspectBranch", request))

    async def inspect_head(self, branch: Branch) -> CommitInfo:
        """The commit that is a branch's head as it is now: pachd looks which one it is."""
        request = pfs_pb2.InspectCommitRequest(commit=messages.head_message(branch))
        return messages.commit_info_of(await self._caller.call("InspectCommit", request))

    async def create_branch(self, branch: Branch, *, head: Commit | None = None) -> None:
        """Create a branch. pachd says OK for one that exists."""
        await self._create_branch(branch, head=head)

    async def _create_branch(
        self, branch: Branch, *, head: Commit | None = None, provenance: Iterable[Branch] = ()
    ) -> None:
        if head is not None:
            hazards.check_commit(head)
        request = pfs_pb2.CreateBranchRequest(
            branch=messages.branch_message(branch),
            head=None if head is None else messages.commit_message(head),
            provenance=map(messages.branch_message, provenance),
        )
        await self._caller.call("CreateBranch", request)

    async def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> None:
        """Delete a branch. pachd has no compare-and-set: the head is looked at just before."""
        if expected_head is not None:
            head = (await self.inspect_branch(branch)).head
            if head != expected_head:
                raise HeadMoved(f"the head of {branch} is {head.id}")
        request = pfs_pb2.DeleteBranchRequest(branch=messages.branch_message(branch))
        await self._caller.call("DeleteBranch", request)

    async def modify_file(self, branch: Branch, changes: Sequence[Change]) -> None:
        """Apply changes as one commit, or to the open head; which one pachd does not say.

        Pachd copies a source that is not there as nothing, with OK: they are looked at before.
        """
        copies = [(at, one) for at, one in enumerate(changes) if is_of_file_set(one)]
        await for_each(copies, lambda copy: self._keep_source(*copy), _SOURCES_AT_ONCE)
        try:
            await self._changes.modify_file(hazards.checked(changes), messages.head_message(branch))
        except CommitNotFound as error:
            error.change_index = _copied_from(changes, error.commit)
            raise

    async def release_file_set(self, file_set_id: str) -> None:
        """Leave it to expire: pachd has no call for it."""

    async def inspect_file(self, file: File) -> FileInfo:
        """One file."""
        hazards.check_commit(file.commit)
        request = pfs_pb2.InspectFileRequest(file=messages.file_message(file))
        info = messages.file_info_of(await self._caller.call("InspectFile", request))
        if not info.is_file:
            raise NotAFile(f"{info.path} is a directory")
        if file.commit.is_file_set:
            self._known.saw(file)
        return info

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """What stands in a directory."""
        hazards.check_commit(directory.commit)
        at = messages.file_message(directory)
        request = pfs_pb2.ListFileRequest(
            file=at,
            paginationMarker=_marker(at, part.after),
            number=part.number,
            reverse=part.reverse,
        )
        return await self._caller.listing("ListFile", request, part)

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """Everything at and below a path."""
        hazards.check_commit(directory.commit)
        return await self._walk(messages.file_message(directory), part)

    async def walk_head(self, branch: Branch, part: Part = ALL) -> list[FileInfo]:
        """Everything in a branch's head as it is now, in one call: pachd looks which one it is."""
        root = pfs_pb2.File(commit=messages.head_message(branch), path="/")
        return await self._walk(root, part)

    async def _walk(self, directory: pfs_pb2.File, part: Part) -> list[FileInfo]:
        request = pfs_pb2.WalkFileRequest(
            file=directory,
            paginationMarker=_marker(directory, part.after),
            number=part.number,
            reverse=part.reverse,
        )
        try:
            return await self._caller.listing("WalkFile", request, part)
        except FileNotFound:
            if part.prefix:
                return []
            raise

    async def get_file(
        self, file: File, *, offset: int = 0, size_bytes: int | None = None
    ) -> ByteStream:
        """Open a file for reading."""
        hazards.check_offset(offset)
        hazards.check_commit(file.commit)
        pattern = hazards.literal_pattern(file.path)
        if pattern is None:
            raise FileNotFound(f"no file can have the path {file.path}")
        request = pfs_pb2.GetFileRequest(
            file=messages.file_message(File(file.commit, pattern)), offset=offset
        )
        return await self._caller.get_file(request, size_bytes)

    async def _delete_repo(
        self, repo: Repo, *, expect_no_branches: bool, force: bool = False
    ) -> bool:
        if expect_no_branches and await self._has_branches(repo):
            raise RepoHasBranches(f"repo {repo} has branches")
        request = pfs_pb2.DeleteRepoRequest(repo=messages.repo_message(repo), force=force)
        try:
            return bool((await self._caller.call("DeleteRepo", request)).deleted)
        except RepoNotFound:
            return False

    async def _has_branches(self, repo: Repo) -> bool:
        try:
            request = pfs_pb2.InspectRepoRequest(repo=messages.repo_message(repo))
            return bool((await self._caller.call("InspectRepo", request)).branches)
        except RepoNotFound:
            return False


def _copied_from(changes: Sequence[Change], commit: Commit | None) -> int | None:
    """The first change that copies from a commit."""
    for index, change in enumerate(changes):
        if isinstance(change, CopyFile) and change.source.commit == commit:
            return index
    return None


def _marker(directory: pfs_pb2.File, after: str) -> pfs_pb2.File | None:
    return pfs_pb2.File(commit=directory.commit, path=after) if after else None
