"""pfs_v2's methods on projects, repos and branches. Translation only."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

from google.protobuf.empty_pb2 import Empty

from pachd_server import texts as pachd_texts
from pachd_server.calls import Context, streaming, unary
from pachd_server.hazards import Hazards
from pachd_server.texts import About
from pfs_client.failures import RepoNotFound
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Repo
from pfs_client.whole_pfs import WholePfs


def _of_project(request: pfs_pb2.InspectProjectRequest) -> About:
    return About(Repo("", request.project.name))


def _of_repo(request: pfs_pb2.InspectRepoRequest) -> About:
    return About(messages.repo_of(request.repo))


def _of_branch(request: pfs_pb2.InspectBranchRequest) -> About:
    return pachd_texts.about_branch(messages.branch_of(request.branch))


def _of_new_branch(request: pfs_pb2.CreateBranchRequest) -> About:
    branch = messages.branch_of(request.branch)
    return About(branch.repo, branch.name, request.head.id or uuid.uuid4().hex)


class ReposServicer:
    """Projects, repos and branches of one PFS."""

    pfs: WholePfs
    hazards: Hazards | None

    @unary(_of_project)
    async def CreateProject(self, request: pfs_pb2.CreateProjectRequest, context: Context) -> Empty:
        """Create a project."""
        await self.pfs.create_project(request.project.name, request.description)
        return Empty()

    @unary(_of_project)
    async def InspectProject(
        self, request: pfs_pb2.InspectProjectRequest, context: Context
    ) -> pfs_pb2.ProjectInfo:
        """One project."""
        return messages.project_info_message(await self.pfs.inspect_project(request.project.name))

    @streaming(pachd_texts.about_nothing)
    async def ListProject(
        self, request: pfs_pb2.ListProjectRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.ProjectInfo]:
        """All projects."""
        for info in await self.pfs.list_project():
            yield messages.project_info_message(info)

    @unary(_of_project)
    async def DeleteProject(self, request: pfs_pb2.DeleteProjectRequest, context: Context) -> Empty:
        """Delete a project."""
        await self.pfs.delete_project(request.project.name, force=request.force)
        return Empty()

    @unary(_of_repo)
    async def CreateRepo(self, request: pfs_pb2.CreateRepoRequest, context: Context) -> Empty:
        """Create a repo, without branches."""
        repo = messages.repo_of(request.repo)
        await self.pfs.create_repo(repo, request.description, update=request.update)
        return Empty()

    @unary(_of_repo)
    async def InspectRepo(
        self, request: pfs_pb2.InspectRepoRequest, context: Context
    ) -> pfs_pb2.RepoInfo:
        """One repo."""
        return messages.repo_info_message(
            await self.pfs.inspect_repo(messages.repo_of(request.repo))
        )

    @streaming(pachd_texts.about_nothing)
    async def ListRepo(
        self, request: pfs_pb2.ListRepoRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.RepoInfo]:
        """All repos of users' data; there are no others here."""
        if request.type not in ("", messages.USER_TYPE):
            return
        projects = {project.name for project in request.projects}
        for info in await self.pfs.list_repo():
            if not projects or info.repo.project in projects:
                yield messages.repo_info_message(info)

    @unary(_of_repo, pachd_texts.delete_repo)
    async def DeleteRepo(
        self, request: pfs_pb2.DeleteRepoRequest, context: Context
    ) -> pfs_pb2.DeleteRepoResponse:
        """Delete a repo; that there is none is no error."""
        repo = messages.repo_of(request.repo)
        if self.hazards is None:
            deleted = await self.pfs.delete_repo(repo, force=request.force)
        else:
            deleted = await self.hazards.delete_repo(self.pfs, repo, force=request.force)
        return pfs_pb2.DeleteRepoResponse(deleted=deleted)

    @unary(_of_new_branch, pachd_texts.create_branch)
    async def CreateBranch(self, request: pfs_pb2.CreateBranchRequest, context: Context) -> Empty:
        """Create a branch; that there is one is no error."""
        await self.pfs.create_branch(
            messages.branch_of(request.branch),
            head=messages.commit_of(request.head) if request.head.id else None,
            provenance=tuple(map(messages.branch_of, request.provenance)),
        )
        return Empty()

    @unary(_of_branch, pachd_texts.inspect_branch)
    async def InspectBranch(
        self, request: pfs_pb2.InspectBranchRequest, context: Context
    ) -> pfs_pb2.BranchInfo:
        """One branch."""
        branch = messages.branch_of(request.branch)
        try:
            return messages.branch_info_message(await self.pfs.inspect_branch(branch))
        except RepoNotFound:
            await self.pfs.inspect_project(branch.repo.project)  # the first thing that is missing
            raise

    @streaming(_of_repo)
    async def ListBranch(
        self, request: pfs_pb2.ListBranchRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.BranchInfo]:
        """All branches of a repo, the newest first."""
        infos = await self.pfs.list_branch(messages.repo_of(request.repo))
        for info in reversed(infos) if request.reverse else infos:
            yield messages.branch_info_message(info)

    @unary(_of_branch, pachd_texts.delete_branch)
    async def DeleteBranch(self, request: pfs_pb2.DeleteBranchRequest, context: Context) -> Empty:
        """Delete a branch."""
        await self.pfs.delete_branch(messages.branch_of(request.branch))
        return Empty()
