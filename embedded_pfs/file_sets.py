"""File sets: changes that are stored before there is a commit to put them into.

They last `MAX_FILE_SET_SECONDS`, can be renewed for as long again, and expire; what has expired is
gone. A file set is kept in normal form, first what it removes and then its files, each once, so
that it can be read like a commit. Functions on a database connection.
"""

from __future__ import annotations

import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

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

_T = TypeVar("_T")


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


@dataclass(frozen=True, slots=True)
class Composed:
    """What several file sets are together, one after the other; of each file its contents."""

    removals: tuple[str, ...]
    files: Mapping[str, StoredContent]


def composed(
    connection: sqlite3.Connection,
    blobs: Blobs,
    file_set_ids: Sequence[str],
    ttl_seconds: int,
    writers: list[BlobWriter],
) -> Composed:
    """Put several file sets together. It reads all bytes, and only reads from the database.

    Args:
        connection: To read with.
        blobs: Where large contents are.
        file_set_ids: In order.
        ttl_seconds: How long it is to live.
        writers: Gets those that are to be forgotten once their contents are referred to.

    Raises:
        FileSetNotFound: One of them is not there, or has expired.
        PfsFailure: It would live too long.
    """
    _check_ttl(ttl_seconds)
    removals: dict[str, None] = {}
    parts: dict[str, list[StoredContent]] = {}
    for change in chain.from_iterable(
        file_set_rows.changes_of(connection, id_) for id_ in file_set_ids
    ):
        if isinstance(change, AddContent):
            parts.setdefault(stored_path(change.path), []).append(change.content)
        elif isinstance(change, DeleteFile):
            removals[change.path] = None
            _remove_from(parts, change.path)
    files_ = {
        path: contents.put_together(connection, blobs, several, writers)
        if len(several) > 1
        else several[0]
        for path, several in parts.items()
    }
    return Composed(tuple(removals), files_)


def insert(
    connection: sqlite3.Connection, blobs: Blobs, composed_: Composed, ttl_seconds: int
) -> str:
    """Store what has been put together as a file set of its own, and return its id."""
    for content in composed_.files.values():
        contents.store(connection, blobs, content)
    rows = _rows(composed_.removals, composed_.files)
    return _insert(connection, rows, ttl_seconds)


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
        return _rows(self._removals, self._files)

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
        self._removals[path] = None
        gone = _remove_from(self._files, path)
        suspect(self._connection, [content.hash for content in gone])


def _remove_from(files_: MutableMapping[str, _T], path: str) -> list[_T]:
    """Remove a file, or all files below a path that ends with a slash; gives what they were."""
    stored = stored_path(path)
    if not path.endswith("/"):
        gone = [stored] if stored in files_ else []
    else:
        low, high = bounds_of(stored)
        gone = [p for p in files_ if low < p < high]
    return [files_.pop(below) for below in gone]


def _rows(removals: Iterable[str], files_: Mapping[str, StoredContent]) -> list[ChangeRow]:
    rows: list[ChangeRow] = [(path, None, None) for path in removals]
    return rows + [(path, c.size_bytes, c.hash) for path, c in files_.items()]
