"""Listing what stands at a commit, in pachd's order (`facts/pachd.md` section e).

Paths sort bytewise, a directory as its name with `/` behind it. Everything seeks: a page costs the
same wherever it begins, and a directory that is folded into one entry is jumped over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TypeAlias

from embedded_pfs.blobs import content_hash, file_hash
from embedded_pfs.files import Entry, Snapshot, info_of, snapshot
from embedded_pfs.names import ABOVE_ALL, bounds_of, parents, stored_path
from pfs_client.failures import FileNotFound, PfsFailure
from pfs_client.interface import MAX_FILES_PER_LISTING
from pfs_client.values import ALL, File, FileInfo, FileType, Part

_ROWS_TO_SKIP_BEFORE_SEEKING = 16


def inspect_directory(connection: sqlite3.Connection, file: File) -> FileInfo:
    """What PFS says of a directory, with the size and hash of all below it: a scan."""
    return directory_info(snapshot(connection, file.commit), stored_path(file.path))


def list_file(connection: sqlite3.Connection, directory: File, part: Part) -> list[FileInfo]:
    """What stands in a directory."""
    check_number(part)
    at = snapshot(connection, directory.commit)
    path = stored_path(directory.path)
    content = at.find(path) if path else None
    entries = iter([Entry(path, content)]) if content else _in_directory(at, path, part)
    return _page(at, entries, part)


def walk_file(connection: sqlite3.Connection, directory: File, part: Part) -> list[FileInfo]:
    """Everything at and below a path.

    Raises:
        FileNotFound: There is nothing behind the marker, no prefix was given, and it is not the
            root.
    """
    check_number(part)
    at = snapshot(connection, directory.commit)
    path = stored_path(directory.path)
    content = at.find(path) if path else None
    entries = iter([Entry(path, content)]) if content else _walk(at, path, part)
    page = _page(at, entries, part)
    if not page and path and not part.prefix:
        raise FileNotFound(
            f"commit/{directory.commit.id} does not contain item: ({directory.path})"
        )
    return page


Listing: TypeAlias = Callable[[sqlite3.Connection, File, Part], list[FileInfo]]
"""`list_file` or `walk_file`."""


def page_with_sizes(
    connection: sqlite3.Connection,
    listing: Listing,
    directory: File,
    part: Part,
    directory_sizes: bool,
) -> list[FileInfo]:
    """A page of a listing; its directories with the size and hash of all below them, if wanted."""
    infos = listing(connection, directory, part)
    if not directory_sizes:
        return infos
    at = snapshot(connection, directory.commit)
    return [i if i.is_file else directory_info(at, stored_path(i.path)) for i in infos]


def walk(at: Snapshot, path: str) -> Iterator[Entry]:
    """Everything at and below a stored path, in order, read lazily."""
    content = at.find(path) if path else None
    return iter([Entry(path, content)]) if content else _walk(at, path, ALL)


def check_number(part: Part) -> None:
    """Refuse what pachd refuses."""
    if part.reverse and part.number <= 0:
        raise PfsFailure("number must be > 0 when reverse is true")
    if part.number > MAX_FILES_PER_LISTING:
        raise PfsFailure(f"cannot return more than {MAX_FILES_PER_LISTING} files at a time")


def directory_info(at: Snapshot, path: str) -> FileInfo:
    """A directory with the size and hash of all below it.

    The hash is that of its entries' hashes.
    """
    size_bytes = 0
    hashes = []
    for entry in _in_directory(at, path, ALL):
        if entry.content is None:
            below = directory_info(at, entry.path)
            size_bytes += below.size_bytes
            hashes.append(below.hash)
        else:
            size_bytes += entry.content.size_bytes
            hashes.append(file_hash(entry.content.hash, entry.content.size_bytes))
    shown = Entry(path, None).shown
    return FileInfo(shown, FileType.DIR, at.committed, size_bytes, content_hash(b"".join(hashes)))


def _page(at: Snapshot, entries: Iterator[Entry], part: Part) -> list[FileInfo]:
    page: list[FileInfo] = []
    files = 0
    for entry in islice(_wanted(entries, part), part.number or None):
        page.append(info_of(at, entry))
        files += entry.content is not None
        if files == part.files != 0:
            break
    return page


def _wanted(entries: Iterator[Entry], part: Part) -> Iterator[Entry]:
    """The entries that pass the marker and have the prefix."""
    after, prefix = part.after, part.prefix
    marked = stored_path(after)
    for entry in entries:
        # pachd compares with the marker without slashes at the end: the marker `/a` also skips the
        # directory `/a/`, though that comes behind it.
        if after and entry.path == marked:
            continue
        shown = entry.shown
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
        for file_path, content in at.between(low, high, reverse=part.reverse):
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
