"""Reading files: what stands at a commit, and where.

Paths are looked for with a seek, in the current files and in those of the past.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from embedded_pfs import commit_rows, file_sets
from embedded_pfs.blobs import StoredContent, file_hash
from embedded_pfs.database import as_optional_datetime
from embedded_pfs.names import bounds_of, shown_path, stored_path
from pfs_client.failures import FileNotFound, NotAFile
from pfs_client.values import FILE_SETS_REPO_NAME, Commit, File, FileInfo, FileType

_NEAR_HISTORY_ROWS = 4096

_CURRENT = """
    SELECT path, size_bytes, content_hash, changed_us FROM file
    WHERE line_id = :line AND path > :low AND path < :high AND created_seq <= :seq
"""
# The history of a commit near the tip is found by when rows ended, that of one far back by path.
_ENDED_SINCE = """
    SELECT path, size_bytes, content_hash, changed_us FROM past_file INDEXED BY past_file_by_end
    WHERE line_id = :line AND ended_seq > :seq
    AND path > :low AND path < :high AND created_seq <= :seq
"""
_BY_PATH = """
    SELECT path, size_bytes, content_hash, changed_us FROM past_file
    WHERE line_id = :line AND path > :low AND path < :high AND created_seq <= :seq
    AND +ended_seq > :seq
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or directory in a listing, its path in stored form."""

    path: str
    content: StoredContent | None

    @property
    def shown(self) -> str:
        """The path as PFS shows and sorts it."""
        return shown_path(self.path) + ("/" if self.content is None and self.path else "")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A commit (or file set) whose files are to be read."""

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

    def between(
        self, low: str, high: str, *, reverse: bool = False
    ) -> Iterator[tuple[str, StoredContent]]:
        """All files with paths strictly between two strings, in order, read lazily."""
        past = _ENDED_SINCE if self._is_near_the_tip() else _BY_PATH
        order = "DESC" if reverse else "ASC"
        rows = self.connection.execute(
            f"{_CURRENT} UNION ALL {past} ORDER BY path {order}",
            {"line": self.line_id, "low": low, "high": high, "seq": self.seq},
        )
        for path, size_bytes, hash_, changed_us in rows:
            yield path, StoredContent(hash_, size_bytes, changed_us=changed_us)

    def _is_near_the_tip(self) -> bool:
        (ended,) = self.connection.execute(
            "SELECT count(*) FROM"
            " (SELECT 1 FROM past_file WHERE line_id = ? AND ended_seq > ? LIMIT ?)",
            (self.line_id, self.seq, _NEAR_HISTORY_ROWS),
        ).fetchone()
        return bool(ended < _NEAR_HISTORY_ROWS)

    def holds_directory(self, path: str) -> bool:
        """Whether anything stands below a stored path."""
        return next(self.between(*bounds_of(path)), None) is not None


def snapshot(connection: sqlite3.Connection, commit: Commit) -> Snapshot:
    """Make a commit readable.

    Raises:
        CommitNotFound: There is no such commit, or no such repo.
        CommitNotFinished: It is open, and so is what it is based on.
    """
    row = commit_rows.find_commit(connection, commit)
    commit_rows.check_readable(connection, row)
    return Snapshot(connection, row.line_id, row.seq, as_optional_datetime(row.finishing_us))


def find_file(connection: sqlite3.Connection, file: File) -> tuple[StoredContent, datetime | None]:
    """The content of one file, and when its commit was closed.

    Raises:
        CommitNotFound: There is no such commit, or no such repo.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
        FileNotFound: Nothing stands at the path.
        NotAFile: A directory does.
    """
    path = stored_path(file.path)
    if file.commit.repo.name == FILE_SETS_REPO_NAME:
        for below, content in file_sets.files_at(connection, file.commit.id, path):
            if not below:
                return content, None
        raise _not_found(file)
    at = snapshot(connection, file.commit)
    content_ = at.find(path)
    if content_ is not None:
        return content_, at.committed
    if at.holds_directory(path):
        raise NotAFile(f"{shown_path(path)} is a directory")
    raise _not_found(file)


def inspect_file(connection: sqlite3.Connection, file: File) -> FileInfo:
    """What PFS says of a file.

    Raises:
        CommitNotFound: There is no such commit, or no such repo.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
        FileNotFound: Nothing stands at the path.
        NotAFile: A directory does.
    """
    content, committed = find_file(connection, file)
    return _file_info(stored_path(file.path), content, committed)


def contents_at(connection: sqlite3.Connection, file: File) -> list[tuple[str, StoredContent]]:
    """All files at and below a path, by their path relative to it.

    Raises:
        CommitNotFound: There is no such commit, or no such repo.
        CommitNotFinished: It is open, and so is what it is based on.
        FileNotFound: There are none.
    """
    at = snapshot(connection, file.commit)
    path = stored_path(file.path)
    content = at.find(path)
    if content is not None:
        return [("", content)]
    low, high = bounds_of(path)
    found = [(p[len(low) :], c) for p, c in at.between(low, high)]
    if not found:
        raise _not_found(file)
    return found


def info_of(at: Snapshot, entry: Entry) -> FileInfo:
    """What PFS says of an entry."""
    if entry.content is None:
        return FileInfo(entry.shown, FileType.DIR, at.committed, 0, b"")
    return _file_info(entry.path, entry.content, at.committed)


def _file_info(path: str, content: StoredContent, committed: datetime | None) -> FileInfo:
    return FileInfo(
        shown_path(path),
        FileType.FILE,
        committed,
        content.size_bytes,
        file_hash(content.hash, content.size_bytes),
        as_optional_datetime(content.changed_us),
    )


def _not_found(file: File) -> FileNotFound:
    return FileNotFound(f"file {file.path} not found in repo {file.commit.repo}")
