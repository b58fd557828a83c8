"""What stands at a commit or in a file set: one way to read both.

Paths are looked for with a seek, in the current files and in those of the past.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from embedded_pfs import commit_rows, file_set_rows
from embedded_pfs.blobs import StoredContent
from embedded_pfs.database import as_optional_datetime
from embedded_pfs.names import bounds_of
from pfs_client.values import Commit

_NEAR_HISTORY_ROWS = 4096

_CURRENT = """
    SELECT path, content_hash, size_bytes, changed_us FROM file
    WHERE line_id = :line AND path > :low AND path < :high AND created_seq <= :seq
"""
# The history of a commit near the tip is found by when rows ended, that of one far back by path.
_ENDED_SINCE = """
    SELECT path, content_hash, size_bytes, changed_us FROM past_file INDEXED BY past_file_by_end
    WHERE line_id = :line AND ended_seq > :seq
    AND path > :low AND path < :high AND created_seq <= :seq
"""
_BY_PATH = """
    SELECT path, content_hash, size_bytes, changed_us FROM past_file
    WHERE line_id = :line AND path > :low AND path < :high AND created_seq <= :seq
    AND +ended_seq > :seq
"""


Row: TypeAlias = tuple[str, bytes, int, int | None]
"""A file's stored path, the hash and size of its content, and when it changed."""


def row_of(path: str, content: StoredContent) -> Row:
    """The row of a file that has been found by its stored path."""
    return path, content.hash, content.size_bytes, content.changed_us


class Snapshot(ABC):
    """Files that can be read, by their stored paths.

    `committed` is when their commit was closed; None where there is none, or it is open.
    """

    __slots__ = ()

    committed: datetime | None

    @abstractmethod
    def find(self, path: str) -> StoredContent | None:
        """The file at a stored path."""

    @abstractmethod
    def rows(self, low: str, high: str, *, reverse: bool = False) -> Iterator[Row]:
        """All files with paths strictly between two strings, in order, read lazily."""

    def between(self, low: str, high: str) -> Iterator[tuple[str, StoredContent]]:
        """The contents of the same, each with its path."""
        for path, hash_, size_bytes, changed_us in self.rows(low, high):
            yield path, StoredContent(hash_, size_bytes, changed_us=changed_us)

    def holds_directory(self, path: str) -> bool:
        """Whether anything stands below a stored path."""
        return next(self.rows(*bounds_of(path)), None) is not None


@dataclass(frozen=True, slots=True)
class CommitSnapshot(Snapshot):
    """The files of a commit."""

    connection: sqlite3.Connection
    line_id: int
    seq: int
    committed: datetime | None

    def find(self, path: str) -> StoredContent | None:
        """The file at a stored path."""
        at = {"line": self.line_id, "seq": self.seq, "path": path}
        # In this order: a row that a writer moves meanwhile is met in one place or the other.
        for query in (
            "SELECT content_hash, size_bytes, NULL, changed_us FROM file"
            " WHERE line_id = :line AND path = :path AND created_seq <= :seq",
            "SELECT content_hash, size_bytes, NULL, changed_us FROM past_file"
            " WHERE line_id = :line AND path = :path AND created_seq <= :seq AND +ended_seq > :seq",
        ):
            row = self.connection.execute(query, at).fetchone()
            if row is not None:
                return StoredContent(*row)
        return None

    def rows(self, low: str, high: str, *, reverse: bool = False) -> Iterator[Row]:
        """All files with paths strictly between two strings, in order, read lazily."""
        past = _ENDED_SINCE if self._is_near_the_tip() else _BY_PATH
        order = "DESC" if reverse else "ASC"
        return self.connection.execute(
            f"{_CURRENT} UNION ALL {past} ORDER BY path {order}",
            {"line": self.line_id, "low": low, "high": high, "seq": self.seq},
        )

    def _is_near_the_tip(self) -> bool:
        (ended,) = self.connection.execute(
            "SELECT count(*) FROM"
            " (SELECT 1 FROM past_file WHERE line_id = ? AND ended_seq > ? LIMIT ?)",
            (self.line_id, self.seq, _NEAR_HISTORY_ROWS),
        ).fetchone()
        return bool(ended < _NEAR_HISTORY_ROWS)


@dataclass(frozen=True, slots=True)
class FileSetSnapshot(Snapshot):
    """The files of a file set, without what it would remove elsewhere."""

    connection: sqlite3.Connection
    file_set_id: str
    committed: datetime | None = None

    def find(self, path: str) -> StoredContent | None:
        """The file at a stored path."""
        row = self.connection.execute(
            "SELECT content_hash, size_bytes FROM file_set_change"
            " WHERE file_set_id = ? AND path = ? AND content_hash IS NOT NULL",
            (self.file_set_id, path),
        ).fetchone()
        return None if row is None else StoredContent(*row)

    def rows(self, low: str, high: str, *, reverse: bool = False) -> Iterator[Row]:
        """All files with paths strictly between two strings, in order, read lazily."""
        order = "DESC" if reverse else "ASC"
        return self.connection.execute(
            "SELECT path, content_hash, size_bytes, NULL FROM file_set_change"
            " WHERE file_set_id = ? AND path > ? AND path < ? AND content_hash IS NOT NULL"
            f" ORDER BY path {order}",
            (self.file_set_id, low, high),
        )


def snapshot(connection: sqlite3.Connection, commit: Commit) -> Snapshot:
    """Make a commit, or the file set that it stands for, readable.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
    """
    if commit.is_file_set:
        file_set_rows.check(connection, commit.id)
        return FileSetSnapshot(connection, commit.id)
    row = commit_rows.find_commit(connection, commit)
    commit_rows.check_readable(connection, row)
    return CommitSnapshot(connection, row.line_id, row.seq, as_optional_datetime(row.finishing_us))
