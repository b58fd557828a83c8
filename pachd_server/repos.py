"""pfs_v2's methods on projects, repos, branches and commits. Translation only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from google.protobuf.empty_pb2 import Empty

from embedded_pfs import branches, commits, repos
from embedded_pfs.engine import Engine
from pachd_server import texts as pachd_texts
from pachd_server.calls import Context, streaming, unary
from pachd_server.texts import About
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Branch, Commit, CommitInfo, Repo

_POLL_SECONDS = 0.02


def _of_project(request: pfs_pb2.InspectProjectRequest) -> About:
    return About(Repo("", request.project.name))


def _of_repo(request: pfs_pb2.InspectRepoRequest) -> About:
    return About(messages.repo_of(request.repo))


def _of_branch(request: pfs_pb2.InspectBranchRequest) -> About:
    return pachd_texts.about_branch(messages.branch_of(request.branch))


def _of_new_branch(request: pfs_pb2.CreateBranchRequest) -> About:
    branch = messages.branch_of(request.branch)
    return About(branch.repo, branch.name, request.head.id or commits.new_hex())


def _of_commit(request: pfs_pb2.InspectCommitRequest) -> About:
    commit = messages.commit_of(request.commit)
    return pachd_texts.about_commit(commit, request.commit.branch.name)


class ReposServicer:
    """Projects, repos, branches and commits of one engine."""

    engine: Engine

    @unary(_of_project)
    async def CreateProject(self, request: pfs_pb2.CreateProjectRequest, context: Context) -> Empty:
        """Create a project."""
        await self.engine.write(repos.create_project, request.project.name, request.description)
        return Empty()

    @unary(_of_project)
    async def InspectProject(
        self, request: pfs_pb2.InspectProjectRequest, context: Context
    ) -> pfs_pb2.ProjectInfo:
        """One project."""
        info = self.engine.look_up(repos.inspect_project, request.project.name)
        return messages.project_info_message(info)

    @streaming(lambda request: About(Repo("")))
    async def ListProject(
        self, request: pfs_pb2.ListProjectRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.ProjectInfo]:
        """All projects."""
        for info in self.engine.look_up(repos.list_projects):
            yield messages.project_info_message(info)

    @unary(_of_project)
    async def DeleteProject(self, request: pfs_pb2.DeleteProjectRequest, context: Context) -> Empty:
        """Delete a project."""
        await self.engine.write(repos.delete_project, request.project.name, force=request.force)
        return Empty()

    @unary(_of_repo)
    async def CreateRepo(self, request: pfs_pb2.CreateRepoRequest, context: Context) -> Empty:
        """Create a repo, without branches."""
        repo = messages.repo_of(request.repo)
        await self.engine.write(repos.create_repo, repo, request.description, update=request.update)
        return Empty()

    @unary(_of_repo)
    async def InspectRepo(
        self, request: pfs_pb2.InspectRepoRequest, context: Context
    ) -> pfs_pb2.RepoInfo:
        """One repo."""
        info = await self.engine.scan(repos.inspect_repo, messages.repo_of(request.repo))
        return messages.repo_info_message(info)

    @streaming(lambda request: About(Repo("")))
    async def ListRepo(
        self, request: pfs_pb2.ListRepoRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.RepoInfo]:
        """All repos of users' data; there are no others here."""
        if request.type not in ("", messages.USER_TYPE):
            return
        projects = {project.name for project in request.projects}
        for info in await self.engine.scan(repos.list_repos):
            if not projects or info.repo.project in projects:
                yield messages.repo_info_message(info)

    @unary(_of_repo)
    async def DeleteRepo(
        self, request: pfs_pb2.DeleteRepoRequest, context: Context
    ) -> pfs_pb2.DeleteRepoResponse:
        """Delete a repo; that there is none is no error."""
        repo = messages.repo_of(request.repo)
        deleted = await self.engine.write(repos.delete_repo, repo, force=request.force)
        return pfs_pb2.DeleteRepoResponse(deleted=deleted)

    @unary(_of_new_branch, pachd_texts.create_branch)
    async def CreateBranch(self, request: pfs_pb2.CreateBranchRequest, context: Context) -> Empty:
        """Create a branch; that there is one is no error."""
        head = messages.commit_of(request.head) if request.head.id else None
        provenance = tuple(map(messages.branch_of, request.provenance))
        await self.engine.write(
            branches.create_branch, messages.branch_of(request.branch), head, provenance
        )
        return Empty()

    @unary(_of_branch, pachd_texts.inspect_branch)
    async def InspectBranch(
        self, request: pfs_pb2.InspectBranchRequest, context: Context
    ) -> pfs_pb2.BranchInfo:
        """One branch."""
        info = self.engine.look_up(branches.inspect_branch, messages.branch_of(request.branch))
        return messages.branch_info_message(info)

    @streaming(_of_repo)
    async def ListBranch(
        self, request: pfs_pb2.ListBranchRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.BranchInfo]:
        """All branches of a repo, the newest first."""
        infos = await self.engine.scan(branches.list_branches, messages.repo_of(request.repo))
        for info in reversed(infos) if request.reverse else infos:
            yield messages.branch_info_message(info)

    @unary(_of_branch, pachd_texts.delete_branch)
    async def DeleteBranch(self, request: pfs_pb2.DeleteBranchRequest, context: Context) -> Empty:
        """Delete a branch."""
        await self.engine.write(branches.delete_branch, messages.branch_of(request.branch), None)
        return Empty()

    @unary(_of_branch, pachd_texts.start_commit)
    async def StartCommit(
        self, request: pfs_pb2.StartCommitRequest, context: Context
    ) -> pfs_pb2.Commit:
        """Open a commit at a branch's head, creating a missing branch."""
        commit = await self.engine.write(
            branches.start_commit,
            messages.branch_of(request.branch),
            description=request.description,
            create_missing=True,
        )
        return messages.commit_message(commit)

    @unary(_of_commit, pachd_texts.pick_commit)
    async def FinishCommit(self, request: pfs_pb2.FinishCommitRequest, context: Context) -> Empty:
        """Close an open commit."""
        commit = self.engine.look_up(branches.named_commit, *_named(request.commit))
        await self.engine.write(commits.finish_commit, commit, request.error)
        return Empty()

    @unary(_of_commit, pachd_texts.pick_commit)
    async def InspectCommit(
        self, request: pfs_pb2.InspectCommitRequest, context: Context
    ) -> pfs_pb2.CommitInfo:
        """One commit, once it has come as far as is asked for."""
        commit = self.engine.look_up(branches.named_commit, *_named(request.commit))
        while True:
            info = self.engine.look_up(commits.inspect, commit)
            if _has_reached(info, request.wait):
                return messages.commit_info_message(info)
            await asyncio.sleep(_POLL_SECONDS)

    @streaming(_of_repo, pachd_texts.pick_commit)
    async def ListCommit(
        self, request: pfs_pb2.ListCommitRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.CommitInfo]:
        """A repo's commits, or one commit's history, the newest first."""
        newest = None
        if request.HasField("to"):
            newest = self.engine.look_up(branches.named_commit, *_named(request.to))
        repo = messages.repo_of(request.repo) if newest is None else newest.repo
        oldest = request.__getattribute__("from").id
        listed = await self.engine.scan(branches.list_commits, repo, newest)
        for commit in reversed(listed) if request.reverse else listed:
            if commit.id == oldest:
                break
            info = self.engine.look_up(commits.inspect, commit)
            if request.origin_kind in (0, info.origin.value):
                yield messages.commit_info_message(info)

    @streaming(_of_repo, pachd_texts.pick_commit)
    async def SubscribeCommit(
        self, request: pfs_pb2.SubscribeCommitRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.CommitInfo]:
        """A branch's commits, the oldest first, each once it has come as far as is asked for."""
        branch = Branch(messages.repo_of(request.repo), request.branch)
        seen = request.__getattribute__("from").id
        while True:
            head = self.engine.look_up(branches.inspect_branch, branch).head
            for commit in await self._since(head, seen):
                info = self.engine.look_up(commits.inspect, commit)
                while not _has_reached(info, request.state):
                    await asyncio.sleep(_POLL_SECONDS)
                    info = self.engine.look_up(commits.inspect, commit)
                yield messages.commit_info_message(info)
            seen = head.id
            await asyncio.sleep(_POLL_SECONDS)

    async def _since(self, head: Commit, seen: str) -> list[Commit]:
        """The commits from the one behind `seen` to the head, in order."""
        fresh = []
        for commit in await self.engine.scan(branches.list_commits, head.repo, head):
            if commit.id == seen:
                break
            fresh.append(commit)
        return fresh[::-1]

    @unary(_of_commit, pachd_texts.pick_commit)
    async def DropCommit(
        self, request: pfs_pb2.DropCommitRequest, context: Context
    ) -> pfs_pb2.DropCommitResponse:
        """Take a commit back that nothing is based on."""
        await self.engine.write(commits.drop, messages.commit_of(request.commit))
        return pfs_pb2.DropCommitResponse()


def _named(message: pfs_pb2.Commit) -> tuple[Commit, str]:
    return messages.commit_of(message), message.branch.name


def _has_reached(info: CommitInfo, state: int) -> bool:
    if state == pfs_pb2.FINISHED:
        return info.finished is not None
    if state == pfs_pb2.FINISHING:
        return info.finishing is not None
    return True
