"""What the gateway asks of a PFS, named after pfs_v2's RPCs. What else there is: `whole_pfs`.

Implementations: `embedded_pfs.client.EmbeddedPfs` on this machine, `pfs_client.pachd.client` for
pachd. The suite in `tests/pfs_contract/` says what they have in common. Nobody asks a PFS which it
is: what one of them needs around it is chosen in `gateway/composition`.

Calls fail with the classes of `pfs_client.failures`. Any call may raise `PfsUnavailable` (PFS is
away), `PfsTimeout` (it has not answered in time), `PfsOverloaded` (it has no resources now),
`PfsAccessDenied` (the token is missing, or may not do this) and a plain `PfsFailure` (anything
else); what a call raises besides, it lists. In a project that is not there no repo is there:
`RepoNotFound`. Only `create_repo` tells the one from the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pfs_client.changes import Changes as Changes
from pfs_client.changes import stream_of as stream_of
from pfs_client.commits import CommitCalls
from pfs_client.file_sets import MAX_FILE_SET_SECONDS as MAX_FILE_SET_SECONDS
from pfs_client.file_sets import FileSetCalls
from pfs_client.permissions import PermissionCalls
from pfs_client.values import (
    ALL,
    Branch,
    BranchInfo,
    Change,
    Commit,
    CommitInfo,
    File,
    FileInfo,
    Part,
    Repo,
    RepoInfo,
)

MAX_FILES_PER_LISTING = 100_000


@dataclass(frozen=True, slots=True)
class FileSpan:
    """A run of bytes in an open file of this machine."""

    descriptor: int
    offset: int
    size_bytes: int


class ByteStream(ABC):
    """The bytes of a file, in pieces; close it to stop before the end.

    `async with` closes it, and so does reaching the end. A failure in the middle is raised by the
    iteration.
    """

    def file_spans(self) -> AsyncIterator[FileSpan | bytes] | None:
        """Iterate over where the bytes lie, once, if they are in files of this machine.

        Whoever can have the system send them from there need not iterate over the bytes. A span is
        good until the next is asked for, or the stream is closed; a few bytes come as they are.
        """
        return None

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over the pieces, once."""

    @abstractmethod
    async def aclose(self) -> None:
        """Release what the stream holds; the server stops sending."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class PfsClient(CommitCalls, FileSetCalls, PermissionCalls, ABC):
    """One PFS, as far as the gateway needs it.

    Safe for any number of concurrent calls; every call may be cancelled. The calls on commits, on
    file sets and about who asks are in `commits`, `file_sets` and `permissions`.
    """

    @abstractmethod
    async def get_version(self) -> str:
        """Say which PFS this is; also the cheapest way to learn that it answers."""

    @abstractmethod
    async def aclose(self) -> None:
        """Release everything. Calls under way fail with `PfsUnavailable`."""

    @abstractmethod
    async def list_repo(self) -> list[RepoInfo]:
        """All user repos of all projects. Slow on pachd: 8 ms a repo."""

    @abstractmethod
    async def create_repo(self, repo: Repo) -> None:
        """Create a repo, without branches.

        Raises:
            RepoExists: There is one of this name in the project.
            ProjectNotFound: There is no such project.
            InvalidName: PFS allows no repo of this name.
        """

    @abstractmethod
    async def delete_repo(self, repo: Repo, *, expect_no_branches: bool = False) -> bool:
        """Delete a repo with all in it, and say whether there was one.

        Raises:
            BranchFeedsOthers: A branch of another repo is computed from one of its branches.
            RepoHasBranches: None were expected. pachd looks just before it deletes, not atomically.
        """

    @abstractmethod
    async def list_branch(self, repo: Repo) -> list[BranchInfo]:
        """All branches of a repo.

        Raises:
            RepoNotFound: There is no such repo.
        """

    @abstractmethod
    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, with its head as it is now.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
        """

    async def inspect_head(self, branch: Branch) -> CommitInfo:
        """The commit that is a branch's head as it is now; on pachd one call, which does not wait.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
        """
        return await self.inspect_commit((await self.inspect_branch(branch)).head)

    @abstractmethod
    async def create_branch(self, branch: Branch, *, head: Commit | None = None) -> None:
        """Create a branch, with a finished empty commit as its head unless one is given.

        It is no error that there is one: a `head` moves it.

        Args:
            branch: The branch.
            head: A commit of any branch of the repo, or of one that has gone.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: The head is not there.
            CommitNotFinished: The head is open, and one that it is based on has not finished.
            InvalidName: PFS allows no branch of this name.
        """

    @abstractmethod
    async def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> None:
        """Delete a branch. Its commits stay readable by id.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
            BranchFeedsOthers: Another branch is computed from it.
            HeadMoved: The head is not the expected one. pachd looks just before it deletes, not
                atomically.
        """

    @abstractmethod
    async def modify_file(self, branch: Branch, changes: Sequence[Change]) -> Commit | None:
        """Apply changes, in order, as one commit at the branch's head, or into an open head.

        All or nothing, and durable once it returns. Look first whether the branch is there and
        nobody's output: pachd creates a missing branch, and accepts writes to an output branch
        whose head is open. pachd also accepts a file where a directory stands, and then drops the
        whole commit (`docs/pachd.md`, "Hazards"), and it takes no `ExpectFile`.

        Returns:
            The commit that it made; None if it went into an open head, or this PFS does not say,
            as pachd.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is no such branch, and this PFS creates none here.
            OutputBranch: A pipeline writes the branch, and its head has finished, or this PFS
                refuses that at any time.
            InvalidPath: A file is added or copied to a path that PFS allows no file at.
            PathCollision: A file would stand where a directory does, or below a file, and this PFS
                looks for that.
            ConditionFailed: An `ExpectFile` does not hold, and this PFS decides them.
            FileSetNotFound: A copy's source is a file set that has expired.
            FileNotFound: It has no such file.
            CommitNotFound: A copy's source is a commit that is not there.
            StorageFull: There is no room for the contents.
        """

    @abstractmethod
    async def inspect_file(self, file: File) -> FileInfo:
        """One file.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: There is no such commit.
            CommitNotFinished: The commit is open, and one that it is based on has not finished.
            FileSetNotFound: The commit stands for a file set that has expired.
            FileNotFound: Nothing stands at the path.
            NotAFile: A directory does.
        """

    @abstractmethod
    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """What stands in a directory, in the order of paths; nothing if there is no such directory.

        Args:
            directory: The commit and the directory's path. A file's path lists that file.
            part: Of which at most `MAX_FILES_PER_LISTING` can be asked by number.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: There is no such commit.
            CommitNotFinished: The commit is open, and one that it is based on has not finished.
            CommitFailed: The commit has finished with an error that keeps it from being listed.
            PfsFailure: Too many are asked for, or a reverse listing without a number.
        """

    @abstractmethod
    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """Everything at and below a path, files and directories, in the order of paths.

        Args:
            directory: The commit and the path.
            part: As for `list_file`.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: There is no such commit.
            CommitNotFinished: The commit is open, and one that it is based on has not finished.
            FileNotFound: Nothing stands at or below the path, it is not `/`, and no prefix is
                given. That nothing is behind a marker, or has a prefix, is an empty list.
            CommitFailed: The commit has finished with an error that keeps it from being listed.
            PfsFailure: Too many are asked for, or a reverse listing without a number.
        """

    async def walk_head(self, branch: Branch, part: Part = ALL) -> list[FileInfo]:
        """Everything in a branch's head as it is now; on pachd one call, which waits for the head.

        Raises:
            RepoNotFound: There is no such repo.
            BranchNotFound: There is the repo, without this branch.
            PfsFailure: As for `walk_file`.
        """
        return await self.walk_file(File((await self.inspect_branch(branch)).head, "/"), part)

    @abstractmethod
    async def get_file(
        self, file: File, *, offset: int = 0, size_bytes: int | None = None
    ) -> ByteStream:
        """Open a file for reading; the first bytes are there when this returns.

        Args:
            file: Commit and path.
            offset: Where to begin; at or beyond the end there is nothing. Never negative.
            size_bytes: Where to stop; None for the end.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: There is no such commit.
            CommitNotFinished: The commit is open, and one that it is based on has not finished.
            FileSetNotFound: The commit stands for a file set that has expired.
            FileNotFound: Nothing stands at the path.
            NotAFile: A directory does.
        """
