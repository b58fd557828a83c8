"""Reading files: what stands at a commit, in pachd's order (`facts/pachd.md` section e).

Paths sort bytewise, a directory as its name with `/` behind it. Everything seeks: a page costs the
same wherever it begins, and a directory that is folded into one entry is jumped over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from embedded_pfs import commits, file_sets
from embedded_pfs.blobs import StoredContent, content_hash, file_hash
from embedded_pfs.database import as_optional_datetime
from embedded_pfs.names import ABOVE_ALL, bounds_of, parents, shown_path, stored_path
from pfs_client.failures import FileNotFound, NotAFile, PfsError
from pfs_client.interface import MAX_FILES_PER_LISTING
from pfs_client.values import FILE_SETS_REPO_NAME, Commit, File, FileInfo, FileType

_NEAR_HISTORY_ROWS = 4096
_ROWS_TO_SKIP_BEFORE_SEEKING = 16

_CURRENT = """
    SELECT path, size_bytes, content_hash FROM file
    WHERE line_id = :line AND path > :low AND path < :high AND created_seq <= :seq
"""
# The history of a commit near the tip is found by when rows ended, that of one far back by path.
_ENDED_SINCE = """
    SELECT path, size_bytes, content_hash FROM past_file INDEXED BY past_file_by_end
    WHERE line_id = :line AND ended_seq > :seq
    AND path > :low AND path < :high AND created_seq <= :seq
"""
_BY_PATH = """
    SELECT path, size_bytes, content_hash FROM past_file
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
            "SELECT content_hash, size_bytes FROM file"
            " WHERE line_id = :line AND path = :path AND created_seq <= :seq",
            "SELECT content_hash, size_bytes FROM past_file"
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
        for path, size_bytes, hash_ in rows:
            yield path, StoredContent(hash_, size_bytes)

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
        CommitNotFound, CommitNotFinished: As they say.
    """
    row = commits.find_commit(connection, commit)
    commits.check_readable(connection, row)
    return Snapshot(connection, row.line_id, row.seq, as_optional_datetime(row.finishing_us))


def find_file(connection: sqlite3.Connection, file: File) -> tuple[StoredContent, datetime | None]:
    """The content of one file, and when its commit finished.

    Raises:
        FileNotFound, NotAFile: As they say.
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
        FileNotFound, NotAFile: As they say.
    """
    content, committed = find_file(connection, file)
    return _file_info(stored_path(file.path), content, committed)


def inspect_directory(connection: sqlite3.Connection, file: File) -> FileInfo:
    """What PFS says of a directory, with the size and hash of all below it: a scan."""
    return directory_info(snapshot(connection, file.commit), stored_path(file.path))


def contents_at(connection: sqlite3.Connection, file: File) -> list[tuple[str, StoredContent]]:
    """All files at and below a path, by their path relative to it.

    Raises:
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


def list_file(
    connection: sqlite3.Connection, directory: File, after: str, number: int, reverse: bool
) -> list[FileInfo]:
    """What stands in a directory."""
    check_number(number, reverse)
    at = snapshot(connection, directory.commit)
    path = stored_path(directory.path)
    content = at.find(path) if path else None
    entries = iter([Entry(path, content)]) if content else _in_directory(at, path, after, reverse)
    return _page(at, entries, after, number, reverse)


def walk_file(
    connection: sqlite3.Connection, directory: File, after: str, number: int, reverse: bool
) -> list[FileInfo]:
    """Everything at and below a path.

    Raises:
        FileNotFound: There is nothing behind the marker, and it is not the root.
    """
    check_number(number, reverse)
    at = snapshot(connection, directory.commit)
    path = stored_path(directory.path)
    content = at.find(path) if path else None
    entries = iter([Entry(path, content)]) if content else _walk(at, path, after, reverse)
    page = _page(at, entries, after, number, reverse)
    if not page and path:
        raise FileNotFound(
            f"commit/{directory.commit.id} does not contain item: ({directory.path})"
        )
    return page


Listing: TypeAlias = Callable[
    [sqlite3.Connection, File, str, int, bool],
    list[FileInfo],
]
"""`list_file` or `walk_file`."""


def page_with_sizes(
    connection: sqlite3.Connection,
    listing: Listing,
    directory: File,
    after: str,
    number: int,
    reverse: bool,
    directory_sizes: bool,
) -> list[FileInfo]:
    """A page of a listing; its directories with the size and hash of all below them, if wanted."""
    infos = listing(connection, directory, after, number, reverse)
    if not directory_sizes:
        return infos
    at = snapshot(connection, directory.commit)
    return [i if i.is_file else directory_info(at, stored_path(i.path)) for i in infos]


def walk(at: Snapshot, path: str) -> Iterator[Entry]:
    """Everything at and below a stored path, in order, read lazily."""
    content = at.find(path) if path else None
    return iter([Entry(path, content)]) if content else _walk(at, path, "", False)


def check_number(number: int, reverse: bool) -> None:
    """Refuse what pachd refuses."""
    if reverse and number <= 0:
        raise PfsError("number must be > 0 when reverse is true")
    if number > MAX_FILES_PER_LISTING:
        raise PfsError(f"cannot return more than {MAX_FILES_PER_LISTING} files at a time")


def directory_info(at: Snapshot, path: str) -> FileInfo:
    """A directory with the size and hash of all below it.

    The hash is that of its entries' hashes.
    """
    size_bytes = 0
    hashes = []
    for entry in _in_directory(at, path, "", False):
        if entry.content is None:
            below = directory_info(at, entry.path)
            size_bytes += below.size_bytes
            hashes.append(below.hash)
        else:
            size_bytes += entry.content.size_bytes
            hashes.append(file_hash(entry.content.hash, entry.content.size_bytes))
    shown = Entry(path, None).shown
    return FileInfo(shown, FileType.DIR, at.committed, size_bytes, content_hash(b"".join(hashes)))


def _page(
    at: Snapshot, entries: Iterator[Entry], after: str, number: int, reverse: bool
) -> list[FileInfo]:
    marked = stored_path(after)

    def is_wanted(entry: Entry) -> bool:
        # pachd compares with the marker without slashes at the end: the marker `/a` also skips the
        # directory `/a/`, though that comes behind it.
        if not after or entry.path == marked:
            return not after
        return entry.shown < after if reverse else entry.shown > after

    return [info_of(at, entry) for entry in islice(filter(is_wanted, entries), number or None)]


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
    )


def _narrowed(path: str, after: str, reverse: bool) -> tuple[str, str]:
    """The bounds of a directory, narrowed to what may come after a marker.

    A marker is compared as a string with paths as they are shown, so that one without a leading
    slash stands behind all of them.
    """
    low, high = bounds_of(path)
    if not after:
        return low, high
    mark = after[1:] if after.startswith("/") else (ABOVE_ALL if after > "/" else "")
    return (low, min(high, mark)) if reverse else (max(low, mark), high)


def _in_directory(at: Snapshot, path: str, after: str, reverse: bool) -> Iterator[Entry]:
    """The entries of a directory, in order; one that does not pass the marker may be among them."""
    prefix = bounds_of(path)[0]
    low, high = _narrowed(path, after, reverse)
    while True:
        folded = skipped = None
        for file_path, content in at.between(low, high, reverse=reverse):
            if folded is not None and file_path.startswith(folded + "/"):
                skipped = (skipped or 0) + 1
                if skipped > _ROWS_TO_SKIP_BEFORE_SEEKING:
                    break
                continue
            name, slash, _ = file_path[len(prefix) :].partition("/")
            folded, skipped = (prefix + name, 0) if slash else (None, None)
            yield Entry(prefix + name, None if slash else content)
        else:
            return
        if reverse:
            high = folded + "/"
        else:
            low = folded + "/" + ABOVE_ALL


def _walk(at: Snapshot, path: str, after: str, reverse: bool) -> Iterator[Entry]:
    """All files below a directory and the directories they lie in, itself included, in order."""
    low, high = _narrowed(path, after, reverse)
    if reverse:
        yield from _walk_back(at, path, low, high)
        return
    open_directories: list[str] = []
    for file_path, content in at.between(low, high):
        if not open_directories:
            open_directories.append(path)
            yield Entry(path, None)
        above = [p for p in parents(file_path) if len(p) > len(path)]
        for depth, directory in enumerate(above, start=1):
            if depth >= len(open_directories) or open_directories[depth] != directory:
                open_directories[depth:] = [directory]
                yield Entry(directory, None)
        yield Entry(file_path, content)


def _walk_back(at: Snapshot, path: str, low: str, high: str) -> Iterator[Entry]:
    """The same from the end: a directory comes after what is in it."""
    open_directories: list[str] = []
    for file_path, content in at.between(low, high, reverse=True):
        above = [path, *(p for p in parents(file_path) if len(p) > len(path))]
        while open_directories and open_directories[-1] not in above:
            yield Entry(open_directories.pop(), None)
        open_directories.extend(above[len(open_directories) :])
        yield Entry(file_path, content)
    for directory in reversed(open_directories):
        yield Entry(directory, None)


def _not_found(file: File) -> FileNotFound:
    return FileNotFound(f"file {file.path} not found in repo {file.commit.repo}")
