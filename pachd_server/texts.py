"""Failures in pachd's codes and words (`docs/pachd.md`, "Errors and their texts").

pachd answers most errors as UNKNOWN, and what is missing as NOT_FOUND with one line for each thing
that is. Clients tell errors apart by these texts, so that they are part of the wire. Some calls
have words of their own for the same failure: those are the `Wording`s here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from pfs_client import failures as pfs
from pfs_client.values import Branch, Commit, Repo, is_commit_id

NOT_FOUND = grpc.StatusCode.NOT_FOUND


class Refusal(Exception):
    """What the server itself refuses, as pachd would, without a question to the PFS."""

    def __init__(self, text: str, code: grpc.StatusCode = grpc.StatusCode.UNKNOWN) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class About:
    """What a request is about, as far as its error's text needs it."""

    repo: Repo
    branch: str = ""
    commit_id: str = ""
    path: str = ""


def about_nothing(request: object) -> About:
    """A request whose error's text needs nothing of it."""
    return About(Repo(""))


def about_branch(branch: Branch) -> About:
    """A request about a branch."""
    return About(branch.repo, branch.name)


def about_commit(commit: Commit, branch: str = "", path: str = "") -> About:
    """A request about a commit, or a path in one."""
    return About(commit.repo, branch, commit.id, path)


Wording: TypeAlias = Callable[[pfs.PfsFailure, About], str | None]
"""A call's own words for a failure; None where it says it as every call does."""


def inspect_branch(error: pfs.PfsFailure, about: About) -> str | None:
    """InspectBranch."""
    if isinstance(error, pfs.ProjectNotFound):
        return f"inspect branch in transaction: {_text(error, about)}"
    lines = [f"{_branch_row(about)} not found", _no_branch(about)]
    if isinstance(error, pfs.RepoNotFound):
        lines.insert(0, f"{_repo_row(about.repo)} not found")
    elif not isinstance(error, pfs.BranchNotFound):
        return None
    return "inspect branch in transaction: " + "\n".join(lines)


def create_branch(error: pfs.PfsFailure, about: About) -> str | None:
    """CreateBranch, whose head's id is one that nobody has seen unless the client named it."""
    if isinstance(error, pfs.CommitNotFound):
        commit = f"{about.repo}@{about.commit_id}"
        return f"unable to inspect {commit}: commit {commit} not found"
    if not isinstance(error, pfs.RepoNotFound | pfs.BranchNotFound):
        return None
    commit = f"commit (int_id=0, commit_id={about.repo}.user@{about.commit_id}) not found"
    return f"get commit by commit key: {_repo_row(about.repo)} not found\n{commit}"


def delete_branch(error: pfs.PfsFailure, about: About) -> str | None:
    """DeleteBranch."""
    lines = [f"{_branch_row(about)} not found"]
    if isinstance(error, pfs.RepoNotFound):
        lines.insert(0, f"{_repo_row(about.repo)} not found")
    elif not isinstance(error, pfs.BranchNotFound):
        return None
    return f'get branch "{about.repo}.user@{about.branch}": ' + "\n".join(lines)


def delete_repo(error: pfs.PfsFailure, about: About) -> str | None:
    """DeleteRepo."""
    if not isinstance(error, pfs.BranchFeedsOthers):
        return None
    return f"delete repo: delete branch {error.branch}: {_text(error, about)}"


def start_commit(error: pfs.PfsFailure, about: About) -> str | None:
    """StartCommit."""
    inner = "create commit: " if isinstance(error, pfs.CommitNotFinished) else ""
    return f"start commit in transaction: {inner}{_text(error, about)}"


def pick_commit(error: pfs.PfsFailure, about: About) -> str | None:
    """Every call that reads at a commit."""
    if isinstance(error, pfs.RepoNotFound):
        missing = f"repo {about.repo} not found"
    elif isinstance(error, pfs.CommitNotFound) and is_commit_id(about.commit_id):
        return f"pick commit tx: commit {about.repo}@{about.commit_id} not found"
    elif isinstance(error, pfs.BranchNotFound | pfs.CommitNotFound):
        missing = _no_branch(about)
    else:
        return None
    return f"pick commit tx: commit {about.repo}@{about.commit_id} not found\n{missing}"


def compose_file_set(error: pfs.PfsFailure, about: About) -> str | None:
    """ComposeFileSet."""
    if not isinstance(error, pfs.FileSetNotFound):
        return None
    return "the operation would create a dangling reference"


def add_file_set(error: pfs.PfsFailure, about: About) -> str | None:
    """AddFileSet, to what is a file set's id but nobody's."""
    if not isinstance(error, pfs.FileSetNotFound) or _is_no_token(about):
        return None
    return "add file set: path does not exist"


def get_file(error: pfs.PfsFailure, about: About) -> str | None:
    """GetFile."""
    if isinstance(error, pfs.CommitNotFinished):
        return f"get file: {_text(error, about)}"
    picking = pick_commit(error, about)
    return None if picking is None else f"get file: {picking}"


_CODES: dict[type[pfs.PfsFailure], grpc.StatusCode] = {
    pfs.RepoNotFound: NOT_FOUND,
    pfs.BranchNotFound: NOT_FOUND,
    pfs.CommitNotFound: NOT_FOUND,
    pfs.ProjectNotFound: NOT_FOUND,
    pfs.FileNotFound: NOT_FOUND,
    pfs.RepoExists: grpc.StatusCode.ALREADY_EXISTS,
    pfs.ProjectExists: grpc.StatusCode.ALREADY_EXISTS,
    pfs.PfsUnavailable: grpc.StatusCode.UNAVAILABLE,
    pfs.PfsTimeout: grpc.StatusCode.DEADLINE_EXCEEDED,
    pfs.StorageFull: grpc.StatusCode.RESOURCE_EXHAUSTED,
    pfs.AuthenticationOff: grpc.StatusCode.UNIMPLEMENTED,
    pfs.PfsAccessDenied: grpc.StatusCode.PERMISSION_DENIED,
    pfs.NotLoggedIn: grpc.StatusCode.UNAUTHENTICATED,
}


def status_of(
    error: pfs.PfsFailure | Refusal, about: About, wording: Wording | None
) -> tuple[grpc.StatusCode, str]:
    """The code and the text of a failed call.

    Args:
        error: What went wrong.
        about: What the request is about.
        wording: The call's own words.
    """
    if isinstance(error, Refusal):
        return error.code, str(error)
    code = _CODES.get(type(error), grpc.StatusCode.UNKNOWN)
    own_words = None if wording is None else wording(error, about)
    return code, _text(error, about) if own_words is None else own_words


def _text(error: pfs.PfsFailure, about: About) -> str:
    """What every call says of a failure; of one that pachd has no words for, what the PFS says."""
    said = _TEXTS.get(type(error))
    needed = _NEEDED.get(type(error))
    if said is None or (needed is not None and getattr(error, needed) is None):
        return str(error)
    return said(error, about)


def _not_finished(error: pfs.CommitNotFinished, about: About) -> str:
    if error.wanted is None:
        return f"parent commit {error.commit} has not been finished"
    return f"base commit {error.commit} for commit {error.wanted} unfinished"


def _feeds_others(error: pfs.BranchFeedsOthers, about: About) -> str:
    names = " ".join(error.downstream)
    return (
        f'branch "{error.branch}" cannot be deleted because it\'s in the direct provenance of'
        f" [{names}]"
    )


def _is_no_token(about: About) -> bool:
    return len(about.commit_id) < 97  # two parts in hex and a dot


def _no_file_set(error: pfs.FileSetNotFound, about: About) -> str:
    if _is_no_token(about):
        return f"parsing fileset.Token: too short to be Token len={len(about.commit_id)}"
    return f"tracker does not contain item: ({about.commit_id[:32]})"


_NEEDED: dict[type[pfs.PfsFailure], str] = {
    pfs.BranchFeedsOthers: "branch",
    pfs.OutputBranch: "branch",
    pfs.CommitNotFound: "commit",
    pfs.CommitNotOpen: "commit",
    pfs.CommitNotFinished: "commit",
    pfs.InvalidName: "name",
    pfs.InvalidPath: "path",
}
"""What a text is made of, where the PFS says it."""

_NAME_RULE = "only alphanumeric characters, underscores, and dashes are allowed"

_TEXTS: dict[type[pfs.PfsFailure], Callable[[Any, About], str]] = {
    pfs.AuthenticationOff: lambda error, about: "the auth service is not activated",
    pfs.ProjectNotFound: lambda error, about: (
        f'cannot find project "{about.repo.project}":'
        f' get project by name: project "{about.repo.project}" not found'
    ),
    pfs.ProjectExists: lambda error, about: f'project "{about.repo.project}" already exists',
    pfs.RepoNotFound: lambda error, about: f"repo {error.repo or about.repo} not found",
    pfs.RepoExists: lambda error, about: f"repo {about.repo} already exists",
    pfs.BranchNotFound: lambda error, about: _no_branch(about),
    pfs.BranchFeedsOthers: _feeds_others,
    pfs.OutputBranch: lambda error, about: (
        f"cannot start a commit on an output branch: {error.branch}"
    ),
    pfs.CommitNotFound: lambda error, about: f"commit {error.commit} not found",
    pfs.CommitNotOpen: lambda error, about: f"commit {error.commit} has already finished",
    pfs.CommitNotFinished: _not_finished,
    pfs.FileNotFound: lambda error, about: (
        f"file {about.path} not found in repo {about.repo} at commit {about.commit_id}"
    ),
    pfs.NotAFile: lambda error, about: (
        "cannot get directory or non-regular file. Use GetFileTAR instead"
    ),
    pfs.FileSetNotFound: _no_file_set,
    pfs.InvalidName: lambda error, about: f"name ({error.name}) invalid: {_NAME_RULE}",
    pfs.InvalidPath: lambda error, about: f"path ({error.path}) invalid: {error.reason}",
    pfs.PathCollision: lambda error, about: (
        f"file / directory path collision ({error.path}), with {error.existing}"
    ),
}


def _repo_row(repo: Repo) -> str:
    """A repo as pachd's database names it."""
    return f"repo (id=0, project={repo.project}, name={repo.name}, type=user)"


def _branch_row(about: About) -> str:
    """A branch as pachd's database names it."""
    return f"branch (id=0, branch={about.repo}@{about.branch})"


def _no_branch(about: About) -> str:
    return f'branch "{about.branch or "master"}" not found in repo {about.repo}'
