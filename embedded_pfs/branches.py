"""Branches, and the commits that are opened on them: functions on a database connection.

Those that write are called within a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from embedded_pfs import commits
from embedded_pfs.branch_rows import (
    BRANCH_ROWS,
    DOWNSTREAM,
    BranchRow,
    feeds_others,
    find_branch,
    find_named,
    find_rows,
    info_of,
    refuse_output,
    repo_id_of,
)
from embedded_pfs.commit_rows import commit_by_id, holds_files
from embedded_pfs.database import now_us
from embedded_pfs.names import check_name
from pfs_client.failures import (
    BranchNotFound,
    HeadMoved,
    PfsFailure,
)
from pfs_client.values import (
    Branch,
    BranchInfo,
    Commit,
    OriginKind,
    Repo,
)


def list_branches(connection: sqlite3.Connection, repo: Repo) -> list[BranchInfo]:
    """All branches of a repo, the newest first, as pachd has them.

    Raises:
        RepoNotFound: There is no such repo.
    """
    repo_id = repo_id_of(connection, repo)
    query = f"{BRANCH_ROWS} WHERE repo.id = ? ORDER BY branch.created_us DESC, branch.id DESC"
    return [info_of(connection, row) for row in find_rows(connection, query, repo_id)]


def inspect_branch(connection: sqlite3.Connection, branch: Branch) -> BranchInfo:
    """What PFS says of a branch.

    Raises:
        RepoNotFound: There is no such repo.
        BranchNotFound: There is the repo, without this branch.
    """
    return info_of(connection, find_branch(connection, branch))


def inspect_unlinked(connection: sqlite3.Connection, branch: Branch) -> BranchInfo | None:
    """The same with one statement; None where that does not suffice."""
    row = find_named(connection, branch)
    return None if row is None or row.is_linked else info_of(connection, row)


def find_or_create_branch(connection: sqlite3.Connection, branch: Branch) -> BranchRow:
    """A branch's row; pachd creates a missing branch where something is written to it."""
    try:
        return find_branch(connection, branch)
    except BranchNotFound:
        create_branch(connection, branch, None, ())
        return find_branch(connection, branch)


def start_commit(connection: sqlite3.Connection, branch: Branch, description: str = "") -> Commit:
    """Open a commit at a branch's head; pachd creates a missing branch here too.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFinished: The head is open already.
        OutputBranch: A pipeline writes the branch.
    """
    row = find_or_create_branch(connection, branch)
    commits.start(connection, row, description=description)
    refuse_output(connection, row.id, branch)
    return find_branch(connection, branch).head


def create_branch(
    connection: sqlite3.Connection,
    branch: Branch,
    head: Commit | None,
    provenance: Iterable[Branch],
) -> None:
    """Create a branch, or give an existing one another head or provenance.

    Raises:
        InvalidName: There can be no branch of this name.
        RepoNotFound: There is no such repo.
        CommitNotFound: The head is not there.
        CommitNotFinished: The head is open, and so is what it is based on.
        BranchNotFound: A branch of the provenance is not there.
        PfsFailure: A branch of the provenance is in the same repo, or the head in another.
    """
    check_name(branch.name)
    repo_id = repo_id_of(connection, branch.repo)
    if head is not None and head.repo != branch.repo:
        # It would go with its repo, and the branch would have none.
        raise PfsFailure(f"{head} is not a commit of repo {branch.repo}")
    try:
        row = find_branch(connection, branch)
    except BranchNotFound:
        row = _insert_branch(connection, repo_id, branch, head)
    else:
        if head is not None and head != row.head:
            line_id = commits.branch_off(connection, head)
            connection.execute("UPDATE branch SET line_id = ? WHERE id = ?", (line_id, row.id))
    upstream = [find_branch(connection, b) for b in provenance]
    if not upstream:
        return
    if any(u.repo_id == repo_id for u in upstream):
        raise PfsFailure(f"repo {branch.repo} cannot be in the provenance of its own branch")
    connection.execute("DELETE FROM provenance WHERE branch_id = ?", (row.id,))
    connection.executemany(
        "INSERT INTO provenance VALUES (?, ?)", {(row.id, u.id) for u in upstream}
    )
    open_output_commit(connection, find_branch(connection, branch), upstream[0].head.id)


def open_output_commit(connection: sqlite3.Connection, row: BranchRow, hex_: str) -> None:
    """Open the commit that a pipeline would write next, in the commit set of the input's commit."""
    taken = connection.execute(
        "SELECT 1 FROM commit_ WHERE repo_id = ? AND hex = ?", (row.repo_id, hex_)
    ).fetchone()
    if taken is None:
        commits.start(connection, row, OriginKind.AUTO, hex_=hex_)


def delete_branch(
    connection: sqlite3.Connection, branch: Branch, expected_head: Commit | None
) -> None:
    """Delete a branch; its commits stay.

    Raises:
        RepoNotFound: There is no such repo.
        BranchNotFound: There is the repo, without this branch.
        HeadMoved: The head is not the expected one, or it is open and holds files.
        BranchFeedsOthers: Another branch is computed from it.
    """
    row = find_branch(connection, branch)
    if expected_head is not None:
        _check_head(connection, row, expected_head)
    below = find_rows(connection, DOWNSTREAM, row.id)
    if below:
        raise feeds_others(row, below)
    connection.execute("DELETE FROM branch WHERE id = ?", (row.id,))


def _check_head(connection: sqlite3.Connection, row: BranchRow, expected: Commit) -> None:
    if row.head != expected:
        raise HeadMoved(f"the head of {row.branch} is {row.head.id}")
    # An open head stays the same commit whatever is written: what it held when somebody looked,
    # only its being empty still tells.
    if commit_by_id(connection, row.head_id).is_open and holds_files(connection, row.line_id):
        raise HeadMoved(f"the head of {row.branch} is open, and files have been written to it")


def _insert_branch(
    connection: sqlite3.Connection, repo_id: int, branch: Branch, head: Commit | None
) -> BranchRow:
    if head is None:
        line_id = commits.first(connection, repo_id, branch.name)
    else:
        line_id = commits.branch_off(connection, head)
    connection.execute(
        "INSERT INTO branch (repo_id, name, line_id, created_us) VALUES (?, ?, ?, ?)",
        (repo_id, branch.name, line_id, now_us()),
    )
    return find_branch(connection, branch)
