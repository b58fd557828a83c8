"""The PFS that the gateway speaks to, named after pfs_v2's RPCs.

Implementations: `embedded_pfs.client.EmbeddedPfs` on this machine, `pfs_client.pachd.client` for
pachd. The suite in `tests/pfs_contract/` says what they have in common. Calls fail with the errors
of `pfs_client.failures`; where one is not listed with a call, it is one of `PfsUnavailable`,
`PfsTimeout`, `PfsOverloaded`, `PfsAccessDenied` or a plain `PfsFailure`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import ClassVar, Self, TypeAlias

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
    ProjectInfo,
    Repo,
    RepoInfo,
)

Changes: TypeAlias = "Iterable[Change] | AsyncIterator[Change]"

MAX_FILES_PER_LISTING = 100_000
MAX_FILE_SET_SECONDS = 1800


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

    @property
    def file_span(self) -> FileSpan | None:
        """Where the bytes lie until the stream is closed, if they are in a file of this machine.

        Whoever can have the system send them from there need not iterate.
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


class PfsClient(ABC):
    """One PFS. Safe for any number of concurrent calls; every call may be cancelled."""

    supports_conditions: ClassVar[bool]
    """Whether `modify_file` takes `ExpectFile` and `delete_branch` an expected head, atomically."""

    refuses_collisions: ClassVar[bool]
    """Whether `modify_file` refuses a file that would stand where a directory does, or the reverse.

    pachd takes it and then drops the whole commit: see `pfs_client.group_commit.collisions`.
    """

    is_remote: ClassVar[bool]
    """Whether a call costs a round trip, so that it pays to share calls and to read ahead."""

    small_file_bytes: ClassVar[int]
    """Contents up to this size go into `modify_file`, larger ones into a file set first."""

    @abstractmethod
    async def get_version(self) -> str:
        """Say which PFS this is; also the cheapest way to learn that it answers."""

    @abstractmethod
    async def aclose(self) -> None:
        """Release everything. Calls under way fail with `PfsUnavailable`."""

    @abstractmethod
    async def list_project(self) -> list[ProjectInfo]:
        """All projects, by name."""

    @abstractmethod
    async def create_project(self, name: str, description: str = "") -> None:
        """Create a project.

        Raises:
            ProjectExists, InvalidName: As they say.
        """

    @abstractmethod
    async def list_repo(self) -> list[RepoInfo]:
        """All user repos of all projects. Slow on pachd: 8 ms a repo."""

    @abstractmethod
    async def inspect_repo(self, repo: Repo) -> RepoInfo:
        """One repo.

        Raises:
            RepoNotFound: As it says.
        """

    @abstractmethod
    async def create_repo(self, repo: Repo, description: str = "") -> None:
        """Create a repo, without branches.

        Raises:
            RepoExists, ProjectNotFound, InvalidName: As they say.
        """

    @abstractmethod
    async def delete_repo(
        self, repo: Repo, *, force: bool = False, expect_no_branches: bool = False
    ) -> bool:
        """Delete a repo with all in it, and say whether there was one.

        Raises:
            BranchFeedsOthers: And `force` is not set.
            RepoHasBranches: And none were expected; without `supports_conditions` this is checked
                just before, not atomically.
        """

    @abstractmethod
    async def list_branch(self, repo: Repo) -> list[BranchInfo]:
        """All branches of a repo.

        Raises:
            RepoNotFound: As it says.
        """

    @abstractmethod
    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, with its head as it is now.

        Raises:
            RepoNotFound, BranchNotFound: As they say.
        """

    @abstractmethod
    async def create_branch(
        self,
        branch: Branch,
        *,
        head: Commit | None = None,
        provenance: Iterable[Branch] = (),
    ) -> None:
        """Create a branch, with a finished empty commit as its head unless one is given.

        It is no error that there is one: a `head` moves it, `provenance` replaces what it had.

        Raises:
            RepoNotFound, CommitNotFound, InvalidName: As they say.
        """

    @abstractmethod
    async def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> None:
        """Delete a branch. Its commits stay readable by id.

        Raises:
            RepoNotFound, BranchNotFound, BranchFeedsOthers: As they say.
            HeadMoved: The head is not the expected one; without `supports_conditions` this is
                checked just before, not atomically.
        """

    @abstractmethod
    async def start_commit(self, branch: Branch) -> Commit:
        """Open a commit at a branch's head; writes to the branch go into it until it is finished.

        Raises:
            CommitNotFinished: The head is open already.
        """

    @abstractmethod
    async def finish_commit(self, commit: Commit) -> None:
        """Close an open commit.

        Raises:
            CommitNotFound, CommitNotOpen: As they say.
        """

    @abstractmethod
    async def inspect_commit(self, commit: Commit, *, wait_finished: bool = False) -> CommitInfo:
        """One commit, if asked for only once it has finished.

        Raises:
            CommitNotFound: As it says.
        """

    @abstractmethod
    async def modify_file(self, branch: Branch, changes: Sequence[Change]) -> None:
        """Apply changes, in order, as one commit at the branch's head, or into an open head.

        All or nothing, and durable once it returns. Look first whether the branch is there and
        nobody's output: pachd creates a missing branch, and accepts writes to an output branch
        whose head is open.

        Raises:
            RepoNotFound, InvalidPath: As they say.
            PathCollision: As it says, with `refuses_collisions`.
            BranchNotFound: From the embedded PFS, which creates no branch here.
            OutputBranch: And its head has finished.
            FileSetNotFound: A copy's source has expired.
            ConditionFailed: As it says, with `supports_conditions`.
            StorageFull: As it says.
        """

    @abstractmethod
    async def create_file_set(self, changes: Changes) -> str:
        """Store files outside any commit, for `MAX_FILE_SET_SECONDS`, and return the file set's id.

        Raises:
            InvalidPath, StorageFull: As they say.
        """

    @abstractmethod
    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Keep a file set for at most `MAX_FILE_SET_SECONDS` from now.

        Raises:
            FileSetNotFound: As it says.
        """

    @abstractmethod
    async def inspect_file(self, file: File) -> FileInfo:
        """One file.

        Raises:
            CommitNotFound, RepoNotFound, FileNotFound, NotAFile, CommitNotFinished: As they say.
            FileSetNotFound: As it says.
        """

    @abstractmethod
    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """What stands in a directory, in the order of paths; nothing if there is no such directory.

        Args:
            directory: The commit and the directory's path. A file's path lists that file.
            part: Of which at most `MAX_FILES_PER_LISTING` can be asked by number.

        Raises:
            CommitNotFound, RepoNotFound, CommitNotFinished: As they say.
        """

    @abstractmethod
    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """Everything at and below a path, files and directories, in the order of paths.

        Raises:
            FileNotFound: Nothing stands at or below the path, behind the marker, and it is not `/`.
                With a prefix, nothing is an empty list.
            CommitNotFound, RepoNotFound, CommitNotFinished: As they say.
        """

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
            CommitNotFound, RepoNotFound, FileNotFound, NotAFile, CommitNotFinished: As they say.
        """
