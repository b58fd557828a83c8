"""Commits and the lines they lie on: functions on a database connection.

Those that write are called within a transaction.
"""

from __future__ import annotations

import sqlite3
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded_pfs.database import as_datetime, as_optional_datetime, now_us
from pfs_client.failures import CommitNotFinished, CommitNotFound, CommitNotOpen, PfsFailure
from pfs_client.values import Commit, CommitInfo, OriginKind, Repo

if TYPE_CHECKING:
    from embedded_pfs.branch_rows import BranchRow

_COMMIT_ROW = """
    SELECT commit_.id, commit_.repo_id, line_id, seq,
        parent_id, finishing_us, finished_us, size_bytes
    FROM commit_
"""


@dataclass(frozen=True, slots=True)
class CommitRow:
    """Where a commit lies, and whether it is finished."""

    id: int
    repo_id: int
    line_id: int
    seq: int
    parent_id: int | None
    finishing_us: int | None
    finished_us: int | None
    size_bytes: int

    @property
    def is_open(self) -> bool:
        """Whether writes still go into it."""
        return self.finishing_us is None


def find_commit(connection: sqlite3.Connection, commit: Commit) -> CommitRow:
    """A commit's row."""
    row = connection.execute(
        f"{_COMMIT_ROW} JOIN repo ON repo.id = commit_.repo_id"
        " JOIN project ON project.id = project_id"
        " WHERE project.name = ? AND repo.name = ? AND hex = ?",
        (commit.repo.project, commit.repo.name, commit.id),
    ).fetchone()
    if row is None:
        raise CommitNotFound(f"commit {commit} not found")
    return CommitRow(*row)


def commit_by_id(connection: sqlite3.Connection, commit_id: int) -> CommitRow:
    """A commit's row, by its row's id."""
    return CommitRow(*connection.execute(f"{_COMMIT_ROW} WHERE id = ?", (commit_id,)).fetchone())


def inspect(connection: sqlite3.Connection, commit: Commit) -> CommitInfo:
    """What PFS says of a commit."""
    row = find_commit(connection, commit)
    origin, parent, started, error, description, branch_name = connection.execute(
        "SELECT this.origin, parent.hex, this.started_us, this.error, this.description,"
        " this.branch_name"
        " FROM commit_ AS this LEFT JOIN commit_ AS parent ON parent.id = this.parent_id"
        " WHERE this.id = ?",
        (row.id,),
    ).fetchone()
    return CommitInfo(
        commit,
        OriginKind(origin),
        None if parent is None else Commit(commit.repo, parent),
        as_datetime(started),
        as_optional_datetime(row.finishing_us),
        as_optional_datetime(row.finished_us),
        error,
        row.size_bytes,
        description,
        branch_name,
    )


def check_readable(connection: sqlite3.Connection, row: CommitRow) -> None:
    """Refuse what pachd refuses: reading a commit whose base is not finished."""
    if row.parent_id is None or row.finished_us is not None:
        return
    parent = commit_by_id(connection, row.parent_id)
    if parent.finished_us is None:
        raise CommitNotFinished(
            f"base commit {name_of(connection, parent.id)}"
            f" for commit {name_of(connection, row.id)} unfinished"
        )


def first(connection: sqlite3.Connection, repo_id: int, branch_name: str) -> tuple[int, int]:
    """A new line with the finished empty commit that a fresh branch has, as (line, commit)."""
    line_id = _new_line(connection, repo_id)
    now = now_us()
    cursor = connection.execute(
        "INSERT INTO commit_ (repo_id, hex, line_id, seq, origin, branch_name, size_bytes,"
        " started_us, finishing_us, finished_us) VALUES (?1, ?2, ?3, 1, ?4, ?5, 0, ?6, ?6, ?6)",
        (repo_id, new_hex(), line_id, OriginKind.AUTO.value, branch_name, now),
    )
    return line_id, _row_id(cursor)


def branch_off(connection: sqlite3.Connection, head: Commit) -> tuple[int, int]:
    """A line for a branch whose head is an existing commit, as (line, commit).

    The line begins with a copy of what the commit holds, so that its own commits cost what they
    change.
    """
    row = find_commit(connection, head)
    check_readable(connection, row)
    line_id = _new_line(connection, row.repo_id)
    connection.execute(
        "INSERT INTO file (line_id, path, created_seq, size_bytes, content_hash)"
        " SELECT ?1, path, 0, size_bytes, content_hash FROM file"
        " WHERE line_id = ?2 AND created_seq <= ?3"
        " UNION ALL SELECT ?1, path, 0, size_bytes, content_hash FROM past_file"
        " WHERE line_id = ?2 AND created_seq <= ?3 AND ended_seq > ?3",
        (line_id, row.line_id, row.seq),
    )
    return line_id, row.id


def start(
    connection: sqlite3.Connection,
    branch: BranchRow,
    origin: OriginKind = OriginKind.USER,
    *,
    hex_: str | None = None,
    description: str = "",
) -> CommitRow:
    """Open a commit at a branch's head."""
    head = commit_by_id(connection, branch.head_id)
    if origin is OriginKind.USER and head.is_open:
        raise CommitNotFinished(f"parent commit {branch.head} has not been finished")
    seq = 1 + _last_seq(connection, branch.line_id)
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
    commit_id = _row_id(cursor)
    connection.execute(
        "UPDATE branch SET head_id = ?, updated_us = ? WHERE id = ?",
        (commit_id, now_us(), branch.id),
    )
    return commit_by_id(connection, commit_id)


def finish_commit(connection: sqlite3.Connection, commit: Commit, error: str = "") -> None:
    """Close an open commit."""
    row = find_commit(connection, commit)
    if not row.is_open:
        raise CommitNotOpen(f"commit {commit} has already finished")
    finish(connection, row, error)


def finish(connection: sqlite3.Connection, row: CommitRow, error: str = "") -> None:
    """Close a commit known to be open. Here that finishes it, unless its base has not finished."""
    now = now_us()
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


def list_commits(
    connection: sqlite3.Connection, repo_id: int, repo: Repo, newest: Commit | None = None
) -> list[Commit]:
    """A repo's commits, the newest first; of one commit's history, if that is given."""
    if newest is None:
        rows = connection.execute(
            "SELECT hex FROM commit_ WHERE repo_id = ? ORDER BY started_us DESC, id DESC",
            (repo_id,),
        )
    else:
        rows = connection.execute(
            "WITH RECURSIVE history (id, hex, parent_id) AS ("
            " SELECT id, hex, parent_id FROM commit_ WHERE id = ?"
            " UNION ALL SELECT commit_.id, commit_.hex, commit_.parent_id"
            " FROM commit_ JOIN history ON commit_.id = history.parent_id)"
            " SELECT hex FROM history",
            (find_commit(connection, newest).id,),
        )
    return [Commit(repo, hex_) for (hex_,) in rows]


def drop(connection: sqlite3.Connection, commit: Commit) -> None:
    """Take a commit back that nothing is based on; branches at it go back to its parent.

    Raises:
        PfsFailure: Something is based on it, or it is based on nothing.
    """
    row = find_commit(connection, commit)
    child = connection.execute(
        "SELECT 1 FROM commit_ WHERE parent_id = ?1"
        " UNION ALL SELECT 1 FROM branch WHERE head_id = ?1 AND line_id != ?2",
        (row.id, row.line_id),
    ).fetchone()
    if child is not None or row.parent_id is None:
        raise PfsFailure(f"cannot drop a commit that has children: {commit}")
    tip = (row.line_id, row.seq)
    connection.execute("DELETE FROM file WHERE line_id = ? AND created_seq = ?", tip)
    connection.execute(
        "INSERT INTO file SELECT line_id, path, created_seq, size_bytes, content_hash"
        " FROM past_file WHERE line_id = ? AND ended_seq = ?",
        tip,
    )
    connection.execute("DELETE FROM past_file WHERE line_id = ? AND ended_seq = ?", tip)
    connection.execute(
        "UPDATE branch SET head_id = ?, updated_us = ? WHERE head_id = ?",
        (row.parent_id, now_us(), row.id),
    )
    connection.execute("DELETE FROM commit_ WHERE id = ?", (row.id,))


def is_tip(connection: sqlite3.Connection, row: CommitRow) -> bool:
    """Whether a commit is the last one on its line."""
    return row.seq == _last_seq(connection, row.line_id)


def name_of(connection: sqlite3.Connection, commit_id: int) -> str:
    """A commit as PFS names it in messages: `project/repo@id`."""
    project, repo, hex_ = connection.execute(
        "SELECT project.name, repo.name, hex FROM commit_ JOIN repo ON repo.id = repo_id"
        " JOIN project ON project.id = project_id WHERE commit_.id = ?",
        (commit_id,),
    ).fetchone()
    return f"{project}/{repo}@{hex_}"


def new_hex() -> str:
    """An id for a new commit: 32 hex digits."""
    return uuid.uuid4().hex


def _last_seq(connection: sqlite3.Connection, line_id: int) -> int:
    (seq,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM commit_ WHERE line_id = ?", (line_id,)
    ).fetchone()
    return int(seq)


def _new_line(connection: sqlite3.Connection, repo_id: int) -> int:
    return _row_id(connection.execute("INSERT INTO line (repo_id) VALUES (?)", (repo_id,)))


def _row_id(cursor: sqlite3.Cursor) -> int:
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT has just set it
    return cursor.lastrowid
