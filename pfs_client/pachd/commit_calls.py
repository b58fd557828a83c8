"""pachd's calls on commits."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pfs_client.commits import CommitCalls
from pfs_client.pachd import hazards, messages
from pfs_client.pachd.caller import Caller
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.values import Commit, CommitInfo, File, FileDiff, FoundCommit, Repo


class PachdCommitCalls(CommitCalls):
    """The calls on commits, for one identity."""

    _caller: Caller

    async def inspect_commit(self, commit: Commit, *, wait_finished: bool = False) -> CommitInfo:
        """One commit, if asked for only once it has finished."""
        hazards.check_commit(commit)
        request = pfs_pb2.InspectCommitRequest(
            commit=messages.commit_message(commit),
            wait=pfs_pb2.FINISHED if wait_finished else pfs_pb2.COMMIT_STATE_UNKNOWN,
        )
        return messages.commit_info_of(await self._caller.call("InspectCommit", request))

    async def list_commit(
        self,
        repo: Repo,
        *,
        newest: Commit | None = None,
        since: Commit | None = None,
        number: int = 0,
    ) -> AsyncIterator[CommitInfo]:
        """A repo's commits, or one commit and those it is based on, the newest first."""
        for commit in (newest, since):
            if commit is not None:
                hazards.check_commit(commit)
        request = pfs_pb2.ListCommitRequest(
            repo=messages.repo_message(repo),
            to=None if newest is None else messages.commit_message(newest),
            number=number,
        )
        if since is not None:
            getattr(request, "from").CopyFrom(messages.commit_message(since))
        async for message in self._caller.stream("ListCommit", request):
            yield messages.commit_info_of(message)

    async def find_commits(
        self, start: Commit, path: str, limit: int = 0
    ) -> AsyncIterator[FoundCommit]:
        """The commits that changed a file, the newest first."""
        hazards.check_commit(start)
        request = pfs_pb2.FindCommitsRequest(
            start=messages.commit_message(start), file_path=path, limit=limit
        )
        async for message in self._caller.stream("FindCommits", request):
            if message.HasField("found_commit"):
                commit = messages.commit_of(message.found_commit)
                yield FoundCommit(commit, message.commits_searched)

    async def diff_file(self, new: File, old: File | None = None) -> AsyncIterator[FileDiff]:
        """What differs between two commits at and below a path."""
        for file in (new, old):
            if file is not None:
                hazards.check_commit(file.commit)
        request = pfs_pb2.DiffFileRequest(
            new_file=messages.file_message(new),
            old_file=None if old is None else messages.file_message(old),
        )
        async for message in self._caller.stream("DiffFile", request):
            yield messages.file_diff_of(message)

    async def squash_commit(self, commit: Commit, *, branch: str = "") -> None:
        """Make what a finished commit did part of what the next one did."""
        hazards.check_commit(commit)
        request = pfs_pb2.SquashCommitRequest(commit=messages.commit_on(commit, branch))
        await self._caller.call("SquashCommit", request)

    async def drop_commit(self, commit: Commit, *, branch: str = "") -> None:
        """Take a commit back."""
        hazards.check_commit(commit)
        request = pfs_pb2.DropCommitRequest(commit=messages.commit_on(commit, branch))
        await self._caller.call("DropCommit", request)
