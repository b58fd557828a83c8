"""Which permission each call asks for, holes and all: some need no more than a login.

`docs/pachd.md`, "Authentication and permissions".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pfs_client.pachd import messages
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.permissions import Permission
from pfs_client.values import FILE_SETS_REPO_NAME, Repo


@dataclass(frozen=True, slots=True)
class Needed:
    """A permission on a repo."""

    permission: Permission
    repo: Repo


ON_CLUSTER = frozenset({"DeleteProject", "DropCommit", "SquashCommit"})
"""The methods that ask for REPO_DELETE_COMMIT on the cluster, or for more."""


def needed_for(method: str, request: Any) -> list[Needed]:
    """What a call with one request asks for; of file sets nothing, as their ids are keys."""
    asked = _TABLE.get(method)
    if asked is None:
        return []
    permission, repos_of = asked
    return [Needed(permission, repo) for repo in repos_of(request) if _is_guarded(repo)]


def needed_for_change(request: pfs_pb2.ModifyFileRequest) -> list[Needed]:
    """What a message of a stream of changes asks for."""
    body = request.WhichOneof("body")
    if body == "set_commit":
        return [Needed(Permission.REPO_WRITE, messages.commit_of(request.set_commit).repo)]
    if body == "copy_file":
        repo = messages.commit_of(request.copy_file.src.commit).repo
        return [Needed(Permission.REPO_READ, repo)] if _is_guarded(repo) else []
    return []


def _is_guarded(repo: Repo) -> bool:
    return repo.name != FILE_SETS_REPO_NAME


def _of_repo(request: Any) -> list[Repo]:
    return [messages.repo_of(request.repo)]


def _of_branch(request: Any) -> list[Repo]:
    return [messages.branch_of(request.branch).repo]


def _of_commit(request: Any) -> list[Repo]:
    return [messages.commit_of(request.commit).repo]


def _of_start(request: Any) -> list[Repo]:
    return [messages.commit_of(request.start).repo]


def _of_file(request: Any) -> list[Repo]:
    return [messages.commit_of(request.file.commit).repo]


def _of_both_files(request: Any) -> list[Repo]:
    files = [request.new_file, *([request.old_file] if request.HasField("old_file") else [])]
    return [messages.commit_of(file.commit).repo for file in files]


def _of_history(request: Any) -> list[Repo]:
    if request.HasField("to"):
        return [messages.commit_of(request.to).repo]
    return _of_repo(request)


_TABLE: dict[str, tuple[Permission, Callable[[Any], list[Repo]]]] = {
    "ListBranch": (Permission.REPO_LIST_BRANCH, _of_repo),
    "CreateBranch": (Permission.REPO_CREATE_BRANCH, _of_branch),
    "DeleteBranch": (Permission.REPO_DELETE_BRANCH, _of_branch),
    "StartCommit": (Permission.REPO_WRITE, _of_branch),
    "FinishCommit": (Permission.REPO_WRITE, _of_commit),
    "AddFileSet": (Permission.REPO_WRITE, _of_commit),
    "InspectCommit": (Permission.REPO_INSPECT_COMMIT, _of_commit),
    "ListCommit": (Permission.REPO_LIST_COMMIT, _of_history),
    "SubscribeCommit": (Permission.REPO_LIST_COMMIT, _of_repo),
    "FindCommits": (Permission.REPO_LIST_COMMIT, _of_start),
    "InspectFile": (Permission.REPO_INSPECT_FILE, _of_file),
    "ListFile": (Permission.REPO_LIST_FILE, _of_file),
    "WalkFile": (Permission.REPO_LIST_FILE, _of_file),
    "GlobFile": (Permission.REPO_LIST_FILE, _of_commit),
    "GetFile": (Permission.REPO_READ, _of_file),
    "GetFileTAR": (Permission.REPO_READ, _of_file),
    "DiffFile": (Permission.REPO_READ, _of_both_files),
}
"""What is not here needs a login only; `DeleteRepo` has an answer of its own."""
