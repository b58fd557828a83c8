"""History that goes: commits that are too old or too many, what only they saw, and dropped repos.

Commits go first, the oldest before the others, and then the rows that no commit sees any more. A
function that drops removes up to so many rows, for one transaction of its own, and says whether
there were any, so that others get to write in between.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import takewhile

from embedded_pfs import lineage
from embedded_pfs.branch_rows import JOIN_HEAD
from embedded_pfs.collection import delete_rows
from embedded_pfs.lineage import IS_HEAD

ROWS_A_TRANSACTION = 1000

# The commit before an open head stays: whoever opened it may still read that.
_NEEDED_SEQ = f"""
    SELECT head.line_id AS line_id, max(0, min(seq - (finishing_us IS NULL))) AS seq
    FROM branch {JOIN_HEAD} GROUP BY head.line_id
"""
_LINES_OF_NOBODY = f"""
    line.id NOT IN (SELECT line_id FROM branch)
    AND line.id NOT IN (SELECT line_id FROM ({_NEEDED_SEQ}))
"""


@dataclass(frozen=True, slots=True)
class Doomed:
    """The commits of a line with numbers below one, which are to go."""

    line_id: int
    below_seq: int


def too_many(connection: sqlite3.Connection, keep_commits: int) -> list[Doomed]:
    """What goes if each branch keeps its head and so many commits before it.

    Of a branch that is deleted, all goes.
    """
    found = connection.execute(f"SELECT line_id, seq - ? FROM ({_NEEDED_SEQ})", (keep_commits,))
    doomed = [Doomed(line_id, seq) for line_id, seq in found]
    return doomed + _everything_of(connection, _LINES_OF_NOBODY)


def too_old(connection: sqlite3.Connection, before_us: int) -> list[Doomed]:
    """What goes if commits go that were closed before a time.

    A head stays. Of a branch that is deleted all goes, once its last commit is that old.
    """
    found = connection.execute(
        f"SELECT needed.line_id, min(needed.seq, coalesce((SELECT min(young.seq) FROM commit_ AS"
        " young WHERE young.line_id = needed.line_id AND"
        " (young.finishing_us IS NULL OR young.finishing_us >= ?)), needed.seq))"
        f" FROM ({_NEEDED_SEQ}) AS needed",
        (before_us,),
    )
    doomed = [Doomed(line_id, seq) for line_id, seq in found]
    return doomed + _everything_of(
        connection,
        f"{_LINES_OF_NOBODY} AND NOT EXISTS (SELECT 1 FROM commit_ WHERE line_id = line.id"
        " AND (finishing_us IS NULL OR finishing_us >= ?))",
        before_us,
    )


def count(connection: sqlite3.Connection, doomed: list[Doomed]) -> int:
    """How many commits would go."""
    return sum(
        connection.execute(
            "SELECT count(*) FROM commit_ WHERE line_id = ? AND seq < ?", (d.line_id, d.below_seq)
        ).fetchone()[0]
        for d in doomed
    )


def drop_commits(connection: sqlite3.Connection, doomed: Doomed) -> int:
    """Drop some of a line's commits, and say how many.

    What has become a head since they were doomed stays, and so does what is based on it.
    """
    rows = connection.execute(
        f"SELECT seq, {IS_HEAD} FROM commit_ WHERE line_id = ? AND seq < ? ORDER BY seq LIMIT ?",
        (doomed.line_id, doomed.below_seq, ROWS_A_TRANSACTION),
    ).fetchall()
    going = [seq for seq, _ in takewhile(lambda row: not row[1], rows)]
    if going:
        lineage.drop_up_to(connection, doomed.line_id, going[-1])
    return len(going)


def drop_unseen(connection: sqlite3.Connection, line_id: int) -> bool:
    """Drop some of what was replaced on a line before its first commit that is left.

    What the first one replaced is needed while the line's base is there: to drop that commit brings
    it back.
    """
    found = connection.execute(
        "SELECT seq, parent_id FROM commit_ WHERE line_id = ? ORDER BY seq LIMIT 1", (line_id,)
    ).fetchone()
    if found is None:
        return drop_line(connection, line_id)
    first, parent_id = found
    if parent_id is not None:
        return False
    keys = (
        "SELECT path, created_seq FROM past_file WHERE line_id = ? AND ended_seq <= ?"
        " ORDER BY ended_seq LIMIT ?"
    )
    gone = delete_rows(
        connection,
        "past_file",
        f"line_id = ? AND (path, created_seq) IN ({keys})",
        line_id,
        line_id,
        first,
        ROWS_A_TRANSACTION,
    )
    return gone > 0


def drop_line(connection: sqlite3.Connection, line_id: int) -> bool:
    """Drop some of a line that has no commits and no branch, in the end itself."""
    if connection.execute("SELECT 1 FROM branch WHERE line_id = ?", (line_id,)).fetchone():
        return False
    for table, key in (("file", "path"), ("past_file", "path, created_seq")):
        keys = f"SELECT {key} FROM {table} WHERE line_id = ? LIMIT ?"
        if delete_rows(
            connection,
            table,
            f"line_id = ? AND ({key}) IN ({keys})",
            line_id,
            line_id,
            ROWS_A_TRANSACTION,
        ):
            return True
    connection.execute("DELETE FROM line WHERE id = ?", (line_id,))
    return False


def drop_some_of_a_repo(connection: sqlite3.Connection) -> bool:
    """Remove some of what a deleted repo had; False if there is none."""
    row = connection.execute("SELECT repo_id FROM dropped_repo").fetchone()
    if row is None:
        return False
    (repo_id,) = row
    # The look is for the lines, which go one by one: without it each would read all that are left.
    if connection.execute("SELECT 1 FROM commit_ WHERE repo_id = ?", (repo_id,)).fetchone():
        # The newest first, of lines too: nothing is left that is based on what has gone.
        gone = connection.execute(
            "DELETE FROM commit_ WHERE id IN (SELECT commit_.id FROM line JOIN commit_"
            " ON line_id = line.id WHERE line.repo_id = ? ORDER BY line.id DESC, seq DESC LIMIT ?)",
            (repo_id, ROWS_A_TRANSACTION),
        )
        if gone.rowcount:
            return True
    line = connection.execute("SELECT id FROM line WHERE repo_id = ?", (repo_id,)).fetchone()
    if line is not None:
        drop_line(connection, line[0])
        return True
    connection.execute("DELETE FROM dropped_repo WHERE repo_id = ?", (repo_id,))
    connection.execute("DELETE FROM repo WHERE id = ?", (repo_id,))
    return True


def _everything_of(connection: sqlite3.Connection, where: str, *at: object) -> list[Doomed]:
    """All commits of lines; those of dropped repos go by themselves."""
    rows = connection.execute(
        "SELECT line.id, coalesce(max(seq), 0) + 1 FROM line LEFT JOIN commit_ ON line_id = line.id"
        f" WHERE {where} AND line.repo_id NOT IN (SELECT repo_id FROM dropped_repo)"
        " GROUP BY line.id",
        at,
    )
    return [Doomed(line_id, below_seq) for line_id, below_seq in rows]
