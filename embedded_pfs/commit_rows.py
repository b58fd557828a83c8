"""Commits as the database has them: looking them up, listing them, and what may be read."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields

from embedded_pfs.branch_rows import repo_id_of
from embedded_pfs.database import as_datetime, as_optional_datetime
from pfs_client.failures import CommitNotFinished, CommitNotFound, CommitNotOpen
from pfs_client.values import Commit, CommitInfo, OriginKind, Repo, is_commit_id


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


def columns_of(table: str) -> str:
    """What makes a `CommitRow`, in its order, of a table of commits by its name in a query."""
    return ", ".join(f"{table}.{field.name}" for field in fields(CommitRow))


_COMMIT_ROW = f"SELECT {columns_of('commit_')} FROM commit_"


def find_commit(connection: sqlite3.Connection, commit: Commit) -> CommitRow:
    """A commit's row.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit; of what is no commit's id, wherever it is.
    """
    row = connection.execute(
        f"{_COMMIT_ROW} JOIN repo ON repo.id = commit_.repo_id"
        " JOIN project ON project.id = project_id"
        " WHERE project.name = ? AND repo.name = ? AND hex = ?",
        (commit.repo.project, commit.repo.name, commit.id),
    ).fetchone()
    if row is None:
        raise _not_found(connection, commit)
    return CommitRow(*row)


def _not_found(connection: sqlite3.Connection, commit: Commit) -> CommitNotFound:
    if is_commit_id(commit.id):
        repo_id_of(connection, commit.repo)
    return CommitNotFound(f"commit {commit} not found", commit)


def find_open(connection: sqlite3.Connection, commit: Commit) -> CommitRow:
    """An open commit's row.

    Raises:
        CommitNotFound: There is none.
        CommitNotOpen: It is closed.
    """
    row = find_commit(connection, commit)
    if not row.is_open:
        raise CommitNotOpen(f"commit {commit} has already finished", commit)
    return row


def commit_by_id(connection: sqlite3.Connection, commit_id: int) -> CommitRow:
    """A commit's row, by its row's id."""
    return CommitRow(*connection.execute(f"{_COMMIT_ROW} WHERE id = ?", (commit_id,)).fetchone())


def named(connection: sqlite3.Connection, commit_id: int) -> Commit:
    """The commit that a row is of."""
    project, repo, hex_ = connection.execute(
        "SELECT project.name, repo.name, hex FROM commit_ JOIN repo ON repo.id = repo_id"
        " JOIN project ON project.id = project_id WHERE commit_.id = ?",
        (commit_id,),
    ).fetchone()
    return Commit(Repo(repo, project), hex_)


def inspect(connection: sqlite3.Connection, commit: Commit) -> CommitInfo:
    """What PFS says of a commit, with one statement if it is there.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
    """
    row = connection.execute(
        "SELECT this.origin, parent.hex, this.started_us, this.finishing_us, this.finished_us,"
        " this.error, this.size_bytes, this.description, this.branch_name"
        " FROM commit_ AS this LEFT JOIN commit_ AS parent ON parent.id = this.parent_id"
        " JOIN repo ON repo.id = this.repo_id JOIN project ON project.id = project_id"
        " WHERE project.name = ? AND repo.name = ? AND this.hex = ?",
        (commit.repo.project, commit.repo.name, commit.id),
    ).fetchone()
    if row is None:
        raise _not_found(connection, commit)
    origin, parent, started, finishing, finished, *rest = row
    return CommitInfo(
        commit,
        OriginKind(origin),
        None if parent is None else Commit(commit.repo, parent),
        as_datetime(started),
        as_optional_datetime(finishing),
        as_optional_datetime(finished),
        *rest,
    )


def check_readable(connection: sqlite3.Connection, row: CommitRow) -> None:
    """Refuse what pachd refuses: to read a commit whose base has not finished.

    Raises:
        CommitNotFinished: It is such a commit.
    """
    if row.parent_id is None or row.finished_us is not None:
        return
    parent = commit_by_id(connection, row.parent_id)
    if parent.finished_us is None:
        base, wanted = named(connection, parent.id), named(connection, row.id)
        raise CommitNotFinished(f"{base}, which {wanted} is based on, is open", base, wanted)


def list_commits(
    connection: sqlite3.Connection,
    repo: Repo,
    newest: Commit | None,
    after: Commit | None,
    number: int,
) -> list[CommitInfo]:
    """A page of a repo's commits, or of one commit's history, the newest first.

    Args:
        connection: To read from.
        repo: Whose.
        newest: Where a history begins; None for all commits of the repo.
        after: The last commit of the page before.
        number: How many at most.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: The newest is not there, or what the last page ended with is gone.
    """
    if newest is None:
        return _of_repo(connection, repo_id_of(connection, repo), repo, after, number)
    if after is None:
        first_id: int | None = find_commit(connection, newest).id
    else:
        first_id = find_commit(connection, after).parent_id
    return _history(connection, repo, first_id, number)


def _of_repo(
    connection: sqlite3.Connection, repo_id: int, repo: Repo, after: Commit | None, number: int
) -> list[CommitInfo]:
    """Some of a repo's commits, the newest first, those that come after one."""
    last = None if after is None else find_commit(connection, after).id
    rows = connection.execute(
        "SELECT hex FROM commit_ WHERE repo_id = ?1 AND (?2 IS NULL OR (started_us, id) <"
        " (SELECT started_us, id FROM commit_ WHERE id = ?2))"
        " ORDER BY started_us DESC, id DESC LIMIT ?3",
        (repo_id, last, number),
    ).fetchall()
    return [inspect(connection, Commit(repo, hex_)) for (hex_,) in rows]


def _history(
    connection: sqlite3.Connection, repo: Repo, first_id: int | None, number: int
) -> list[CommitInfo]:
    """A commit and some of those it is based on, the newest first."""
    rows = connection.execute(
        "WITH RECURSIVE history (id, hex, parent_id) AS ("
        " SELECT id, hex, parent_id FROM commit_ WHERE id = ?"
        " UNION ALL SELECT commit_.id, commit_.hex, commit_.parent_id"
        " FROM commit_ JOIN history ON commit_.id = history.parent_id)"
        " SELECT hex FROM history LIMIT ?",
        (first_id, number),
    ).fetchall()
    return [inspect(connection, Commit(repo, hex_)) for (hex_,) in rows]


def distance(connection: sqlite3.Connection, newer_id: int, older_id: int) -> int:
    """How many commits lie between one and another that it is based on, that one among them."""
    (steps,) = connection.execute(
        "WITH RECURSIVE history (id, steps) AS (SELECT ?1, 0 UNION ALL"
        " SELECT parent_id, steps + 1 FROM commit_ JOIN history USING (id) WHERE id != ?2)"
        " SELECT max(steps) FROM history",
        (newer_id, older_id),
    ).fetchone()
    return int(steps)


def is_tip(connection: sqlite3.Connection, row: CommitRow) -> bool:
    """Whether a commit is the last one on its line."""
    return row.seq == last_seq(connection, row.line_id)


def holds_files(connection: sqlite3.Connection, line_id: int) -> bool:
    """Whether anything stands at the tip of a line."""
    return bool(
        connection.execute("SELECT 1 FROM file WHERE line_id = ? LIMIT 1", (line_id,)).fetchone()
    )


def last_seq(connection: sqlite3.Connection, line_id: int) -> int:
    """The number of the last commit on a line; 0 where there is none."""
    (seq,) = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM commit_ WHERE line_id = ?", (line_id,)
    ).fetchone()
    return int(seq)
