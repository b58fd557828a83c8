"""Reading files: one, or all below a path, of a commit or a file set."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from embedded_pfs import extents
from embedded_pfs.blobs import INLINE_MAX_BYTES, Blobs, StoredContent, file_hash
from embedded_pfs.database import as_optional_datetime
from embedded_pfs.names import bounds_of, shown_path, stored_path
from embedded_pfs.snapshots import Row, row_of, snapshot
from pfs_client.failures import ContentLost, FileNotFound, FileSetNotFound, NotAFile
from pfs_client.values import File, FileInfo, FileType


def find_file(connection: sqlite3.Connection, file: File) -> tuple[StoredContent, datetime | None]:
    """The content of one file, and when its commit was closed.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
        FileNotFound: Nothing stands at the path.
        NotAFile: A directory does.
    """
    path = stored_path(file.path)
    at = snapshot(connection, file.commit)
    content_ = at.find(path)
    if content_ is not None:
        return content_, at.committed
    if at.holds_directory(path):
        raise NotAFile(f"{shown_path(path)} is a directory")
    raise _not_found(file)


def inspect_file(connection: sqlite3.Connection, file: File, blobs: Blobs) -> FileInfo:
    """What PFS says of a file, once it has looked whether its content is there.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
        FileNotFound: Nothing stands at the path.
        NotAFile: A directory does.
        ContentLost: Its content is not there any more, or not whole.
    """
    content, committed = find_file(connection, file)
    if content.size_bytes > INLINE_MAX_BYTES:
        _check_blob(blobs, file, content)
    return file_info(stored_path(file.path), content, committed)


def inspect_with_extents(connection: sqlite3.Connection, file: File, blobs: Blobs) -> FileInfo:
    """The same of a file whose content may lie in others: they may be many, so not for a look-up.

    Raises:
        PfsFailure: As `inspect_file`.
    """
    content, committed = find_file(connection, file)
    if not extents.has_any(connection, content.hash):
        raise lost(file, content, blobs.size_of(content.hash))
    check_extents(connection, blobs, file, content, 0, content.size_bytes)
    return file_info(stored_path(file.path), content, committed)


def check_extents(
    connection: sqlite3.Connection,
    blobs: Blobs,
    file: File,
    content: StoredContent,
    begin: int,
    end: int,
) -> None:
    """See that all is there that a span of a file's content lies in.

    Raises:
        ContentLost: Something is not, or not whole.
    """
    lies_in = extents.within(connection, content.hash, begin, end)
    if not lies_in and begin < end:
        raise lost(file, content, None)
    for _, extent in lies_in:
        if not extents.is_small(connection, extent):
            _check_blob(blobs, file, extent)


def _check_blob(blobs: Blobs, file: File, extent: StoredContent) -> None:
    size_bytes = blobs.size_of(extent.hash)
    if size_bytes != extent.size_bytes:
        raise lost(file, extent, size_bytes)


def source_files(connection: sqlite3.Connection, file: File) -> list[tuple[str, StoredContent]]:
    """All files at and below a path that is copied, by their path relative to it; maybe none.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It is open, and so is what it is based on.
        FileSetNotFound: It stands for a file set that is not there, or no longer.
    """
    at = snapshot(connection, file.commit)
    path = stored_path(file.path)
    content = at.find(path)
    if content is not None:
        return [("", content)]
    low, high = bounds_of(path)
    return [(p[len(low) :], c) for p, c in at.between(low, high)]


def copied_files(
    connection: sqlite3.Connection, file: File, *, as_pachd: bool
) -> list[tuple[str, StoredContent]]:
    """The files that a copy puts elsewhere; as pachd has it none of a file set that has gone.

    Raises:
        PfsFailure: As `source_files`; and `FileNotFound`, not as pachd has it, where a file set has
            not the file.
    """
    is_of_set = file.commit.is_file_set
    try:
        found = source_files(connection, file)
    except FileSetNotFound:
        if not as_pachd:
            raise
        return []
    if not found and is_of_set and not as_pachd:
        raise _not_found(file)
    return found


def info_of(shown: str, row: Row | None, committed: datetime | None) -> FileInfo:
    """What PFS says of a file, or without a row of a directory, by its path as it is shown."""
    if row is None:
        return FileInfo(shown, FileType.DIR, committed, 0, b"")
    _, hash_, size_bytes, changed_us = row
    return FileInfo(
        shown,
        FileType.FILE,
        committed,
        size_bytes,
        file_hash(hash_, size_bytes),
        as_optional_datetime(changed_us),
    )


def file_info(path: str, content: StoredContent, committed: datetime | None) -> FileInfo:
    """The same of a file by its stored path."""
    return info_of(shown_path(path), row_of(path, content), committed)


def lost(file: File, content: StoredContent, size_bytes: int | None) -> ContentLost:
    """The failure that says what is wrong with a blob of this size, or with none."""
    what = "gone" if size_bytes is None else f"of {size_bytes} bytes, not {content.size_bytes}"
    return ContentLost(
        f"the content of {file.path} at {file.commit} is lost: the blob {content.hash.hex()} is"
        f" {what}"
    )


def _not_found(file: File) -> FileNotFound:
    return FileNotFound(f"file {file.path} not found in repo {file.commit.repo}")
