"""pachd's errors by their text: the only reader of gRPC status and text.

pachd answers most errors as UNKNOWN, so that they are told apart by what they say
(`docs/pachd.md`, "Errors and their texts"). Texts are looked at before codes: what is missing has
lines that name several things, and the most specific pattern comes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import grpc

from pfs_client import failures as pfs
from pfs_client.values import DEFAULT_PROJECT, Commit, Repo

Maker = Callable[[str, "re.Match[str]"], pfs.PfsFailure]


def _plain(kind: type[pfs.PfsFailure]) -> Maker:
    return lambda text, match: kind(text)


def _invalid_path(text: str, match: re.Match[str]) -> pfs.PfsFailure:
    return pfs.InvalidPath(text, match["reason"], match["path"])


def _invalid_name(text: str, match: re.Match[str]) -> pfs.PfsFailure:
    return pfs.InvalidName(text, match["name"])


def _collision(text: str, match: re.Match[str]) -> pfs.PfsFailure:
    # A PFS behind a server says what it refuses; pachd, whose text ends at the path, takes it and
    # says so of the commit.
    return pfs.PathCollision(match["path"], match["existing"])


def _feeds_others(text: str, match: re.Match[str]) -> pfs.PfsFailure:
    return pfs.BranchFeedsOthers(text, tuple(match["downstream"].split()))


def _not_finished(text: str, match: re.Match[str]) -> pfs.PfsFailure:
    wanted = match.groupdict().get("wanted")
    return pfs.CommitNotFinished(
        text, commit_named(match["commit"]), commit_named(wanted) if wanted else None
    )


def _not_open(text: str, match: re.Match[str]) -> pfs.PfsFailure:
    return pfs.CommitNotOpen(text, commit_named(match["commit"]))


def _no_commit(text: str, match: re.Match[str]) -> pfs.PfsFailure:
    return pfs.CommitNotFound(text, commit_named(match["commit"]))


_TEXTS: tuple[tuple[re.Pattern[str], Maker], ...] = tuple(
    (re.compile(pattern, re.DOTALL), maker)
    for pattern, maker in (
        # A handler that panics has met what it will meet again: pachd itself is not away.
        (r"^panic: ", _plain(pfs.PfsFailure)),
        (r"base commit (?P<commit>\S+) for commit (?P<wanted>\S+) unfinished", _not_finished),
        (r"parent commit (?P<commit>\S+) has not been finished", _not_finished),
        (r"commit (?P<commit>\S+) not finished", _not_finished),
        (r"commit (?P<commit>\S+) has already finished", _not_open),
        (r"direct provenance of \[(?P<downstream>[^\]]*)\]", _feeds_others),
        (r"cannot start a commit on an output branch", _plain(pfs.OutputBranch)),
        (r"name \((?P<name>.*)\) invalid: ", _invalid_name),
        (r"path \((?P<path>.*)\) invalid: (?P<reason>.*)", _invalid_path),
        (r"path collision \((?P<path>.*?)\), with (?P<existing>.*)$", _collision),
        (r"path collision \(|duplicate path output by different datums", _plain(pfs.CommitFailed)),
        (r"cannot drop a commit that has children", _plain(pfs.CommitHasChildren)),
        (r"cannot get directory or non-regular file", _plain(pfs.NotAFile)),
        (r"tracker does not contain item|would create a dangling reference",
         _plain(pfs.FileSetNotFound)),
        (r"parsing fileset\.Token|path does not exist", _plain(pfs.FileSetNotFound)),
        (r"does not contain item", _plain(pfs.FileNotFound)),
        (r"file .* not found in repo \S+", _plain(pfs.FileNotFound)),
        (r"project \S+ already exists", _plain(pfs.ProjectExists)),
        (r"repo \S+ already exists", _plain(pfs.RepoExists)),
        (r'project "[^"]*" not found', _plain(pfs.ProjectNotFound)),
        (r"repo (\(id=\d+, [^)]*\)|\S+) not found", _plain(pfs.RepoNotFound)),
        (r"commit (?P<commit>\S+@\S+) (not found|was deleted)", _no_commit),
        (r"commit \(int_id=\d+, commit_id=(?P<commit>[^)]*)\) not found", _no_commit),
        (r'branch ("[^"]*"|\(id=\d+, [^)]*\)) not found', _plain(pfs.BranchNotFound)),
        (r"no authentication token|auth token is corrupted", _plain(pfs.NotLoggedIn)),
        (r"needs permissions", _plain(pfs.PfsAccessDenied)),
        (r"the auth service is not activated", _plain(pfs.AuthenticationOff)),
        (r"(?i)no space left on device", _plain(pfs.StorageFull)),
        (r"context deadline exceeded", _plain(pfs.PfsTimeout)),
        # What grpcio says of a write on a connection that has just been cut.
        (r"Internal error from Core", _plain(pfs.PfsUnavailable)),
        (r"connection refused|transport is closing|the database system is (starting up|shutting)",
         _plain(pfs.PfsUnavailable)),
    )
)  # fmt: skip

_CODES: dict[grpc.StatusCode, type[pfs.PfsFailure]] = {
    grpc.StatusCode.UNAVAILABLE: pfs.PfsUnavailable,
    grpc.StatusCode.CANCELLED: pfs.PfsUnavailable,
    grpc.StatusCode.ABORTED: pfs.PfsUnavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: pfs.PfsTimeout,
    grpc.StatusCode.RESOURCE_EXHAUSTED: pfs.PfsOverloaded,
    grpc.StatusCode.UNAUTHENTICATED: pfs.NotLoggedIn,
    grpc.StatusCode.PERMISSION_DENIED: pfs.PfsAccessDenied,
}

_BY_CODE_FIRST = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


def failure_of(error: grpc.RpcError) -> pfs.PfsFailure:
    """The PFS error that a failed call stands for."""
    return failure_from(error.code(), error.details() or "")


def failure_from(code: grpc.StatusCode, text: str) -> pfs.PfsFailure:
    """The PFS error that a call's status stands for."""
    if code in _BY_CODE_FIRST:
        return _CODES[code](text)
    for pattern, maker in _TEXTS:
        if match := pattern.search(text):
            return maker(text, match)
    return _CODES.get(code, pfs.PfsFailure)(f"{code.name}: {text}")


def commit_named(name: str) -> Commit | None:
    """A commit out of its name in a message, `project/repo@id`; None where that is not all."""
    where, at, commit_id = name.rpartition("@")
    project, slash, repo = where.rpartition("/")
    if not at or not commit_id:
        return None
    repo = repo.removesuffix(".user")  # its type, which some texts name
    return Commit(Repo(repo, project if slash else DEFAULT_PROJECT), commit_id)
