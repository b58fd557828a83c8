"""How calls to PFS fail. Every class has a row in `gateway.errors.TABLE`.

A message is for people. What a program may want to know of a failure stands in attributes, which
are None where the PFS does not say: pachd says most only in its texts.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping

from pfs_client.values import Branch, Commit, ExpectFile, Repo

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says where a disk, or somebody's share of it, is full."""


class PfsFailure(Exception):
    """A call that PFS refused or could not answer.

    `change_index` says which change of a `modify_file` was refused, where PFS says so.
    """

    change_index: int | None = None


class PfsUnavailable(PfsFailure):
    """PFS cannot be reached, or is shutting down."""


class PfsTimeout(PfsFailure):
    """PFS has not answered within the call's deadline. A write may or may not have happened."""


class PfsOverloaded(PfsFailure):
    """PFS has no resources for this call now."""


class StorageFull(PfsFailure):
    """There is no room to store more. Nothing of the call was stored."""


class ContentLost(PfsFailure):
    """What PFS stored is not there any more, or damaged."""


class PfsAccessDenied(PfsFailure):
    """PFS wants a token, or one with more rights."""


class NotLoggedIn(PfsAccessDenied):
    """PFS wants a token, or does not know the one that has come."""


class AuthenticationOff(PfsFailure):
    """PFS knows no users: nobody can say who asks, or what they may do."""


class ProjectNotFound(PfsFailure):
    """There is no such project."""


class ProjectExists(PfsFailure):
    """There is such a project already."""


class RepoNotFound(PfsFailure):
    """There is no such repo. `repo` is the one."""

    def __init__(self, message: str, repo: Repo | None = None) -> None:
        super().__init__(message)
        self.repo = repo


class RepoExists(PfsFailure):
    """There is such a repo already."""


class RepoHasBranches(PfsFailure):
    """The repo was expected to have no branches, and has some."""


class BranchNotFound(PfsFailure):
    """There is no such branch, in a repo that exists."""


class BranchFeedsOthers(PfsFailure):
    """A branch cannot go: others are computed from it.

    `branch` is the one, `downstream` names the others, `project/repo@branch`.
    """

    def __init__(
        self, message: str, downstream: tuple[str, ...] = (), branch: Branch | None = None
    ) -> None:
        super().__init__(message)
        self.downstream = downstream
        self.branch = branch


class HeadMoved(PfsFailure):
    """The branch's head is no longer the expected commit."""


class UploadNotFound(PfsFailure):
    """There is no such upload in parts, or it has ended."""


class OutputBranch(PfsFailure):
    """A pipeline writes this branch; nobody else may. `branch` is the one."""

    def __init__(self, message: str, branch: Branch | None = None) -> None:
        super().__init__(message)
        self.branch = branch


class CommitNotFound(PfsFailure):
    """There is no such commit. `commit` is the one."""

    def __init__(self, message: str, commit: Commit | None = None) -> None:
        super().__init__(message)
        self.commit = commit


class CommitNotOpen(PfsFailure):
    """The commit is closed; nothing can be written to it. `commit` is the one."""

    def __init__(self, message: str, commit: Commit | None = None) -> None:
        super().__init__(message)
        self.commit = commit


class CommitNotFinished(PfsFailure):
    """The commit, or one it is based on, has not finished; what was asked for needs that.

    `commit` is the one to wait for, `wanted` the one that was to be read where that is another.
    """

    def __init__(
        self, message: str, commit: Commit | None = None, wanted: Commit | None = None
    ) -> None:
        super().__init__(message)
        self.commit = commit
        self.wanted = wanted


class HistoryUnread(PfsFailure):
    """When a file changed is not known yet: the history of its branch is being read."""


class CommitFailed(PfsFailure):
    """The commit has finished with an error. What it held is lost, and it cannot be listed."""


class CommitHasChildren(PfsFailure):
    """The commit cannot go: others are based on it."""


class FileNotFound(PfsFailure):
    """There is no such file at this commit."""


class NotAFile(PfsFailure):
    """The path is a directory's."""


class FileSetNotFound(PfsFailure):
    """There is no such file set, or it has expired."""


class InvalidName(PfsFailure):
    """PFS allows no project, repo or branch of this `name`."""

    def __init__(self, message: str, name: str | None = None) -> None:
        super().__init__(message)
        self.name = name


class InvalidPath(PfsFailure):
    """PFS allows no file at this `path`. `reason` says why, without the path."""

    def __init__(self, message: str, reason: str = "", path: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.path = path


class PathCollision(PfsFailure):
    """A file would stand where a directory stands, or below another file.

    `path` and `existing` say which.
    """

    def __init__(self, path: str, existing: str) -> None:
        super().__init__(f"file / directory path collision ({path}), with {existing}")
        self.path = path
        self.existing = existing


class ConditionFailed(PfsFailure):
    """An `ExpectFile` does not hold.

    `exists` says whether there is a file at its path, `expected_none` whether there should be none.
    `others` are the later conditions of the same call that do not hold either, by their
    `change_index`: each as of what stands before the change that failed.
    """

    def __init__(self, expect: ExpectFile, *, exists: bool) -> None:
        super().__init__(f"{expect.path} is not as expected")
        self.others: Mapping[int, ConditionFailed] = {}
        self.exists = exists
        self.expected_none = expect.hashes == frozenset()
