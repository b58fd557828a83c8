"""What is based on a commit, and what becomes of that when the commit goes.

No index leads from a commit to its children: every write would have to keep it. They are the next
commit on its line, and the first ones of the lines that it is the base of. A line's base is what
its first commit is based on. So where a commit goes, its children are given another parent here, or
none: an id may be used again, and no commit may be based on another than its own by that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from embedded_pfs.branch_rows import HEAD_ID

if TYPE_CHECKING:
    from embedded_pfs.commit_rows import CommitRow

_IS_AT_COMMIT = f"""
    branch.line_id IN (
        SELECT commit_.line_id UNION ALL SELECT id FROM line WHERE base_id = commit_.id)
    AND {HEAD_ID} = commit_.id
"""
IS_HEAD = f"EXISTS (SELECT 1 FROM branch WHERE {_IS_AT_COMMIT})"
"""Whether a `commit_` in a query is the head of a branch, on its own line or at another's base."""

_IS_FIRST = "first.seq = (SELECT min(seq) FROM commit_ WHERE line_id = line.id)"


class Child(NamedTuple):
    """A commit that is based on another."""

    id: int
    line_id: int
    seq: int


def children(connection: sqlite3.Connection, row: CommitRow) -> list[Child]:
    """The commits that are based on one, those of deleted branches too."""
    found = connection.execute(
        "SELECT id, line_id, seq FROM commit_ WHERE line_id = ?2 AND parent_id = ?1"
        " AND seq = (SELECT min(seq) FROM commit_ WHERE line_id = ?2 AND seq > ?3)"
        " UNION ALL SELECT first.id, first.line_id, first.seq"
        " FROM line JOIN commit_ AS first ON first.line_id = line.id"
        f" WHERE base_id = ?1 AND {_IS_FIRST} AND first.parent_id = ?1",
        (row.id, row.line_id, row.seq),
    )
    return [Child(*child) for child in found]


def lines_with_head(connection: sqlite3.Connection, row: CommitRow) -> list[int]:
    """The lines of the branches whose head a commit is."""
    found = connection.execute(
        f"SELECT branch.line_id FROM commit_ JOIN branch ON {_IS_AT_COMMIT} WHERE commit_.id = ?",
        (row.id,),
    )
    return [line_id for (line_id,) in found]


def lines_without_commits(connection: sqlite3.Connection, row: CommitRow) -> list[int]:
    """The lines that begin at a commit and have come no further."""
    found = connection.execute(
        "SELECT id FROM line WHERE base_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM commit_ WHERE line_id = line.id)",
        (row.id,),
    )
    return [line_id for (line_id,) in found]


def set_parent(connection: sqlite3.Connection, row: CommitRow, children: Iterable[Child]) -> None:
    """Base what is based on a commit on that one's parent; it is about to go."""
    connection.executemany(
        "UPDATE commit_ SET parent_id = ? WHERE id = ?",
        [(row.parent_id, child.id) for child in children],
    )
    connection.execute("UPDATE line SET base_id = ? WHERE base_id = ?", (row.parent_id, row.id))


def drop_up_to(connection: sqlite3.Connection, line_id: int, seq: int) -> None:
    """Delete the first commits of a line, up to one; what was based on them is based on nothing."""
    connection.execute(
        "UPDATE commit_ SET parent_id = NULL WHERE id IN (SELECT first.id FROM commit_ AS gone"
        " JOIN line ON base_id = gone.id JOIN commit_ AS first ON first.line_id = line.id"
        f" WHERE gone.line_id = ? AND gone.seq <= ? AND {_IS_FIRST})",
        (line_id, seq),
    )
    # The lines that began at them have no base then, by the schema.
    connection.execute("DELETE FROM commit_ WHERE line_id = ? AND seq <= ?", (line_id, seq))
    connection.execute(
        "UPDATE commit_ SET parent_id = NULL"
        " WHERE line_id = ?1 AND seq = (SELECT min(seq) FROM commit_ WHERE line_id = ?1)",
        (line_id,),
    )
    connection.execute("UPDATE line SET base_id = NULL WHERE id = ?", (line_id,))
