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

from embedded_pfs import commit_changes, commit_rows, contents, file_set_rows, files
from embedded_pfs.blobs import Blobs, BlobWriter, StoredContent
from embedded_pfs.collection import suspect, suspect_those_of
from embedded_pfs.commit_changes import ChangeRow
from embedded_pfs.names import bounds_of, stored_path, writable_path
from embedded_pfs.snapshots import CommitSnapshot
from embedded_pfs.stored_changes import AddContent, StoredChange
from pfs_client.failures import PfsFailure
from pfs_client.interface import MAX_FILE_SET_SECONDS
from pfs_client.values import Commit, CopyFile, DeleteFile, FileSetKind


def create(
    connection: sqlite3.Connection,
    blobs: Blobs,
    changes: Iterable[StoredChange],
    ttl_seconds: int = MAX_FILE_SET_SECONDS,
    *,
    as_pachd: bool = False,
) -> tuple[str, list[BlobWriter]]:
    """Store changes as a file set; what `as_pachd` says stands with `files.copied_files`.

    Returns:
        Its id, which looks like pachd's, and writers to be forgotten once the transaction is
        durable.

    Raises:
        PfsFailure: A copy's source is not there.
    """
    form = _NormalForm(connection, blobs, as_pachd=as_pachd)
    for index, change in enumerate(changes):
        try:
            form.add(change)
        except PfsFailure as error:
            error.change_index = index
            raise
    return _insert(connection, form.rows(), ttl_seconds), form.writers


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
    changes = [
        change for id_ in file_set_ids for change in file_set_rows.changes_of(connection, id_)
    ]
    _check_ttl(ttl_seconds)
    return create(connection, blobs, changes, ttl_seconds)


def renew(connection: sqlite3.Connection, file_set_id: str, ttl_seconds: int) -> None:
    """Let a file set live for so long from now.

    Raises:
        FileSetNotFound: There is no such file set, or it has expired.
        PfsFailure: That would be too long.
    """
    _check_ttl(ttl_seconds)
    file_set_rows.check(connection, file_set_id)
    connection.execute(
        "UPDATE file_set SET expires_us = now_us() + ? WHERE id = ?",
        (ttl_seconds * 1_000_000, file_set_id),
    )


def _check_ttl(ttl_seconds: int) -> None:
    if ttl_seconds > MAX_FILE_SET_SECONDS:
        raise PfsFailure(f"{ttl_seconds} s exceeds max ttl, {MAX_FILE_SET_SECONDS} s")


def expire(connection: sqlite3.Connection, file_set_ids: Sequence[str]) -> bool:
    """Remove one of the file sets that have expired or are given; say whether there was any.

    One transaction removes one of them: it may hold many files.
    """
    row = (
        connection.execute("SELECT id FROM file_set WHERE expires_us < now_us() LIMIT 1").fetchone()
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


def of_commit(connection: sqlite3.Connection, commit: Commit, kind: FileSetKind) -> str:
    """Make a file set of a commit, or of what it changed, and return its id.

    A file that a commit changed is in it whole, whatever of it was there before.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: It is open, and so is what it is based on.
    """
    row = commit_rows.find_commit(connection, commit)
    commit_rows.check_readable(connection, row)
    if kind is FileSetKind.DIFF:
        rows = commit_changes.removed(connection, row)
        rows += commit_changes.added(connection, row)
    else:
        at = CommitSnapshot(connection, row.line_id, row.seq, None)
        rows = [(path, c.size_bytes, c.hash) for path, c in at.between(*bounds_of(""))]
    return _insert(connection, rows, MAX_FILE_SET_SECONDS)


def _insert(connection: sqlite3.Connection, rows: Iterable[ChangeRow], ttl_seconds: int) -> str:
    file_set_id = f"{uuid.uuid4().hex}.{secrets.token_hex(32)}"
    connection.execute(
        "INSERT INTO file_set VALUES (?, now_us() + ?)", (file_set_id, ttl_seconds * 1_000_000)
    )
    connection.executemany(
        "INSERT INTO file_set_change VALUES (?, ?, ?, ?, ?)",
        [(file_set_id, position, *row) for position, row in enumerate(rows)],
    )
    return file_set_id


class _NormalForm:
    """Changes, folded so that removals come first and every file comes once."""

    def __init__(self, connection: sqlite3.Connection, blobs: Blobs, *, as_pachd: bool) -> None:
        self._as_pachd = as_pachd
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
            case CopyFile():
                self._copy(change)
            case _:
                raise PfsFailure("a file set takes no conditions")

    def rows(self) -> list[ChangeRow]:
        removals: list[ChangeRow] = [(path, None, None) for path in self._removals]
        return removals + [(path, c.size_bytes, c.hash) for path, c in self._files.items()]

    def _add_file(self, path: str, content: StoredContent) -> None:
        existing = self._files.get(path)
        if existing is not None:
            parts = [existing, content]
            content = contents.concatenated(self._connection, self._blobs, parts, self.writers)
            suspect(self._connection, [part.hash for part in parts])
        contents.store(self._connection, self._blobs, content)
        self._files[path] = content

    def _copy(self, copy: CopyFile) -> None:
        path = writable_path(copy.path)
        found = files.copied_files(self._connection, copy.source, as_pachd=self._as_pachd)
        if not copy.append:
            self._remove(path)
        for below, content in found:
            self._add_file(f"{path}/{below}" if below else path, content)

    def _remove(self, path: str) -> None:
        stored = stored_path(path)
        self._removals[path] = None
        if not path.endswith("/"):
            gone = [stored] if stored in self._files else []
        else:
            low, high = bounds_of(stored)
            gone = [p for p in self._files if low < p < high]
        suspect(self._connection, [self._files.pop(p).hash for p in gone])
