"""Commits and the lines they lie on: begun, finished, taken back.

Functions on a database connection, called within a transaction.
"""

from __future__ import annotations

import sqlite3
import uuid
from typing import TYPE_CHECKING

from embedded_pfs import change_times, commit_changes, lineage
from embedded_pfs.collection import delete_rows
from embedded_pfs.commit_rows import (
    CommitRow,
    check_readable,
    commit_by_id,
    find_commit,
    find_open,
    is_tip,
    last_seq,
)
from embedded_pfs.database import now_us
from pfs_client.failures import CommitHasChildren, CommitNotFinished, PfsFailure
from pfs_client.values import Commit, OriginKind

if TYPE_CHECKING:
    from embedded_pfs.branch_rows import BranchRow
    from embedded_pfs.tips import Tip


def first(connection: sqlite3.Connection, repo_id: int, branch_name: str) -> int:
    """A new line with the finished empty commit that a fresh branch has."""
    line_id = _new_line(connection, repo_id, None)
    now = now_us()
    connection.execute(
        "INSERT INTO commit_ (repo_id, hex, line_id, seq, origin, branch_name, size_bytes,"
        " started_us, finishing_us, finished_us) VALUES (?1, ?2, ?3, 1, ?4, ?5, 0, ?6, ?6, ?6)",
        (repo_id, new_hex(), line_id, OriginKind.AUTO.value, branch_name, now),
    )
    return line_id


def branch_off(connection: sqlite3.Connection, head: Commit) -> int:
    """A line for a branch whose head is an existing commit.

    The line begins with a copy of what the commit holds, so that its own commits cost what they
    change.
    """
    row = find_commit(connection, head)
    check_readable(connection, row)
    line_id = _new_line(connection, row.repo_id, row.id)
    _copy_files(connection, row, line_id)
    return line_id


def _copy_files(connection: sqlite3.Connection, row: CommitRow, line_id: int) -> None:
    connection.execute(
        "INSERT INTO file SELECT ?1, path, 0, size_bytes, content_hash, changed_us FROM file"
        " WHERE line_id = ?2 AND created_seq <= ?3"
        " UNION ALL SELECT ?1, path, 0, size_bytes, content_hash, changed_us FROM past_file"
        " WHERE line_id = ?2 AND created_seq <= ?3 AND ended_seq > ?3",
        (line_id, row.line_id, row.seq),
    )


def start(
    connection: sqlite3.Connection,
    branch: BranchRow,
    origin: OriginKind = OriginKind.USER,
    *,
    hex_: str | None = None,
    description: str = "",
) -> CommitRow:
    """Open a commit at a branch's head.

    Raises:
        CommitNotFinished: The head is open, and it is a user who wants another.
    """
    head = commit_by_id(connection, branch.head_id)
    if origin is OriginKind.USER and head.is_open:
        raise CommitNotFinished(f"the head of {branch.branch} is open", branch.head)
    seq = 1 + last_seq(connection, branch.line_id)
    cursor = connection.execute(
        "INSERT INTO commit_ (repo_id, hex, line_id, seq, parent_id, origin, branch_name,"
        " description, size_bytes, started_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            branch.repo_id,
            hex_ or new_hex(),
            branch.line_id,
            seq,
            head.id,
            origin.value,
            branch.branch.name,
            description,
            head.size_bytes,
            now_us(),
        ),
    )
    return commit_by_id(connection, _row_id(cursor))


def add_closed(connection: sqlite3.Connection, tip: Tip, size_bytes: int, closed_us: int) -> str:
    """Add a commit that is closed already behind a closed head; it is the new head.

    Nothing but the commit is written: each page is time that every write takes.

    Returns:
        Its id.
    """
    hex_ = new_hex()
    head = tip.head
    connection.execute(
        "INSERT INTO commit_ (repo_id, hex, line_id, seq, parent_id, origin, branch_name,"
        " size_bytes, started_us, finishing_us, finished_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            tip.repo_id,
            hex_,
            tip.line_id,
            tip.next_seq,
            head.id,
            OriginKind.USER.value,
            tip.branch.name,
            size_bytes,
            closed_us,
            closed_us,
            # What a commit that has not finished is based on keeps it from finishing.
            None if head.finished_us is None else closed_us,
        ),
    )
    return hex_


def finish_commit(connection: sqlite3.Connection, commit: Commit, error: str = "") -> None:
    """Close an open commit.

    Raises:
        CommitNotFound: There is none.
        CommitNotOpen: It is closed already.
    """
    finish(connection, find_open(connection, commit), error)


def finish(connection: sqlite3.Connection, row: CommitRow, error: str = "") -> None:
    """Close a commit known to be open. Here that finishes it, unless its base has not finished.

    What one with an error held is lost, as with pachd: the next is based on what was before it.
    Where there is a next one already, it stays.
    """
    if error and is_tip(connection, row):
        commit_changes.take_back(connection, row)
        connection.execute(
            "UPDATE commit_ SET size_bytes ="
            " coalesce((SELECT size_bytes FROM commit_ WHERE id = ?), 0) WHERE id = ?",
            (row.parent_id, row.id),
        )
    now = now_us()
    change_times.settle(connection, row, now)
    for line_id in lineage.lines_without_commits(connection, row):
        # Made while the commit was open: it has changed since.
        delete_rows(connection, "file", "line_id = ?", line_id)
        _copy_files(connection, row, line_id)
    connection.execute(
        "UPDATE commit_ SET finishing_us = ?, error = ? WHERE id = ?", (now, error, row.id)
    )
    _settle(connection, row.id, now)


def _settle(connection: sqlite3.Connection, commit_id: int, now: int) -> None:
    """Mark a closed commit finished if its base is, and then what waited for it."""
    todo = [commit_id]
    while todo:
        row = commit_by_id(connection, todo.pop())
        base_open = row.parent_id is not None and (
            commit_by_id(connection, row.parent_id).finished_us is None
        )
        if row.finishing_us is None or base_open:
            continue
        connection.execute("UPDATE commit_ SET finished_us = ? WHERE id = ?", (now, row.id))
        waiting = connection.execute(
            "SELECT id FROM commit_ WHERE parent_id = ? AND finished_us IS NULL", (row.id,)
        )
        todo.extend(child for (child,) in waiting)


def drop(connection: sqlite3.Connection, commit: Commit) -> None:
    """Take a commit back that nothing is based on; its branch goes back to its parent.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitHasChildren: Another is based on it.
        PfsFailure: It is based on none.
    """
    row = find_commit(connection, commit)
    heads_elsewhere = set(lineage.lines_with_head(connection, row)) - {row.line_id}
    if lineage.children(connection, row) or heads_elsewhere:
        raise CommitHasChildren(f"cannot drop a commit that has children: {commit}")
    if row.parent_id is None:
        raise PfsFailure(f"cannot drop the first commit of a branch: {commit}")
    commit_changes.take_back(connection, row)
    connection.execute("DELETE FROM commit_ WHERE id = ?", (row.id,))


def squash(connection: sqlite3.Connection, commit: Commit) -> None:
    """Make what a commit did part of what the next one did.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It has not finished.
        PfsFailure: No other commit is based on it.
    """
    row = find_commit(connection, commit)
    if row.finished_us is None:
        raise CommitNotFinished(f"commit {commit} not finished", commit)
    children = lineage.children(connection, row)
    if lineage.lines_with_head(connection, row) or not children:
        raise PfsFailure(
            "cannot squash a commit that has no children as that would cause data loss, use the"
            f" drop operation instead: {commit}"
        )
    commit_changes.hand_on(connection, row, children)
    lineage.set_parent(connection, row, children)
    connection.execute("DELETE FROM commit_ WHERE id = ?", (row.id,))


def new_hex() -> str:
    """An id for a new commit: 32 hex digits."""
    return uuid.uuid4().hex


def _new_line(connection: sqlite3.Connection, repo_id: int, base_id: int | None) -> int:
    return _row_id(
        connection.execute("INSERT INTO line (repo_id, base_id) VALUES (?, ?)", (repo_id, base_id))
    )


def _row_id(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT has just set it
    return cursor.lastrowid
