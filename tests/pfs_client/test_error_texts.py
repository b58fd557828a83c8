"""Every error that a pachd was heard to give, and what it stands for.

The texts are those of `docs/pachd.md`, "Errors and their texts", and of
`tests/golden/pachd_golden.json`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TypeAlias

import grpc
import pytest
from grpc import StatusCode

from pfs_client.failures import (
    AuthenticationOff,
    BranchFeedsOthers,
    BranchNotFound,
    CommitFailed,
    CommitNotFinished,
    CommitNotFound,
    CommitNotOpen,
    FileNotFound,
    FileSetNotFound,
    InvalidName,
    InvalidPath,
    NotAFile,
    NotLoggedIn,
    OutputBranch,
    PathCollision,
    PfsAccessDenied,
    PfsFailure,
    PfsOverloaded,
    PfsTimeout,
    PfsUnavailable,
    ProjectExists,
    ProjectNotFound,
    RepoExists,
    RepoNotFound,
)
from pfs_client.pachd.error_texts import failure_of
from pfs_client.values import Commit, Repo

GOLDEN = Path(__file__).parents[1] / "golden" / "pachd_golden.json"

OPEN_ID = "6b74c3aca4cb41cba990622623c50097"
BASE_ID = "f7e11d94b9d943a290d033055dde0497"
OUTPUT_ID = "e6762b93c71347ce85b9c38a049fe699"
NEXT_OUTPUT_ID = "2718910c1fb743db82eabcc9cb936c96"
NEW_ID = "7bcd8ab8cdbe43f2b86cc6a38c18c21c"

NAME_RULE = "only alphanumeric characters, underscores, and dashes are allowed"
PRINTABLE = "only printable ASCII characters allowed"
RELATIVE = "relative file paths are not allowed"

Row: TypeAlias = tuple[StatusCode, str, type[PfsFailure]]

NAMES: list[Row] = [
    (StatusCode.UNKNOWN, f"name ({name}) invalid: {NAME_RULE}", InvalidName)
    for name in ("a b", "a.b", "a/b", "", "é", "a^b")
]

REPOS_AND_BRANCHES: list[Row] = [
    (StatusCode.ALREADY_EXISTS, "repo default/probe1 already exists", RepoExists),
    (StatusCode.ALREADY_EXISTS, "repo default/golden already exists", RepoExists),
    (
        StatusCode.NOT_FOUND,
        'cannot find project "noproj": get project by name: project "noproj" not found',
        ProjectNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        'cannot find project "nogolden": get project by name: project "nogolden" not found',
        ProjectNotFound,
    ),
    (StatusCode.NOT_FOUND, "repo default/nope not found", RepoNotFound),
    (StatusCode.NOT_FOUND, "repo default/golden not found", RepoNotFound),
    (
        StatusCode.NOT_FOUND,
        "inspect branch in transaction: repo (id=0, project=default, name=nope, type=user) not"
        " found branch (id=0, branch=default/nope@master) not found"
        ' branch "master" not found in repo default/nope',
        RepoNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "inspect branch in transaction: repo (id=0, project=default, name=golden, type=user) not"
        " found\nbranch (id=0, branch=default/golden@master) not found\n"
        'branch "master" not found in repo default/golden',
        RepoNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "inspect branch in transaction: branch (id=0, branch=default/probe1@nob) not found"
        ' branch "nob" not found in repo default/probe1',
        BranchNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "inspect branch in transaction: branch (id=0, branch=default/golden@master) not found\n"
        'branch "master" not found in repo default/golden',
        BranchNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "get commit by commit key: repo (id=0, project=default, name=nope, type=user) not found"
        f" commit (int_id=0, commit_id=default/nope.user@{NEW_ID}) not found",
        RepoNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "get commit by commit key: repo (id=0, project=default, name=golden, type=user) not found\n"
        f"commit (int_id=0, commit_id=default/golden.user@{NEW_ID}) not found",
        RepoNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        'get branch "default/probe1.user@nob": branch (id=0, branch=default/probe1@nob) not found',
        BranchNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        'get branch "default/golden.user@nob": branch (id=0, branch=default/golden@nob) not found',
        BranchNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        'get branch "default/nope.user@nob": repo (id=0, project=default, name=nope, type=user) not'
        " found branch (id=0, branch=default/nope@nob) not found",
        RepoNotFound,
    ),
]

COMMITS: list[Row] = [
    (
        StatusCode.NOT_FOUND,
        "pick commit tx: commit default/nope@ not found repo default/nope not found",
        RepoNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "get file: pick commit tx: commit default/nope@ not found repo default/nope not found",
        RepoNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        'pick commit tx: commit default/probe1@ not found branch "nob" not found in repo'
        " default/probe1",
        BranchNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "pick commit tx: commit default/golden@ not found\n"
        'branch "master" not found in repo default/golden',
        BranchNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        'get file: pick commit tx: commit default/probe1@ not found branch "nob" not found in repo'
        " default/probe1",
        BranchNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "get file: pick commit tx: commit default/golden@ not found\n"
        'branch "master" not found in repo default/golden',
        BranchNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        f"get file: pick commit tx: commit default/probe1@{'0' * 32} not found"
        ' branch "master" not found in repo default/probe1',
        CommitNotFound,
    ),
    (
        StatusCode.NOT_FOUND,
        "get file: pick commit tx: commit default/probe1@zz not found"
        ' branch "master" not found in repo default/probe1',
        CommitNotFound,
    ),
    (
        StatusCode.UNKNOWN,
        f"commit default/probe1@{BASE_ID} has already finished",
        CommitNotOpen,
    ),
    (
        StatusCode.UNKNOWN,
        f"commit default/golden@{BASE_ID} has already finished",
        CommitNotOpen,
    ),
    (StatusCode.UNKNOWN, "first message must be a commit", PfsFailure),
]

FILES: list[Row] = [
    (StatusCode.NOT_FOUND, "file / not found in repo default/probe1 at commit ", FileNotFound),
    (StatusCode.NOT_FOUND, "file /a not found in repo default/probe1 at commit ", FileNotFound),
    (StatusCode.NOT_FOUND, "file /a\\b not found in repo default/extra2 at commit ", FileNotFound),
    (
        StatusCode.NOT_FOUND,
        "file /a\\\\b not found in repo default/extra2 at commit ",
        FileNotFound,
    ),
    *(
        (
            StatusCode.NOT_FOUND,
            f"file {path} not found in repo default/golden at commit ",
            FileNotFound,
        )
        for path in ("/", "/a", "/gone", "/m1", "/a*")
    ),
    (
        StatusCode.NOT_FOUND,
        "commit/c16aadc2da6747bf9e8239ffe757bf15 does not contain item: (/nope)",
        FileNotFound,
    ),
    (
        StatusCode.UNKNOWN,
        "cannot get directory or non-regular file. Use GetFileTAR instead",
        NotAFile,
    ),
    (StatusCode.UNKNOWN, "matched multiple files. Use GetFileTAR instead", PfsFailure),
    (StatusCode.UNKNOWN, "number must be > 0 when reverse is true", PfsFailure),
    (StatusCode.UNKNOWN, "cannot return more than 100000 files at a time", PfsFailure),
]

FILE_SETS: list[Row] = [
    (StatusCode.UNKNOWN, "add file set: path does not exist", FileSetNotFound),
    (
        StatusCode.UNKNOWN,
        "parsing fileset.Token: too short to be Token len=4",
        FileSetNotFound,
    ),
    (StatusCode.UNKNOWN, "ttl (86400000000000) exceeds max ttl (1800000000000)", PfsFailure),
]

AUTH: list[Row] = [
    (
        StatusCode.UNAUTHENTICATED,
        "no authentication token (try logging in)",
        NotLoggedIn,
    ),
    (
        StatusCode.UNAUTHENTICATED,
        "provided auth token is corrupted or has expired (try logging in again)",
        NotLoggedIn,
    ),
    (
        StatusCode.PERMISSION_DENIED,
        "robot:ci is not authorized to perform this operation - needs permissions [REPO_WRITE]"
        " on REPO default/probe1, run `pachctl auth roles-for-permission`",
        PfsAccessDenied,
    ),
    (StatusCode.UNIMPLEMENTED, "the auth service is not activated", AuthenticationOff),
]

STATE_OF_THE_SERVER: list[Row] = [
    (StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded", PfsTimeout),
    (
        StatusCode.RESOURCE_EXHAUSTED,
        "Received message larger than max (20971540 vs. 20971520)",
        PfsOverloaded,
    ),
]

NOT_RECORDED: list[Row] = [
    (StatusCode.ALREADY_EXISTS, 'project "p" already exists', ProjectExists),
    (StatusCode.UNKNOWN, "cannot start a commit on an output branch: p/r@master", OutputBranch),
    (StatusCode.UNKNOWN, f"commit default/probe1@{BASE_ID} was deleted", CommitNotFound),
    (StatusCode.UNKNOWN, f"tracker does not contain item: ({NEW_ID})", FileSetNotFound),
    (StatusCode.UNKNOWN, "inspect branch: context deadline exceeded", PfsTimeout),
    (StatusCode.UNKNOWN, "dial tcp 10.0.0.7:5432: connect: connection refused", PfsUnavailable),
    (StatusCode.UNKNOWN, "FATAL: the database system is starting up", PfsUnavailable),
    (StatusCode.UNKNOWN, "FATAL: the database system is shutting down", PfsUnavailable),
]

UNSPECIFIC = [
    *NAMES,
    *REPOS_AND_BRANCHES,
    *COMMITS,
    *FILES,
    *FILE_SETS,
    *AUTH,
    *STATE_OF_THE_SERVER,
    *NOT_RECORDED,
]

INVALID_PATHS = [
    *((path, RELATIVE) for path in (".", "..", "a/../b", "a/./b")),
    *(
        (path, f"globbing character ({path.strip('/')[1]}) not allowed in path")
        for path in ("a*b", "a?b", "a[b", "a{b}", "a!b", "a(b)", "a@b", "a+b", "a^b", "/m*2")
    ),
    *((path, PRINTABLE) for path in ("ünï", "a\tb", "", "a\nb", "\x00", "\x7f")),
]

FEEDS_OTHERS = [
    'branch "default/probe1@master" cannot be deleted because it\'s in the direct provenance of'
    " [default/probe1out@master]",
    'delete repo: delete branch default/probe1@master: branch "default/probe1@master" cannot be'
    " deleted because it's in the direct provenance of [default/probe1out@master]",
    'branch "default/golden@master" cannot be deleted because it\'s in the direct provenance of'
    " [default/goldenout@master]",
    'delete repo: delete branch default/golden@master: branch "default/golden@master" cannot be'
    " deleted because it's in the direct provenance of [default/goldenout@master]",
]

NOT_FINISHED = [
    (
        "start commit in transaction: create commit:"
        f" parent commit default/probe1@{OPEN_ID} has not been finished",
        Commit(Repo("probe1"), OPEN_ID),
    ),
    (
        "start commit in transaction: create commit:"
        f" parent commit default/golden@{OPEN_ID} has not been finished",
        Commit(Repo("golden"), OPEN_ID),
    ),
    (
        "start commit in transaction: create commit:"
        f" parent commit default/probe1out@{OUTPUT_ID} has not been finished",
        Commit(Repo("probe1out"), OUTPUT_ID),
    ),
    (
        f"get file: base commit default/probe1@{BASE_ID}"
        f" for commit default/probe1@{OPEN_ID} unfinished",
        Commit(Repo("probe1"), BASE_ID),
    ),
    (
        f"base commit default/probe1out@{OUTPUT_ID}"
        f" for commit default/probe1out@{NEXT_OUTPUT_ID} unfinished",
        Commit(Repo("probe1out"), OUTPUT_ID),
    ),
    (
        f"base commit lab/images@{BASE_ID} for commit lab/images@{OPEN_ID} unfinished",
        Commit(Repo("images", "lab"), BASE_ID),
    ),
]


def failed_call(code: StatusCode, text: str | None) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), text)


def recorded_errors() -> set[tuple[str, str]]:
    answers = json.loads(GOLDEN.read_text("utf-8")).values()
    return {(code, text) for code, text in answers if code != "OK"}


def masked(text: str) -> str:
    """A text with its ids masked as they are in what was recorded."""
    return re.sub(r"\b(int_)?id=\d+", "id=<n>", re.sub(r"\b[0-9a-f]{32}\b", "<id>", text))


def test_whatever_was_recorded_is_in_these_tables() -> None:
    unknown = [f"path ({path}) invalid: {reason}" for path, reason in INVALID_PATHS]
    unknown += [*FEEDS_OTHERS, *(text for text, _ in NOT_FINISHED)]
    rows = {(code.name, masked(text)) for code, text, _ in UNSPECIFIC}
    rows |= {("UNKNOWN", masked(text)) for text in unknown}
    assert recorded_errors() - rows == set()


@pytest.mark.parametrize(("code", "text", "kind"), UNSPECIFIC)
def test_an_error_is_told_by_its_text(code: StatusCode, text: str, kind: type[PfsFailure]) -> None:
    error = failure_of(failed_call(code, text))
    assert type(error) is kind
    assert text in str(error)


@pytest.mark.parametrize(("path", "reason"), INVALID_PATHS)
def test_a_path_that_pfs_cannot_hold_comes_with_the_rule(path: str, reason: str) -> None:
    text = f"path ({path}) invalid: {reason}"
    error = failure_of(failed_call(StatusCode.UNKNOWN, text))
    assert type(error) is InvalidPath
    assert (error.reason, str(error)) == (reason, text)


@pytest.mark.parametrize("text", FEEDS_OTHERS)
def test_a_branch_that_feeds_another_names_it(text: str) -> None:
    error = failure_of(failed_call(StatusCode.UNKNOWN, text))
    assert type(error) is BranchFeedsOthers
    assert error.downstream == (re.findall(r"\[(.*)\]", text)[0],)


def test_a_branch_that_feeds_several_names_them_all() -> None:
    text = FEEDS_OTHERS[0].replace("out@master]", "out@master lab/other@b2]")
    error = failure_of(failed_call(StatusCode.UNKNOWN, text))
    assert type(error) is BranchFeedsOthers
    assert error.downstream == ("default/probe1out@master", "lab/other@b2")


@pytest.mark.parametrize(("text", "commit"), NOT_FINISHED)
def test_a_commit_that_has_to_finish_first_is_named(text: str, commit: Commit) -> None:
    error = failure_of(failed_call(StatusCode.UNKNOWN, text))
    assert type(error) is CommitNotFinished
    assert (error.commit, str(error)) == (commit, text)


@pytest.mark.parametrize("code", [StatusCode.UNAVAILABLE, StatusCode.UNKNOWN])
def test_a_commit_that_has_not_finished_is_no_outage(code: StatusCode) -> None:
    error = failure_of(failed_call(code, f"commit default/probe1@{OPEN_ID} not finished"))
    assert type(error) is CommitNotFinished
    assert error.commit == Commit(Repo("probe1"), OPEN_ID)


@pytest.mark.parametrize("name", [OPEN_ID, "default/probe1@", "@"])
def test_a_commit_without_a_full_name_is_not_guessed(name: str) -> None:
    error = failure_of(failed_call(StatusCode.UNAVAILABLE, f"commit {name} not finished"))
    assert type(error) is CommitNotFinished
    assert error.commit is None


def test_a_refused_collision_names_the_paths() -> None:
    text = "file / directory path collision (/d/x), with /d"
    error = failure_of(failed_call(StatusCode.UNKNOWN, text))
    assert type(error) is PathCollision
    assert (error.path, error.existing) == ("/d/x", "/d")


@pytest.mark.parametrize(
    "text",
    [
        "file / directory path collision (/d/x)",
        "get file: file / directory path collision (/d/x)",
        "duplicate path output by different datums (/d/x)",
    ],
)
def test_a_commit_that_lost_its_files_has_failed(text: str) -> None:
    assert type(failure_of(failed_call(StatusCode.UNKNOWN, text))) is CommitFailed


@pytest.mark.parametrize("text", [None, "", "Socket closed"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (StatusCode.UNAVAILABLE, PfsUnavailable),
        (StatusCode.CANCELLED, PfsUnavailable),
        (StatusCode.ABORTED, PfsUnavailable),
        (StatusCode.DEADLINE_EXCEEDED, PfsTimeout),
        (StatusCode.RESOURCE_EXHAUSTED, PfsOverloaded),
        (StatusCode.UNKNOWN, PfsFailure),
        (StatusCode.INTERNAL, PfsFailure),
        (StatusCode.NOT_FOUND, PfsFailure),
    ],
)
def test_a_code_speaks_where_the_text_says_nothing(
    code: StatusCode, text: str | None, kind: type[PfsFailure]
) -> None:
    error = failure_of(failed_call(code, text))
    assert type(error) is kind
    assert str(error) == f"{code.name}: {text or ''}"


@pytest.mark.parametrize("code", [StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED])
@pytest.mark.parametrize(
    "text",
    [
        "repo default/nope not found",
        f"commit default/probe1@{OPEN_ID} not finished",
        "name (a b) invalid: no",
        "anything",
        "",
    ],
)
def test_access_denied_is_told_by_its_code(code: StatusCode, text: str) -> None:
    error = failure_of(failed_call(code, text))
    is_login = code is StatusCode.UNAUTHENTICATED
    assert type(error) is (NotLoggedIn if is_login else PfsAccessDenied)
    assert str(error) == text
