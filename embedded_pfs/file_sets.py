"""File sets: changes that are stored before there is a commit to put them into.

They last `MAX_FILE_SET_SECONDS`, can be renewed for as long again, and expire; what has expired is
gone. A file set is kept in normal form, first what it removes and then its files, each once, so
that it can be read like a commit. Functions on a database connection.
"""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Sequence

from embedded_pfs import contents
from embedded_pfs.blobs import Blobs, BlobWriter, StoredContent
from embedded_pfs.collection import suspect, suspect_those_of
from embedded_pfs.database import now_us
from embedded_pfs.names import bounds_of, stored_path, writable_path
from embedded_pfs.stored_changes import AddContent, StoredChange
from pfs_client.failures import FileSetNotFound, PfsFailure
from pfs_client.interface import MAX_FILE_SET_SECONDS
from pfs_client.values import DeleteFile


def create(
    connection: sqlite3.Connection,
    blobs: Blobs,
    changes: Iterable[StoredChange],
    ttl_seconds: int = MAX_FILE_SET_SECONDS,
) -> tuple[str, list[BlobWriter]]:
    """Store changes as a file set.

    Returns:
        Its id, which looks like pachd's, and writers to be forgotten once the transaction is
        durable.
    """
    form = _NormalForm(connection, blobs)
    for change in changes:
        form.add(change)
    file_set_id = f"{uuid.uuid4().hex}.{secrets.token_hex(32)}"
    connection.execute(
        "INSERT INTO file_set VALUES (?, ?)", (file_set_id, now_us() + ttl_seconds * 1_000_000)
    )
    connection.executemany(
        "INSERT INTO file_set_change VALUES (?, ?, ?, ?, ?)",
        [(file_set_id, position, *row) for position, row in enumerate(form.rows())],
    )
    return file_set_id, form.writers


def compose(
    connection: sqlite3.Connection, blobs: Blobs, file_set_ids: Sequence[str], ttl_seconds: int
) -> tuple[str, list[BlobWriter]]:
    """One file set that is several, one after the other.

    Returns:
        As `create` does.

    Raises:
        FileSetNotFound: One of them is not there, or has expired.
        PfsFailure: It would live too long.
    """
    changes = [change for id_ in file_set_ids for change in changes_of(connection, id_)]
    _check_ttl(ttl_seconds)
    return create(connection, blobs, changes, ttl_seconds)


def renew(connection: sqlite3.Connection, file_set_id: str, ttl_seconds: int) -> None:
    """Let a file set live for so long from now.

    Raises:
        FileSetNotFound: There is no such file set, or it has expired.
        PfsFailure: That would be too long.
    """
    _check_ttl(ttl_seconds)
    check(connection, file_set_id)
    connection.execute(
        "UPDATE file_set SET expires_us = ? WHERE id = ?",
        (now_us() + ttl_seconds * 1_000_000, file_set_id),
    )


def _check_ttl(ttl_seconds: int) -> None:
    if ttl_seconds > MAX_FILE_SET_SECONDS:
        raise PfsFailure(f"{ttl_seconds} s exceeds max ttl, {MAX_FILE_SET_SECONDS} s")


def expire(connection: sqlite3.Connection, file_set_ids: Sequence[str]) -> bool:
    """Remove some of the file sets that have expired or are given; say whether there were any.

    One transaction removes one of them: it may hold many files.
    """
    row = (
        connection.execute(
            "SELECT id FROM file_set WHERE expires_us < ? LIMIT 1", (now_us(),)
        ).fetchone()
        or connection.execute(
            f"SELECT id FROM file_set WHERE id IN ({', '.join('?' * len(file_set_ids))}) LIMIT 1",
            file_set_ids,
        ).fetchone()
    )
    if row is None:
        return False
    suspect_those_of(connection, "file_set_change", "file_set_id = ?", *row)
    connection.execute("DELETE FROM file_set WHERE id = ?", row)
    return True


def check(connection: sqlite3.Connection, file_set_id: str) -> None:
    """See that a file set is there and has not expired.

    Raises:
        FileSetNotFound: It is not there, or no longer.
    """
    row = connection.execute(
        "SELECT 1 FROM file_set WHERE id = ? AND expires_us >= ?", (file_set_id, now_us())
    ).fetchone()
    if row is None:
        raise FileSetNotFound(f"file set {file_set_id[:32]} does not exist")


def changes_of(connection: sqlite3.Connection, file_set_id: str) -> list[StoredChange]:
    """A file set's changes, in order.

    Raises:
        FileSetNotFound: It is not there, or no longer.
    """
    check(connection, file_set_id)
    rows = connection.execute(
        "SELECT path, size_bytes, content_hash FROM file_set_change WHERE file_set_id = ?"
        " ORDER BY position",
        (file_set_id,),
    )
    return [
        DeleteFile(path) if hash_ is None else AddContent(path, StoredContent(hash_, size_bytes))
        for path, size_bytes, hash_ in rows
    ]


def files_at(
    connection: sqlite3.Connection, file_set_id: str, path: str
) -> list[tuple[str, StoredContent]]:
    """The files at and below a stored path, by their path relative to it.

    Raises:
        FileSetNotFound: The file set is not there, or no longer.
    """
    check(connection, file_set_id)
    low, high = bounds_of(path)
    rows = connection.execute(
        "SELECT path, content_hash, size_bytes FROM file_set_change WHERE file_set_id = ?"
        " AND content_hash IS NOT NULL AND (path = ? OR path > ? AND path < ?) ORDER BY path",
        (file_set_id, path, low, high),
    )
    return [
        ("" if found == path else found[len(low) :], StoredContent(hash_, size_bytes))
        for found, hash_, size_bytes in rows
    ]


class _NormalForm:
    """Changes, folded so that removals come first and every file comes once."""

    def __init__(self, connection: sqlite3.Connection, blobs: Blobs) -> None:
        self._connection = connection
        self._blobs = blobs
        self._removals: dict[str, None] = {}
        self._files: dict[str, StoredContent] = {}
        self.writers: list[BlobWriter] = []

    def add(self, change: StoredChange) -> None:
        match change:
            case AddContent(path, content):
                self._add_file(writable_path(path), content)
            case DeleteFile(path):
                self._remove(path)
            case _:
                raise PfsFailure("a file set takes files and deletions only")

    def rows(self) -> list[tuple[str, int | None, bytes | None]]:
        removals: list[tuple[str, int | None, bytes | None]] = [
            (path, None, None) for path in self._removals
        ]
        return removals + [(path, c.size_bytes, c.hash) for path, c in self._files.items()]

    def _add_file(self, path: str, content: StoredContent) -> None:
        existing = self._files.get(path)
        if existing is not None:
            parts = [existing, content]
            content = contents.concatenated(self._connection, self._blobs, parts, self.writers)
            suspect(self._connection, [part.hash for part in parts])
        contents.store(self._connection, self._blobs, content)
        self._files[path] = content

    def _remove(self, path: str) -> None:
        stored = stored_path(path)
        self._removals[path] = None
        if not path.endswith("/"):
            gone = [stored] if stored in self._files else []
        else:
            low, high = bounds_of(stored)
            gone = [p for p in self._files if low < p < high]
        suspect(self._connection, [self._files.pop(p).hash for p in gone])
