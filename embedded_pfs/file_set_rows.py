"""File sets as the database has them: whether one is there, and what it changes."""

from __future__ import annotations

import sqlite3

from embedded_pfs.blobs import StoredContent
from embedded_pfs.stored_changes import AddContent, StoredChange
from pfs_client.failures import FileSetNotFound
from pfs_client.values import DeleteFile


def check(connection: sqlite3.Connection, file_set_id: str) -> None:
    """See that a file set is there and has not expired.

    Raises:
        FileSetNotFound: It is not there, or no longer.
    """
    row = connection.execute(
        "SELECT 1 FROM file_set WHERE id = ? AND expires_us >= now_us()", (file_set_id,)
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
