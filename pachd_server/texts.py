"""Failures in pachd's words and codes, which differ from call to call (`facts/pachd.md` section f).

pachd answers most errors as UNKNOWN, and what is missing as NOT_FOUND with one line for each thing
that is. Clients tell errors apart by these texts, so that they are part of the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import grpc

from pfs_client import failures as pfs
from pfs_client.values import Branch, Commit, Repo


@dataclass(frozen=True, slots=True)
class About:
    """What a request is about, as far as its error's text needs it."""

    repo: Repo
    branch: str = ""
    commit_id: str = ""
    path: str = ""


def repo_row(repo: Repo) -> str:
    """A repo as pachd's database names it."""
    return f"repo (id=0, project={repo.project}, name={repo.name}, type=user)"


def branch_row(about: About) -> str:
    """A branch as pachd's database names it."""
    return f"branch (id=0, branch={about.repo}@{about.branch})"


def no_branch(about: About) -> str:
    """That there is no such branch."""
    return f'branch "{about.branch or "master"}" not found in repo {about.repo}'


def inspect_branch(error: pfs.PfsFailure, about: About) -> str:
    """InspectBranch."""
    lines = [f"{branch_row(about)} not found", no_branch(about)]
    if isinstance(error, pfs.RepoNotFound):
        lines.insert(0, f"{repo_row(about.repo)} not found")
    return "inspect branch in transaction: " + "\n".join(lines)


def create_branch(error: pfs.PfsFailure, about: About) -> str:
    """CreateBranch, whose head's id is one that nobody has seen."""
    commit = f"commit (int_id=0, commit_id={about.repo}.user@{about.commit_id}) not found"
    return f"get commit by commit key: {repo_row(about.repo)} not found\n{commit}"


def delete_branch(error: pfs.PfsFailure, about: About) -> str:
    """DeleteBranch."""
    lines = [f"{branch_row(about)} not found"]
    if isinstance(error, pfs.RepoNotFound):
        lines.insert(0, f"{repo_row(about.repo)} not found")
    return f'get branch "{about.repo}.user@{about.branch}": ' + "\n".join(lines)


def start_commit(error: pfs.PfsFailure, about: About) -> str:
    """StartCommit."""
    inner = "create commit: " if isinstance(error, pfs.CommitNotFinished) else ""
    return f"start commit in transaction: {inner}{error}"


def pick_commit(error: pfs.PfsFailure, about: About) -> str:
    """Every call that reads at a commit."""
    if isinstance(error, pfs.CommitNotFinished):
        return str(error)
    if isinstance(error, pfs.RepoNotFound):
        missing = f"repo {about.repo} not found"
    else:
        missing = no_branch(about)
    return f"pick commit tx: commit {about.repo}@{about.commit_id} not found\n{missing}"


def get_file(error: pfs.PfsFailure, about: About) -> str:
    """GetFile."""
    return "get file: " + pick_commit(error, about)


Wording = Callable[[pfs.PfsFailure, About], str]

_WORDED = (
    pfs.RepoNotFound,
    pfs.BranchNotFound,
    pfs.CommitNotFound,
    pfs.CommitNotFinished,
    pfs.OutputBranch,
)

_CODES: dict[type[pfs.PfsFailure], grpc.StatusCode] = {
    pfs.RepoNotFound: grpc.StatusCode.NOT_FOUND,
    pfs.BranchNotFound: grpc.StatusCode.NOT_FOUND,
    pfs.CommitNotFound: grpc.StatusCode.NOT_FOUND,
    pfs.ProjectNotFound: grpc.StatusCode.NOT_FOUND,
    pfs.FileNotFound: grpc.StatusCode.NOT_FOUND,
    pfs.RepoExists: grpc.StatusCode.ALREADY_EXISTS,
    pfs.ProjectExists: grpc.StatusCode.ALREADY_EXISTS,
    pfs.PfsUnavailable: grpc.StatusCode.UNAVAILABLE,
    pfs.PfsTimeout: grpc.StatusCode.DEADLINE_EXCEEDED,
    pfs.StorageFull: grpc.StatusCode.RESOURCE_EXHAUSTED,
}


def status_of(
    error: pfs.PfsFailure, about: About, wording: Wording | None
) -> tuple[grpc.StatusCode, str]:
    """The code and the text of a failed call.

    Args:
        error: What went wrong.
        about: What the request is about.
        wording: How this call tells of its repo, branch or commit; None for plainly.
    """
    code = _CODES.get(type(error), grpc.StatusCode.UNKNOWN)
    if isinstance(error, _WORDED) and wording is not None:
        return code, wording(error, about)
    return code, _text(error, about)


def _text(error: pfs.PfsFailure, about: About) -> str:
    match error:
        case pfs.ProjectNotFound():
            return f'cannot find project "{about.repo.project}": get project by name: {error}'
        case pfs.FileNotFound() if "does not contain" not in str(error):
            return f"file {about.path} not found in repo {about.repo} at commit {about.commit_id}"
        case pfs.NotAFile():
            return "cannot get directory or non-regular file. Use GetFileTAR instead"
        case pfs.FileSetNotFound() if len(about.commit_id) < 97:  # two parts in hex and a dot
            return f"parsing fileset.Token: too short to be Token len={len(about.commit_id)}"
        case pfs.FileSetNotFound():
            return f"tracker does not contain item: ({about.commit_id[:32]})"
    return str(error)


def about_branch(branch: Branch) -> About:
    """A request about a branch."""
    return About(branch.repo, branch.name)


def about_commit(commit: Commit, branch: str = "", path: str = "") -> About:
    """A request about a commit, or a path in one."""
    return About(commit.repo, branch, commit.id, path)
