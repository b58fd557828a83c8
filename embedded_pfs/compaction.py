"""Giving back room: history is squashed, and contents that nothing refers to any more go."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from embedded_pfs.blobs import Blobs
from embedded_pfs.database import told_as_failures, transaction
from embedded_pfs.directory import DataDirectory


@dataclass(frozen=True, slots=True)
class Compacted:
    """What went."""

    commits: int
    contents: int
    bytes_freed: int


def compact(directory: Path, keep_commits: int) -> Compacted:
    """Squash every branch's history to its head and so many commits before it.

    Raises:
        DirectoryRefused: Somebody else uses the directory.
    """
    data = DataDirectory(directory, exclusive=True)
    try:
        connection = data.connect()
        try:
            before = _size_of(data)
            with told_as_failures():
                commits = _squash(connection, keep_commits)
                contents = _collect(connection, data.blobs)
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return Compacted(commits, contents, before - _size_of(data))
        finally:
            connection.close()
    finally:
        data.close()


def _squash(connection: sqlite3.Connection, keep_commits: int) -> int:
    """Drop commits behind those to keep, and lines that no head lies on; say how many commits."""
    with transaction(connection):
        (before,) = connection.execute("SELECT count(*) FROM commit_").fetchone()
        # The commit before an open head stays: whoever opened it may still read that.
        oldest_by_line = connection.execute(
            "SELECT commit_.line_id, max(0, min(seq - (finishing_us IS NULL)) - ?)"
            " FROM commit_ JOIN branch ON head_id = commit_.id GROUP BY commit_.line_id",
            (keep_commits,),
        ).fetchall()
        for line_id, oldest in oldest_by_line:
            connection.execute(
                "DELETE FROM past_file WHERE line_id = ? AND ended_seq <= ?", (line_id, oldest)
            )
            connection.execute(
                "DELETE FROM commit_ WHERE line_id = ? AND seq < ?", (line_id, oldest)
            )
        _drop_unused_lines(connection)
        (after,) = connection.execute("SELECT count(*) FROM commit_").fetchone()
    return int(before - after)


def _drop_unused_lines(connection: sqlite3.Connection) -> None:
    """Drop what deleted branches left."""
    unused = (
        "SELECT id FROM line WHERE id NOT IN (SELECT line_id FROM branch)"
        " AND id NOT IN (SELECT commit_.line_id FROM commit_ JOIN branch ON head_id = commit_.id)"
    )
    for table in ("file", "past_file", "commit_"):
        connection.execute(f"DELETE FROM {table} WHERE line_id IN ({unused})")
    connection.execute(f"DELETE FROM line WHERE id IN ({unused})")


def _collect(connection: sqlite3.Connection, blobs: Blobs) -> int:
    """Remove contents that nothing refers to; say how many."""
    with transaction(connection):
        connection.execute("CREATE TEMP TABLE wanted (hash BLOB PRIMARY KEY) WITHOUT ROWID")
        for table in ("file", "past_file", "file_set_change"):
            connection.execute(
                f"INSERT OR IGNORE INTO wanted SELECT content_hash FROM {table}"
                " WHERE content_hash IS NOT NULL"
            )
        cursor = connection.execute(
            "DELETE FROM content WHERE hash NOT IN (SELECT hash FROM wanted)"
        )
    removed = cursor.rowcount
    for hash_, file in blobs.all():
        if not connection.execute("SELECT 1 FROM wanted WHERE hash = ?", (hash_,)).fetchone():
            file.unlink()
            removed += 1
    connection.execute("DROP TABLE wanted")
    return removed


def _size_of(data: DataDirectory) -> int:
    """How many bytes the directory takes."""
    return sum(file.stat().st_size for file in data.path.rglob("*") if file.is_file())
