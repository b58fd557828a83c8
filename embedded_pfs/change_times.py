"""When files changed: the rows know, and keep it when the commit that changed them has gone.

Functions on a database connection, called within a transaction.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded_pfs.commit_rows import CommitRow

_TABLES = ("file", "past_file")


def settle(connection: sqlite3.Connection, row: CommitRow, closed_us: int) -> None:
    """Give the files of a commit that has been open the time when it is closed.

    Branches that were made at it while it was open have copies of them.
    """
    for table in _TABLES:
        connection.execute(
            f"UPDATE {table} SET changed_us = ?"
            " WHERE line_id = ? AND created_seq = ? AND changed_us IS NULL",
            (closed_us, row.line_id, row.seq),
        )
        connection.execute(
            f"UPDATE {table} SET changed_us = ?1 WHERE created_seq = 0 AND changed_us IS NULL"
            " AND line_id IN (SELECT id FROM line WHERE base_id = ?2)",
            (closed_us, row.id),
        )


def add(connection: sqlite3.Connection) -> None:
    """Add the times to tables that have none.

    Of commits that compaction has taken nobody knows any more when they were closed: their files
    have the time of the oldest commit that is left, which is not earlier.
    """
    for table in _TABLES:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN changed_us INTEGER")
        connection.execute(
            f"UPDATE {table} SET changed_us = (SELECT finishing_us FROM commit_"
            f" WHERE commit_.line_id = {table}.line_id AND seq >= created_seq"
            " ORDER BY seq LIMIT 1) WHERE created_seq > 0"
        )
    for (line_id,) in connection.execute("SELECT id FROM line ORDER BY id").fetchall():
        _add_to_copies(connection, line_id)
    for table in _TABLES:
        connection.execute(
            f"CREATE INDEX {table}_in_open_commit ON {table} (line_id, created_seq)"
            " WHERE changed_us IS NULL"
        )


def _add_to_copies(connection: sqlite3.Connection, line_id: int) -> None:
    """Give the files that a line began with the times that they have where they were copied from.

    That line is older, and has its times already.
    """
    base = _base_of(connection, line_id)
    for table in _TABLES:
        if base is not None:
            connection.execute(
                f"UPDATE {table} SET changed_us = coalesce("
                f"(SELECT changed_us FROM file AS was WHERE was.line_id = ?2"
                f" AND was.path = {table}.path AND was.created_seq <= ?3),"
                f" (SELECT changed_us FROM past_file AS was WHERE was.line_id = ?2"
                f" AND was.path = {table}.path AND was.created_seq <= ?3 AND was.ended_seq > ?3),"
                f" ?4) WHERE line_id = ?1 AND created_seq = 0",
                (line_id, *base),
            )
        else:
            connection.execute(
                f"UPDATE {table} SET changed_us = (SELECT finishing_us FROM commit_"
                " WHERE line_id = ?1 ORDER BY seq LIMIT 1) WHERE line_id = ?1 AND created_seq = 0",
                (line_id,),
            )


def _base_of(connection: sqlite3.Connection, line_id: int) -> tuple[int, int, int | None] | None:
    """The commit that a line was copied from, as line, number and time, if it is left."""
    row: tuple[int, int, int | None] | None = connection.execute(
        "SELECT base.line_id, base.seq, base.finishing_us FROM commit_ AS base WHERE base.id = ("
        " SELECT coalesce((SELECT parent_id FROM commit_ WHERE line_id = ?1 ORDER BY seq LIMIT 1),"
        " (SELECT head_id FROM branch WHERE line_id = ?1 LIMIT 1))) AND base.line_id != ?1",
        (line_id,),
    ).fetchone()
    return row
