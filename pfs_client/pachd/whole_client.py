"""A pachd as a WholePfs: what only tests, and a server that passes calls on, ask of it.

These calls are translations and nothing more: nothing here keeps a caller from harm.
"""

from __future__ import annotations

from collections.abc import Iterable

from pfs_client.interface import Changes
from pfs_client.pachd import messages
from pfs_client.pachd.client import PachdClient
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import (
    Branch,
    Commit,
    File,
    FileInfo,
    ProjectInfo,
    Repo,
    RepoInfo,
)
from pfs_client.whole_pfs import WholePfs


class WholePachdClient(PachdClient, WholePfs):
    """A pachd somewhere else, with everything that can be done to it."""

    async def list_project(self) -> list[ProjectInfo]:
        """All projects, by name."""
        found = await self._caller.gather("ListProject", pfs_pb2.ListProjectRequest())
        return sorted(map(messages.project_info_of, found), key=lambda info: info.name)

    async def inspect_project(self, name: str) -> ProjectInfo:
        """One project."""
        request = pfs_pb2.InspectProjectRequest(project=pfs_pb2.Project(name=name))
        return messages.project_info_of(await self._caller.call("InspectProject", request))

    async def create_project(self, name: str, description: str = "") -> None:
        """Create a project."""
        request = pfs_pb2.CreateProjectRequest(
            project=pfs_pb2.Project(name=name), description=description
        )
        await self._caller.call("CreateProject", request)

    async def delete_project(self, name: str, *, force: bool = False) -> None:
        """Delete a project."""
        request = pfs_pb2.DeleteProjectRequest(project=pfs_pb2.Project(name=name), force=force)
        await self._caller.call("DeleteProject", request)

    async def inspect_repo(self, repo: Repo) -> RepoInfo:
        """One repo."""
        request = pfs_pb2.InspectRepoRequest(repo=messages.repo_message(repo))
        return messages.repo_info_of(await self._caller.call("InspectRepo", request))

    async def create_repo(self, repo: Repo, description: str = "", *, update: bool = False) -> None:
        """Create a repo, or give one that is there a description."""
        request = pfs_pb2.CreateRepoRequest(
            repo=messages.repo_message(repo), description=description, update=update
        )
        await self._caller.call("CreateRepo", request)

    async def delete_repo(
        self, repo: Repo, *, expect_no_branches: bool = False, force: bool = False
    ) -> bool:
        """Delete a repo with all in it, by force if need be."""
        return await self._delete_repo(repo, expect_no_branches=expect_no_branches, force=force)

    async def create_branch(
        self, branch: Branch, *, head: Commit | None = None, provenance: Iterable[Branch] = ()
    ) -> None:
        """Create a branch, or give one that is there another head or provenance."""
        await self._create_branch(branch, head=head, provenance=provenance)

    async def start_commit(self, branch: Branch, description: str = "") -> Commit:
        """Open a commit at a branch's head."""
        request = pfs_pb2.StartCommitRequest(
            branch=messages.branch_message(branch), description=description
        )
        return messages.commit_of(await self._caller.call("StartCommit", request))

    async def finish_commit(self, commit: Commit, error: str = "") -> None:
        """Close an open commit."""
        request = pfs_pb2.FinishCommitRequest(commit=messages.commit_message(commit), error=error)
        await self._caller.call("FinishCommit", request)

    async def modify_stream(self, target: Branch | Commit, changes: Changes) -> None:
        """ModifyFile as pachd has it, without a look at what is sent."""
        if isinstance(target, Commit):
            message = messages.commit_message(target)
        else:
            message = messages.head_message(target)
        await self._changes.modify_file(changes, message)

    async def file_set_stream(self, changes: Changes) -> str:
        """CreateFileSet as pachd has it, without a look at what is sent."""
        return await self._changes.create_file_set(changes)

    async def add_file_set(self, commit: Commit, file_set_id: str) -> None:
        """Put a file set's changes into an open commit."""
        request = pfs_pb2.AddFileSetRequest(
            commit=messages.commit_message(commit), file_set_id=file_set_id
        )
        await self._caller.call("AddFileSet", request)

    async def inspect_directory(self, directory: File) -> FileInfo:
        """A directory, with the size and hash of all below it."""
        request = pfs_pb2.InspectFileRequest(file=messages.file_message(directory))
        return messages.file_info_of(await self._caller.call("InspectFile", request))
