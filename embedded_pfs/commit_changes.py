"""What a commit changed: the rows that began or ended with it.

A commit that has been squashed leaves its number in the rows. They count as the next commit's: what
a commit changed is what happened behind the one before it on its line, up to itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TypeAlias

from embedded_pfs.collection import delete_rows, suspect_those_of
from embedded_pfs.commit_rows import CommitRow, commit_by_id
from embedded_pfs.lineage import Child
from embedded_pfs.names import stored_path

ChangeRow: TypeAlias = tuple[str, int | None, bytes | None]
"""A stored path with its size and content's hash; without either where it is removed."""


def span(connection: sqlite3.Connection, row: CommitRow) -> dict[str, int]:
    """A commit's line and its numbers there: those above `before`, up to `seq`."""
    (before,) = connection.execute(
        "SELECT max(seq) FROM commit_ WHERE line_id = ? AND seq < ?", (row.line_id, row.seq)
    ).fetchone()
    if before is None:
        # The first that is left of its line. What a line began with is number 0's, and is its own
        # only where nothing is before it.
        before = -1 if row.parent_id is None else 0
    return {"line": row.line_id, "before": before, "seq": row.seq}


def added(connection: sqlite3.Connection, row: CommitRow) -> list[ChangeRow]:
    """The files that a commit added or replaced, in order."""
    return connection.execute(
        "SELECT path, size_bytes, content_hash FROM file"
        " WHERE line_id = :line AND created_seq > :before AND created_seq <= :seq"
        " UNION ALL SELECT path, size_bytes, content_hash FROM past_file"
        " WHERE line_id = :line AND created_seq > :before AND created_seq <= :seq"
        " AND +ended_seq > :seq ORDER BY path",
        span(connection, row),
    ).fetchall()


def removed(connection: sqlite3.Connection, row: CommitRow) -> list[ChangeRow]:
    """The files that a commit deleted or replaced, in order."""
    return connection.execute(
        "SELECT path, NULL, NULL FROM past_file WHERE line_id = :line AND ended_seq > :before"
        " AND ended_seq <= :seq AND created_seq <= :before ORDER BY path",
        span(connection, row),
    ).fetchall()


def take_back(connection: sqlite3.Connection, row: CommitRow) -> None:
    """Undo what the last commit of a line has done to files."""
    tip = span(connection, row)
    delete_rows(connection, "file", "line_id = ? AND created_seq > ?", tip["line"], tip["before"])
    suspect_those_of(
        connection,
        "past_file",
        "line_id = ?1 AND ended_seq > ?2 AND created_seq > ?2",
        tip["line"],
        tip["before"],
    )
    connection.execute(
        "INSERT INTO file SELECT line_id, path, created_seq, size_bytes, content_hash, changed_us"
        " FROM past_file WHERE line_id = :line AND ended_seq > :before AND created_seq <= :before",
        tip,
    )
    connection.execute("DELETE FROM past_file WHERE line_id = :line AND ended_seq > :before", tip)


def hand_on(connection: sqlite3.Connection, row: CommitRow, children: Iterable[Child]) -> None:
    """Let the next commits have done what a commit did, which then can go.

    The next on its own line takes its changes on by `span`. The first of lines that branch off it
    began with a copy of its files, as theirs from the start.
    """
    branched = [(child.line_id, child.seq) for child in children if child.line_id != row.line_id]
    new, old = (added(connection, row), removed(connection, row)) if branched else ([], [])
    # What the next of its line replaced, lines that branch off still have.
    _forget_what_it_alone_shows(connection, row)
    for line_id, seq in branched:
        connection.executemany(
            "UPDATE file SET created_seq = ? WHERE line_id = ? AND path = ? AND created_seq = 0",
            [(seq, line_id, path) for path, *_ in new],
        )
        connection.executemany(
            "UPDATE past_file SET created_seq = ?1 WHERE line_id = ?2 AND path = ?3"
            " AND created_seq = 0 AND ended_seq > ?1",
            [(seq, line_id, path) for path, *_ in new],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO past_file"
            " SELECT ?1, path, 0, ?2, size_bytes, content_hash, changed_us"
            " FROM past_file WHERE line_id = ?3 AND path = ?4 AND ended_seq <= ?5"
            " ORDER BY ended_seq DESC LIMIT 1",
            [(line_id, seq, row.line_id, path, row.seq) for path, *_ in old],
        )


def _forget_what_it_alone_shows(connection: sqlite3.Connection, row: CommitRow) -> None:
    """Remove the rows that began with a commit and ended with the next of its line."""
    its = span(connection, row)
    gone = (
        "line_id = ?1 AND ended_seq > ?3 AND ended_seq <="
        " (SELECT min(seq) FROM commit_ WHERE line_id = ?1 AND seq > ?3)"
        " AND created_seq > ?2 AND created_seq <= ?3"
    )
    at = (its["line"], its["before"], its["seq"])
    delete_rows(connection, "past_file", gone, *at)


def last_changing(connection: sqlite3.Connection, row: CommitRow, path: str) -> CommitRow | None:
    """The newest commit that changed a file: this one or one that it is based on."""
    at: CommitRow | None = row
    while at is not None:
        found = _on_line(connection, at, stored_path(path))
        if found is not None:
            return found
        first = _first_of_line(connection, at)
        at = None if first.parent_id is None else commit_by_id(connection, first.parent_id)
    return None


def _on_line(connection: sqlite3.Connection, row: CommitRow, path: str) -> CommitRow | None:
    """The newest commit up to one, of those on its line, that changed a file."""
    first = span(connection, _first_of_line(connection, row))["before"]
    (seq,) = connection.execute(
        "SELECT max(seq) FROM ("
        " SELECT created_seq AS seq FROM file WHERE line_id = :line AND path = :path"
        " UNION ALL SELECT created_seq FROM past_file WHERE line_id = :line AND path = :path"
        " UNION ALL SELECT ended_seq FROM past_file WHERE line_id = :line AND path = :path"
        ") WHERE seq > :first AND seq <= :seq",
        {"line": row.line_id, "path": path, "first": first, "seq": row.seq},
    ).fetchone()
    if seq is None:
        return None
    (commit_id,) = connection.execute(
        "SELECT id FROM commit_ WHERE line_id = ? AND seq >= ? ORDER BY seq LIMIT 1",
        (row.line_id, seq),
    ).fetchone()
    return commit_by_id(connection, commit_id)


def _first_of_line(connection: sqlite3.Connection, row: CommitRow) -> CommitRow:
    (commit_id,) = connection.execute(
        "SELECT id FROM commit_ WHERE line_id = ? ORDER BY seq LIMIT 1", (row.line_id,)
    ).fetchone()
    return commit_by_id(connection, commit_id)
