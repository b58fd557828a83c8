"""What the tables say of each other, and must not: each query must find nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from embedded_pfs.branch_rows import HEAD_ID, JOIN_HEAD
from embedded_pfs.collection import REFERRING


def contents_of(tables: Iterable[str]) -> str:
    """The query for the hashes and sizes of all contents that tables refer to."""
    return " UNION ".join(
        f"SELECT content_hash, size_bytes FROM {table} WHERE content_hash IS NOT NULL"
        for table in tables
    )


_ALL_FILES = (
    "SELECT line_id, path, created_seq, changed_us FROM file"
    " UNION ALL SELECT line_id, path, created_seq, changed_us FROM past_file"
)
# What a deleted branch has left behind its last commit, nobody sees.
_OF_A_BRANCH = "line_id IN (SELECT line_id FROM branch)"
# Rows without a commit's id: what each adds to the size of its line's commits from a number on.
_ADDED = " UNION ALL ".join(
    f"SELECT line_id, {seq}, NULL, NULL, NULL, {sign}size_bytes FROM {table}"
    for table, seq, sign in (
        ("file", "created_seq", ""),
        ("past_file", "created_seq", ""),
        ("past_file", "ended_seq", "-"),
    )
)


def _below_another() -> str:
    """The query for files that lie below a file of the same commit.

    It joins each two tables: a union of both would have no index to go by.
    """
    ends = {"file": "9223372036854775807", "past_file": "{}.ended_seq"}
    return " UNION ".join(
        f"SELECT below.path FROM {above} AS above CROSS JOIN {below} AS below"
        " ON below.line_id = above.line_id AND below.path > above.path || '/'"
        " AND below.path < above.path || '0' WHERE EXISTS (SELECT 1 FROM commit_"
        " WHERE line_id = above.line_id AND seq >= max(above.created_seq, below.created_seq)"
        f" AND seq < min({ends[above].format('above')}, {ends[below].format('below')}))"
        for above in ends
        for below in ends
    )


_CONTRADICTIONS = {
    "a file of a branch that is not there": (
        "SELECT path FROM file WHERE line_id NOT IN (SELECT id FROM line)"
    ),
    "a replaced file of a branch that is not there": (
        "SELECT path FROM past_file WHERE line_id NOT IN (SELECT id FROM line)"
    ),
    "a file that ends before it begins": (
        "SELECT path FROM past_file WHERE ended_seq <= created_seq"
    ),
    "a file that begins behind the last commit": (
        f"SELECT path FROM file WHERE {_OF_A_BRANCH} AND created_seq > max(0,"
        " (SELECT max(seq) FROM commit_ WHERE commit_.line_id = file.line_id))"
    ),
    "a replaced file that ends behind the last commit": (
        f"SELECT path FROM past_file WHERE {_OF_A_BRANCH} AND ended_seq > max(0,"
        " (SELECT max(seq) FROM commit_ WHERE commit_.line_id = past_file.line_id))"
    ),
    # Before a line's first commit two may stand: they tell what its branch began with.
    "two files at one path in a commit": (
        "SELECT path FROM (SELECT line_id, path, ended_seq, lead(created_seq) OVER (PARTITION BY"
        " line_id, path ORDER BY created_seq, ended_seq) AS next_seq FROM (SELECT line_id, path,"
        " created_seq, ended_seq FROM past_file UNION ALL SELECT line_id, path, created_seq,"
        " 9223372036854775807 FROM file)) AS one WHERE ended_seq > next_seq AND EXISTS (SELECT 1"
        " FROM commit_ WHERE line_id = one.line_id AND seq >= next_seq AND seq < ended_seq)"
    ),
    "a file without a time, whose commit is closed": (
        f"SELECT path FROM ({_ALL_FILES}) AS one WHERE changed_us IS NULL"
        " AND line_id IN (SELECT line_id FROM branch UNION ALL SELECT line_id FROM commit_)"
        " AND NOT EXISTS (SELECT 1"
        " FROM commit_ WHERE line_id = one.line_id AND seq = created_seq AND finishing_us IS NULL)"
        # A branch that was made at an open commit has copies of that one's files.
        " AND NOT EXISTS (SELECT 1 FROM line JOIN commit_ ON commit_.id = base_id"
        " WHERE line.id = one.line_id AND created_seq = 0 AND finishing_us IS NULL)"
    ),
    "a path that no file can have": (
        f"SELECT path FROM ({_ALL_FILES}) WHERE path = '' OR path GLOB '/*' OR path GLOB '*/'"
        " OR path GLOB '*//*'"
    ),
    "a file below a file of its commit": _below_another(),
    "a content that has two sizes": (
        f"SELECT hex(content_hash) FROM ({contents_of(REFERRING)})"
        " GROUP BY content_hash HAVING count(*) > 1"
    ),
    "extents that do not follow one another": (
        "SELECT DISTINCT hex(whole_hash) FROM (SELECT whole_hash, begin_bytes, sum(size_bytes)"
        " OVER (PARTITION BY whole_hash ORDER BY begin_bytes) - size_bytes AS expected FROM extent)"
        " WHERE begin_bytes != expected"
    ),
    "a branch whose size is not that of its files": (
        f"SELECT branch.name FROM branch {JOIN_HEAD} WHERE size_bytes !="
        " (SELECT coalesce(sum(size_bytes), 0) FROM file WHERE file.line_id = branch.line_id)"
    ),
    "a commit whose size is not that of its files": (
        "SELECT hex FROM (SELECT hex, size_bytes, row_id, sum(coalesce(added, 0)) OVER"
        " (PARTITION BY line_id ORDER BY seq, row_id NULLS FIRST) AS expected FROM"
        f" (SELECT line_id, seq, hex, size_bytes, id AS row_id, 0 AS added FROM commit_"
        f" UNION ALL {_ADDED})) WHERE row_id IS NOT NULL AND size_bytes != expected"
    ),
    "a commit of another repo than its branch": (
        "SELECT hex FROM commit_ JOIN line ON line.id = line_id"
        " WHERE line.repo_id != commit_.repo_id"
    ),
    "a commit that is not based on the one before it": (
        "SELECT hex FROM (SELECT hex, parent_id, lag(id) OVER (PARTITION BY line_id ORDER BY seq)"
        " AS before FROM commit_) WHERE before IS NOT NULL AND parent_id IS NOT before"
    ),
    "a commit that is based on one that is not there": (
        "SELECT hex FROM commit_ WHERE parent_id NOT IN (SELECT id FROM commit_)"
    ),
    # Children are found by this.
    "a commit that is not based on what its branch begins at": (
        "SELECT hex FROM (SELECT hex, parent_id, base_id, row_number() OVER (PARTITION BY line_id"
        " ORDER BY seq) AS number FROM commit_ JOIN line ON line.id = line_id)"
        " WHERE number = 1 AND parent_id IS NOT base_id"
    ),
    "a branch without a head": f"SELECT branch.name FROM branch WHERE {HEAD_ID} IS NULL",
    "a branch whose head is another repo's commit": (
        f"SELECT branch.name FROM branch {JOIN_HEAD} WHERE head.repo_id != branch.repo_id"
    ),
}


def contradictions(connection: sqlite3.Connection) -> Iterator[str]:
    """What SQLite, or one table beside the other, says is wrong."""
    for (said,) in connection.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield f"SQLite: {said}"
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"a row of {table} refers to a {parent} that is not there"
    for what, query in _CONTRADICTIONS.items():
        for (which,) in connection.execute(query):
            yield f"{what}: {which}"
