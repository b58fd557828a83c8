"""Listing what stands at a commit, in pachd's order (`docs/pachd.md`, "Listings").

Paths sort bytewise, a directory as its name with `/` behind it. Everything seeks: a page costs the
same wherever it begins, and a directory that is folded into one entry is jumped over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeAlias

from embedded_pfs.blobs import content_hash
from embedded_pfs.files import info_of
from embedded_pfs.names import (
    ABOVE_ALL,
    bounds_of,
    parents,
    shown_directory,
    shown_path,
    stored_path,
)
from embedded_pfs.snapshots import Row, Snapshot, row_of, snapshot
from pfs_client.failures import FileNotFound, PfsFailure
from pfs_client.interface import MAX_FILES_PER_LISTING
from pfs_client.values import ALL, File, FileInfo, FileType, Part

_ROWS_TO_SKIP_BEFORE_SEEKING = 16

Entry: TypeAlias = tuple[str, Row | None]
"""A file's path as it is shown, with its row; a directory's, with None."""


def inspect_directory(connection: sqlite3.Connection, file: File) -> FileInfo:
    """What PFS says of a directory, with the size and hash of all below it: a scan.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
        FileNotFound: Nothing stands below the path.
    """
    at = snapshot(connection, file.commit)
    path = stored_path(file.path)
    if not at.holds_directory(path):
        raise FileNotFound(f"nothing stands at {file.path} at {file.commit}")
    return _directory_info(at, path)


def list_file(connection: sqlite3.Connection, directory: File, part: Part) -> list[FileInfo]:
    """What stands in a directory.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
        PfsFailure: Too many are asked for, or a reverse listing without a number.
    """
    _check_number(part)
    at = snapshot(connection, directory.commit)
    path = stored_path(directory.path)
    return _page(at, _file_at(at, path) or _in_directory(at, path, part), part)


def walk_file(connection: sqlite3.Connection, directory: File, part: Part) -> list[FileInfo]:
    """Everything at and below a path.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
        FileNotFound: Nothing stands at or below the path, and it is not the root;
            with a prefix that is an empty list.
        PfsFailure: Too many are asked for, or a reverse listing without a number.
    """
    _check_number(part)
    at = snapshot(connection, directory.commit)
    path = stored_path(directory.path)
    file = _file_at(at, path)
    page = _page(at, file or _walk(at, path, part), part)
    if not page and path and not part.prefix and not file and not at.holds_directory(path):
        raise FileNotFound(f"nothing stands at {directory.path} at {directory.commit}")
    return page


def _file_at(at: Snapshot, path: str) -> list[Entry]:
    """The file at a stored path, if there is one."""
    content = at.find(path) if path else None
    return [] if content is None else [(shown_path(path), row_of(path, content))]


def _check_number(part: Part) -> None:
    """Refuse what pachd refuses."""
    if part.reverse and part.number <= 0:
        raise PfsFailure("number must be > 0 when reverse is true")
    if part.number > MAX_FILES_PER_LISTING:
        raise PfsFailure(f"cannot return more than {MAX_FILES_PER_LISTING} files at a time")


def _directory_info(at: Snapshot, path: str) -> FileInfo:
    """A directory with the size and hash of all below it; that is the hash of its entries'."""
    size_bytes = 0
    hashes = []
    for shown, row in _in_directory(at, path, ALL):
        if row is None:
            info = _directory_info(at, stored_path(shown))
        else:
            info = info_of(shown, row, at.committed)
        size_bytes += info.size_bytes
        hashes.append(info.hash)
    shown = shown_directory(path)
    return FileInfo(shown, FileType.DIR, at.committed, size_bytes, content_hash(b"".join(hashes)))


def _page(at: Snapshot, entries: Iterable[Entry], part: Part) -> list[FileInfo]:
    page: list[FileInfo] = []
    files = 0
    for shown, row in islice(_wanted(entries, part), part.number or None):
        page.append(info_of(shown, row, at.committed))
        files += row is not None
        if files == part.files != 0:
            break
    return page


def _wanted(entries: Iterable[Entry], part: Part) -> Iterator[Entry]:
    """The entries that pass the marker and have the prefix."""
    after, prefix = part.after, part.prefix
    # pachd compares with the marker without slashes at the end: the marker `/a` also skips the
    # directory `/a/`, though that comes behind it.
    marked = stored_path(after)
    skipped = (shown_path(marked), shown_directory(marked)) if after else ()
    for entry in entries:
        shown = entry[0]
        if shown in skipped:
            continue
        passes = not after or (shown < after if part.reverse else shown > after)
        if passes and shown.startswith(prefix):
            yield entry


def _narrowed(path: str, part: Part) -> tuple[str, str]:
    """The bounds of a directory, narrowed to what may be wanted.

    A marker is compared as a string with paths as they are shown, so that one without a leading
    slash stands behind all of them.
    """
    low, high = bounds_of(path)
    after = part.after
    if part.prefix:
        high = min(high, part.prefix.removeprefix("/") + ABOVE_ALL)
    if not after:
        return low, high
    mark = after[1:] if after.startswith("/") else (ABOVE_ALL if after > "/" else "")
    return (low, min(high, mark)) if part.reverse else (max(low, mark), high)


def _in_directory(at: Snapshot, path: str, part: Part) -> Iterator[Entry]:
    """The entries of a directory, in order; one that does not pass the marker may be among them."""
    prefix = bounds_of(path)[0]
    low, high = _narrowed(path, part)
    while True:
        folded = skipped = None
        for row in at.rows(low, high, reverse=part.reverse):
            file_path = row[0]
            if folded is not None and file_path.startswith(folded + "/"):
                skipped = (skipped or 0) + 1
                if skipped > _ROWS_TO_SKIP_BEFORE_SEEKING:
                    break
                continue
            name, slash, _ = file_path[len(prefix) :].partition("/")
            if slash:
                folded, skipped = prefix + name, 0
                yield shown_directory(folded), None
            else:
                folded = skipped = None
                yield shown_path(file_path), row
        else:
            return
        if part.reverse:
            high = folded + "/"
        else:
            low = folded + "/" + ABOVE_ALL


def _walk(at: Snapshot, path: str, part: Part) -> Iterator[Entry]:
    """All files below a directory and the directories they lie in, itself included, in order."""
    low, high = _narrowed(path, part)
    if part.reverse:
        yield from _walk_back(at, path, low, high)
        return
    open_directories: list[str] = []
    last = None
    for row in at.rows(low, high):
        file_path = row[0]
        directory = file_path.rpartition("/")[0]
        if directory != last:
            last, above = directory, _directories(path, file_path)
            for opened in above:
                if opened not in open_directories:
                    yield shown_directory(opened), None
            open_directories = above
        yield shown_path(file_path), row


def _walk_back(at: Snapshot, path: str, low: str, high: str) -> Iterator[Entry]:
    """The same from the end: a directory comes after what is in it."""
    open_directories: list[str] = []
    for row in at.rows(low, high, reverse=True):
        file_path = row[0]
        above = _directories(path, file_path)
        while open_directories and open_directories[-1] not in above:
            yield shown_directory(open_directories.pop()), None
        open_directories.extend(above[len(open_directories) :])
        yield shown_path(file_path), row
    for directory in reversed(open_directories):
        yield shown_directory(directory), None


def _directories(path: str, file_path: str) -> list[str]:
    """The directories that a file below a path lies in, from that path on."""
    return [path, *(p for p in parents(file_path) if len(p) > len(path))]
