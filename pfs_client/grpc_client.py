"""pachd as a PfsClient, over pfs_v2.

What pachd does that would hurt is not let happen here: see `hazards`, and the comments where a
call is more than a translation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.empty_pb2 import Empty

from pfs_client import hazards, messages
from pfs_client.branch_heads import BranchHeads
from pfs_client.failures import (
    FileNotFound,
    HeadMoved,
    NotAFile,
    PfsError,
    RepoHasBranches,
)
from pfs_client.grpc_changes import send_changes
from pfs_client.grpc_channel import Connection, GrpcSettings
from pfs_client.grpc_stream import GrpcStream
from pfs_client.interface import ByteStream, Changes, PfsClient
from pfs_client.pfs_v2 import pfs_pb2, version_pb2_grpc
from pfs_client.pfs_v2.pfs_pb2_grpc import APIStub
from pfs_client.values import (
    ALL,
    FILE_SETS_REPO_NAME,
    Branch,
    BranchInfo,
    Change,
    Commit,
    CommitInfo,
    CopyFile,
    File,
    FileInfo,
    Part,
    ProjectInfo,
    Repo,
    RepoInfo,
)

_KEEP_FILE_SET_SECONDS = 600


class GrpcPfs(PfsClient):
    """A pachd somewhere else. Calls fail with `PfsUnavailable` while it is away.

    Args:
        settings: Where it is and how to speak to it.
    """

    supports_conditions = False
    refuses_collisions = False
    is_remote = True
    small_file_bytes = 1_000_000

    def __init__(self, settings: GrpcSettings) -> None:
        self._connection = Connection(settings)
        self._stub: Any = APIStub(self._connection.channel)  # type: ignore[no-untyped-call]
        self._heads = BranchHeads(self._inspect_branch)
        self._version: Any = version_pb2_grpc.APIStub(self._connection.channel)  # type: ignore[no-untyped-call]

    async def get_version(self) -> str:
        """Say which pachd this is."""
        version = await self._read(self._version.GetVersion, Empty())
        return f"pachd {version.major}.{version.minor}.{version.micro}{version.additional}"

    async def aclose(self) -> None:
        """End all calls and the connection."""
        await self._connection.close()

    async def list_project(self) -> list[ProjectInfo]:
        """All projects, by name."""
        found = await self._read_all(self._stub.ListProject, pfs_pb2.ListProjectRequest())
        return sorted(map(messages.project_info_of, found), key=lambda info: info.name)

    async def create_project(self, name: str, description: str = "") -> None:
        """Create a project."""
        project = pfs_pb2.Project(name=name)
        await self._once(
            self._stub.CreateProject,
            pfs_pb2.CreateProjectRequest(project=project, description=description),
        )

    async def list_repo(self) -> list[RepoInfo]:
        """All user repos of all projects."""
        request = pfs_pb2.ListRepoRequest(type=messages.USER_TYPE)
        return list(map(messages.repo_info_of, await self._read_all(self._stub.ListRepo, request)))

    async def inspect_repo(self, repo: Repo) -> RepoInfo:
        """One repo."""
        request = pfs_pb2.InspectRepoRequest(repo=messages.repo_message(repo))
        return messages.repo_info_of(await self._read(self._stub.InspectRepo, request))

    async def create_repo(self, repo: Repo, description: str = "") -> None:
        """Create a repo, without branches."""
        await self._once(
            self._stub.CreateRepo,
            pfs_pb2.CreateRepoRequest(repo=messages.repo_message(repo), description=description),
        )

    async def delete_repo(
        self, repo: Repo, *, force: bool = False, expect_no_branches: bool = False
    ) -> bool:
        """Delete a repo with all in it.

        Pachd says OK for one that does not exist, and that there was none.
        """
        if expect_no_branches and (await self.inspect_repo(repo)).branches:
            raise RepoHasBranches(f"repo {repo} has branches")
        request = pfs_pb2.DeleteRepoRequest(repo=messages.repo_message(repo), force=force)
        response = await self._once(self._stub.DeleteRepo, request)
        return bool(response.deleted)

    async def list_branch(self, repo: Repo) -> list[BranchInfo]:
        """All branches of a repo."""
        request = pfs_pb2.ListBranchRequest(repo=messages.repo_message(repo))
        found = await self._read_all(self._stub.ListBranch, request)
        return list(map(messages.branch_info_of, found))

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, with its head as it is now."""
        return await self._heads.inspect_branch(branch)

    async def create_branch(
        self,
        branch: Branch,
        *,
        head: Commit | None = None,
        provenance: Iterable[Branch] = (),
    ) -> None:
        """Create a branch. pachd says OK for one that exists."""
        request = pfs_pb2.CreateBranchRequest(
            branch=messages.branch_message(branch),
            head=None if head is None else messages.commit_message(head),
            provenance=map(messages.branch_message, provenance),
        )
        await self._once(self._stub.CreateBranch, request)

    async def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> None:
        """Delete a branch. pachd has no compare-and-set: the head is looked at just before."""
        if expected_head is not None:
            head = (await self.inspect_branch(branch)).head
            if head != expected_head:
                raise HeadMoved(f"the head of {branch} is {head.id}")
        request = pfs_pb2.DeleteBranchRequest(branch=messages.branch_message(branch))
        await self._once(self._stub.DeleteBranch, request)

    async def start_commit(self, branch: Branch) -> Commit:
        """Open a commit at a branch's head."""
        request = pfs_pb2.StartCommitRequest(branch=messages.branch_message(branch))
        return messages.commit_of(await self._once(self._stub.StartCommit, request))

    async def finish_commit(self, commit: Commit) -> None:
        """Close an open commit."""
        request = pfs_pb2.FinishCommitRequest(commit=messages.commit_message(commit))
        await self._once(self._stub.FinishCommit, request)

    async def inspect_commit(self, commit: Commit, *, wait_finished: bool = False) -> CommitInfo:
        """One commit, if asked for only once it has finished."""
        request = pfs_pb2.InspectCommitRequest(
            commit=messages.commit_message(commit),
            wait=pfs_pb2.FINISHED if wait_finished else pfs_pb2.COMMIT_STATE_UNKNOWN,
        )
        return messages.commit_info_of(await self._read(self._stub.InspectCommit, request))

    async def modify_file(self, branch: Branch, changes: Sequence[Change]) -> None:
        """Apply changes as one commit, or to the open head.

        Pachd copies a source that is not there as nothing, with OK: they are looked at before.
        """
        await asyncio.gather(*(self._keep_source(at, one) for at, one in enumerate(changes)))
        target = pfs_pb2.Commit(
            branch=messages.branch_message(branch), repo=messages.repo_message(branch.repo)
        )
        await send_changes(self._connection, self._stub.ModifyFile, changes, target)

    async def create_file_set(self, changes: Changes) -> str:
        """Store files outside any commit."""
        response = await send_changes(self._connection, self._stub.CreateFileSet, changes)
        return str(response.file_set_id)

    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Keep a file set for longer."""
        request = pfs_pb2.RenewFileSetRequest(file_set_id=file_set_id, ttl_seconds=ttl_seconds)
        await self._read(self._stub.RenewFileSet, request)

    async def inspect_file(self, file: File) -> FileInfo:
        """One file."""
        request = pfs_pb2.InspectFileRequest(file=messages.file_message(file))
        info = messages.file_info_of(await self._read(self._stub.InspectFile, request))
        if not info.is_file:
            raise NotAFile(f"{info.path} is a directory")
        return info

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """What stands in a directory."""
        request = pfs_pb2.ListFileRequest(
            file=messages.file_message(directory),
            paginationMarker=_marker(directory, part.after),
            number=part.number,
            reverse=part.reverse,
        )
        return await self._listing(self._stub.ListFile, request, part)

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """Everything at and below a path."""
        request = pfs_pb2.WalkFileRequest(
            file=messages.file_message(directory),
            paginationMarker=_marker(directory, part.after),
            number=part.number,
            reverse=part.reverse,
        )
        try:
            return await self._listing(self._stub.WalkFile, request, part)
        except FileNotFound:
            if part.prefix:
                return []
            raise

    async def get_file(
        self, file: File, *, offset: int = 0, size_bytes: int | None = None
    ) -> ByteStream:
        """Open a file for reading.

        Pfs_v2 has no length: the stream is cancelled where it should end.
        """
        hazards.check_offset(offset)
        pattern = hazards.literal_pattern(file.path)
        if pattern is None:
            raise FileNotFound(f"no file can have the path {file.path}")
        request = pfs_pb2.GetFileRequest(
            file=messages.file_message(File(file.commit, pattern)), offset=offset
        )

        async def opened(deadline_seconds: float) -> GrpcStream:
            call = self._stub.GetFile(request, metadata=self._connection.metadata())
            stream = GrpcStream(call, size_bytes, self._connection.settings.call_seconds)
            await stream.open(deadline_seconds)
            return stream

        return await self._connection.read(opened, self._wait_finished)

    async def _inspect_branch(self, branch: Branch) -> BranchInfo:
        request = pfs_pb2.InspectBranchRequest(branch=messages.branch_message(branch))
        return messages.branch_info_of(await self._read(self._stub.InspectBranch, request))

    async def _wait_finished(self, commit: Commit) -> None:
        await self.inspect_commit(commit, wait_finished=True)

    async def _once(self, method: Any, request: Any) -> Any:
        metadata = self._connection.metadata()
        return await self._connection.once(
            lambda seconds: method(request, timeout=seconds, metadata=metadata)
        )

    async def _read(self, method: Any, request: Any) -> Any:
        metadata = self._connection.metadata()
        return await self._connection.read(
            lambda seconds: method(request, timeout=seconds, metadata=metadata),
            self._wait_finished,
        )

    async def _read_all(self, method: Any, request: Any) -> list[Any]:
        metadata = self._connection.metadata()

        async def gathered(deadline_seconds: float) -> list[Any]:
            call = method(request, timeout=deadline_seconds, metadata=metadata)
            return [message async for message in call]

        return await self._connection.read(gathered, self._wait_finished)

    async def _listing(self, method: Any, request: Any, part: Part) -> list[FileInfo]:
        """Gather a listing, and cancel it where it ends: pfs_v2 knows no prefix and no files."""
        metadata = self._connection.metadata()

        async def gathered(deadline_seconds: float) -> list[FileInfo]:
            call = method(request, timeout=deadline_seconds, metadata=metadata)
            found: list[FileInfo] = []
            files = 0
            try:
                async for message in call:
                    info = messages.file_info_of(message)
                    if info.path.startswith(part.prefix):
                        found.append(info)
                        files += info.is_file
                        if files == part.files != 0:
                            break
                    elif info.path > part.prefix:
                        break
            finally:
                call.cancel()
            return found

        return await self._connection.read(gathered, self._wait_finished)

    async def _keep_source(self, index: int, change: Change) -> None:
        """See that the source of a copy out of a file set is there, and stays."""
        if not isinstance(change, CopyFile):
            return
        file_set = change.source.commit
        if file_set.repo.name != FILE_SETS_REPO_NAME:
            return
        try:
            await self.renew_file_set(file_set.id, _KEEP_FILE_SET_SECONDS)
            await self.inspect_file(change.source)
        except PfsError as error:
            error.change_index = index
            raise


def _marker(directory: File, after: str) -> pfs_pb2.File | None:
    return messages.file_message(File(directory.commit, after)) if after else None
