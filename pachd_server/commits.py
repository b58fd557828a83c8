"""pfs_v2's methods on commits. Translation only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from google.protobuf.empty_pb2 import Empty

from pachd_server import texts as pachd_texts
from pachd_server.calls import Context, streaming, unary
from pachd_server.hazards import Hazards
from pachd_server.naming import named_commit, panic
from pachd_server.texts import About
from pfs_client.failures import CommitNotFound
from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Branch, Commit, CommitInfo
from pfs_client.whole_pfs import WholePfs

_POLL_SECONDS = 0.02


def _of_branch(request: pfs_pb2.StartCommitRequest) -> About:
    return pachd_texts.about_branch(messages.branch_of(request.branch))


def _of_commit(request: pfs_pb2.InspectCommitRequest) -> About:
    commit = messages.commit_of(request.commit)
    return pachd_texts.about_commit(commit, request.commit.branch.name)


def _of_start(request: pfs_pb2.FindCommitsRequest) -> About:
    commit = messages.commit_of(request.start)
    return pachd_texts.about_commit(commit, request.start.branch.name, request.file_path)


def _of_history(request: pfs_pb2.ListCommitRequest) -> About:
    if not request.HasField("to"):
        return About(messages.repo_of(request.repo))
    return pachd_texts.about_commit(messages.commit_of(request.to), request.to.branch.name)


def _of_repo(request: pfs_pb2.SubscribeCommitRequest) -> About:
    return About(messages.repo_of(request.repo))


class CommitsServicer:
    """Commits of one PFS."""

    pfs: WholePfs
    hazards: Hazards | None

    @unary(_of_branch, pachd_texts.start_commit)
    async def StartCommit(
        self, request: pfs_pb2.StartCommitRequest, context: Context
    ) -> pfs_pb2.Commit:
        """Open a commit at a branch's head, creating a missing branch."""
        branch = messages.branch_of(request.branch)
        return messages.commit_message(await self.pfs.start_commit(branch, request.description))

    @unary(_of_commit, pachd_texts.pick_commit)
    async def FinishCommit(self, request: pfs_pb2.FinishCommitRequest, context: Context) -> Empty:
        """Close an open commit."""
        commit = await named_commit(self.pfs, request.commit)
        error = request.error
        if self.hazards is not None:
            error = error or self.hazards.fate_of(commit)
        await self.pfs.finish_commit(commit, error)
        return Empty()

    @unary(_of_commit, pachd_texts.pick_commit)
    async def InspectCommit(
        self, request: pfs_pb2.InspectCommitRequest, context: Context
    ) -> pfs_pb2.CommitInfo:
        """One commit, once it has come as far as is asked for."""
        commit = await named_commit(self.pfs, request.commit)
        return messages.commit_info_message(await self._reached(commit, request.wait))

    @streaming(_of_history, pachd_texts.pick_commit)
    async def ListCommit(
        self, request: pfs_pb2.ListCommitRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.CommitInfo]:
        """A repo's commits, or one commit's history, the newest first."""
        newest = None
        if request.HasField("to"):
            newest = await named_commit(self.pfs, request.to)
        repo = messages.repo_of(request.repo) if newest is None else newest.repo
        since = await self._since_of(request)
        # The PFS counts all commits, and we those of the kind that is asked for.
        number = 0 if request.origin_kind or request.reverse else request.number
        infos = self.pfs.list_commit(repo, newest=newest, since=since, number=number)
        left = request.number or None
        async for info in _reversed(infos) if request.reverse else infos:
            if left == 0:
                break
            if request.origin_kind in (0, info.origin.value):
                left = None if left is None else left - 1
                yield messages.commit_info_message(info)

    @streaming(_of_start, pachd_texts.pick_commit)
    async def FindCommits(
        self, request: pfs_pb2.FindCommitsRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.FindCommitsResponse]:
        """The commits that changed a file, the newest first."""
        start = await named_commit(self.pfs, request.start)
        async for found in self.pfs.find_commits(start, request.file_path, request.limit):
            yield pfs_pb2.FindCommitsResponse(
                found_commit=messages.commit_message(found.commit),
                commits_searched=found.commits_searched,
            )

    @streaming(_of_repo, pachd_texts.pick_commit)
    async def SubscribeCommit(
        self, request: pfs_pb2.SubscribeCommitRequest, context: Context
    ) -> AsyncIterator[pfs_pb2.CommitInfo]:
        """A branch's commits, the oldest first, each once it has come as far as is asked for."""
        branch = Branch(messages.repo_of(request.repo), request.branch)
        seen = getattr(request, "from").id
        while True:
            head = (await self.pfs.inspect_branch(branch)).head
            for commit in await self._since(head, seen):
                info = await self._reached(commit, request.state)
                yield messages.commit_info_message(info)
            seen = head.id
            await asyncio.sleep(_POLL_SECONDS)

    @unary(_of_commit, pachd_texts.pick_commit)
    async def DropCommit(
        self, request: pfs_pb2.DropCommitRequest, context: Context
    ) -> pfs_pb2.DropCommitResponse:
        """Take a commit back that nothing is based on."""
        commit = messages.commit_of(request.commit)
        if not request.commit.branch.name and not await self._is_on_branch(commit):
            raise CommitNotFound(f"commit {commit} not found", commit)
        await self.pfs.drop_commit(commit, branch=request.commit.branch.name)
        return pfs_pb2.DropCommitResponse()

    @unary(_of_commit, pachd_texts.pick_commit)
    async def SquashCommit(
        self, request: pfs_pb2.SquashCommitRequest, context: Context
    ) -> pfs_pb2.SquashCommitResponse:
        """Make what a commit did part of what the next one did."""
        commit = messages.commit_of(request.commit)
        if not await self._is_on_branch(commit):
            raise panic()
        await self.pfs.squash_commit(commit, branch=request.commit.branch.name)
        return pfs_pb2.SquashCommitResponse()

    async def _since_of(self, request: pfs_pb2.ListCommitRequest) -> Commit | None:
        """Where a history ends; its field has a name that is none in Python."""
        if not request.HasField("from"):
            return None
        return await named_commit(self.pfs, getattr(request, "from"))

    async def _is_on_branch(self, commit: Commit) -> bool:
        """Whether the branch that a commit was made on is still there."""
        name = (await self.pfs.inspect_commit(commit)).branch
        return name in {info.branch.name for info in await self.pfs.list_branch(commit.repo)}

    async def _since(self, head: Commit, seen: str) -> list[Commit]:
        """The commits from the one behind `seen` to the head, in order."""
        fresh = []
        async for info in self.pfs.list_commit(head.repo, newest=head):
            if info.commit.id == seen:
                break
            fresh.append(info.commit)
        return fresh[::-1]

    async def _reached(self, commit: Commit, state: int) -> CommitInfo:
        """What PFS says of a commit, once it has come as far as a state."""
        while True:
            is_last = state == pfs_pb2.FINISHED
            info = await self.pfs.inspect_commit(commit, wait_finished=is_last)
            if state != pfs_pb2.FINISHING or not info.is_open:
                return info
            await asyncio.sleep(_POLL_SECONDS)


async def _reversed(infos: AsyncIterator[CommitInfo]) -> AsyncIterator[CommitInfo]:
    """The same from its end, for which all have to be there."""
    for info in [info async for info in infos][::-1]:
        yield info
