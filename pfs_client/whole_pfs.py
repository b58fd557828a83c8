"""All of a PFS: what else pachd can do, which the gateway itself never asks for.

`pachd_server` speaks it over pachd's wire, and tests use it to bring a PFS into any state. The
embedded PFS has all of it, and so has `pfs_client.pachd.whole_client` for a pachd. What the gateway
comes to need moves from here to `interface`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from pfs_client.interface import Changes, PfsClient
from pfs_client.values import (
    Branch,
    Commit,
    File,
    FileInfo,
    ProjectInfo,
    Repo,
    RepoInfo,
)


class WholePfs(PfsClient):
    """One PFS, with everything that can be done to it."""

    @abstractmethod
    async def list_project(self) -> list[ProjectInfo]:
        """All projects, by name."""

    @abstractmethod
    async def inspect_project(self, name: str) -> ProjectInfo:
        """One project.

        Raises:
            ProjectNotFound: There is no such project.
        """

    @abstractmethod
    async def create_project(self, name: str, description: str = "") -> None:
        """Create a project.

        Raises:
            ProjectExists: There is one of this name.
            InvalidName: PFS allows no project of this name.
        """

    @abstractmethod
    async def delete_project(self, name: str, *, force: bool = False) -> None:
        """Delete a project.

        Raises:
            ProjectNotFound: There is no such project.
            PfsFailure: It has repos, and `force` is not set.
        """

    @abstractmethod
    async def inspect_repo(self, repo: Repo) -> RepoInfo:
        """One repo.

        Raises:
            RepoNotFound: There is no such repo.
        """

    @abstractmethod
    async def create_repo(self, repo: Repo, description: str = "", *, update: bool = False) -> None:
        """Create a repo, without branches; with `update` give one that is there a description.

        Raises:
            RepoExists: There is one of this name in the project, and `update` is not set.
            ProjectNotFound: There is no such project.
            InvalidName: PFS allows no repo of this name.
        """

    @abstractmethod
    async def delete_repo(
        self, repo: Repo, *, expect_no_branches: bool = False, force: bool = False
    ) -> bool:
        """Delete a repo with all in it, and say whether there was one.

        Raises:
            BranchFeedsOthers: A branch of another repo is computed from one of its branches, and
                `force` is not set.
            RepoHasBranches: None were expected. pachd looks just before it deletes, not atomically.
        """

    @abstractmethod
    async def create_branch(
        self, branch: Branch, *, head: Commit | None = None, provenance: Iterable[Branch] = ()
    ) -> None:
        """Create a branch, with a finished empty commit as its head unless one is given.

        It is no error that there is one: a `head` moves it, `provenance` replaces what it had.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: The head is not there.
            CommitNotFinished: The head is open, and one that it is based on has not finished.
            BranchNotFound: A branch of the provenance is not there.
            InvalidName: PFS allows no branch of this name.
            PfsFailure: A branch of the provenance is in the same repo.
        """

    @abstractmethod
    async def start_commit(self, branch: Branch, description: str = "") -> Commit:
        """Open a commit at a branch's head, and create a branch that is missing.

        Writes to the branch go into it until it is finished.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFinished: The head is open already.
            OutputBranch: A pipeline writes the branch.
        """

    @abstractmethod
    async def finish_commit(self, commit: Commit, error: str = "") -> None:
        """Close an open commit, with an error if it has failed.

        Raises:
            CommitNotFound: There is no such commit.
            CommitNotOpen: It is closed already.
        """

    @abstractmethod
    async def modify_stream(self, target: Branch | Commit, changes: Changes) -> None:
        """ModifyFile as pachd has it: `modify_file` for a stream that need not be held.

        To a branch, which is created if it is missing, or into an open commit. Everything goes that
        pachd takes: a delete of `/` or of `d/` deletes all that is below, a copy of what is not
        there deletes what it should have replaced. Nothing is applied before
        the stream has ended; an exception that it raises refuses all of it.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: There is no such commit, as the target or as a copy's source.
            CommitNotOpen: The target is a commit that is closed.
            OutputBranch: A pipeline writes the branch, whose head has finished.
            InvalidPath: A file is added or copied to a path that PFS allows no file at.
            PathCollision: A file would stand where a directory does, or below a file, and this PFS
                looks for that.
            StorageFull: There is no room for the contents.
        """

    @abstractmethod
    async def file_set_stream(self, changes: Changes) -> str:
        """CreateFileSet as pachd has it.

        `create_file_set`, but that copies out of a file set that is not there come to nothing.
        """

    @abstractmethod
    async def add_file_set(self, commit: Commit, file_set_id: str) -> None:
        """Put a file set's changes into an open commit.

        Raises:
            CommitNotFound: There is no such commit.
            CommitNotOpen: It is closed.
            FileSetNotFound: There is no such file set, or it has expired.
            PathCollision: A file would stand where a directory does, or below a file, and this PFS
                looks for that.
        """

    @abstractmethod
    async def inspect_directory(self, directory: File) -> FileInfo:
        """A directory, with the size and hash of all below it: a scan.

        Raises:
            RepoNotFound: There is no such repo.
            CommitNotFound: There is no such commit.
            CommitNotFinished: The commit is open, and one that it is based on has not finished.
            FileNotFound: Nothing stands at or below the path.
        """
