"""Contents that lie in others: each is a list of extents, and takes no room of its own.

What was put together out of parts has the hash of all its bytes, as if it had been written at once,
and its bytes stay where the parts have them. An extent is a whole content that is kept in one place
(in the database, or as a blob): who is put together out of such a content has that one's extents.
Functions on a database connection.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from embedded_pfs.blobs import INLINE_MAX_BYTES, Blobs, StoredContent
from embedded_pfs.collection import drop_extents

MAX_EXTENTS = 10_000
"""How many a content may have: as many as S3 lets an upload have parts.

What would have more is copied: parts of parts of parts would else multiply without an end.
"""


def of(connection: sqlite3.Connection, hash_: bytes) -> list[StoredContent]:
    """The extents of a content, in order; none if it is kept in one place, or nowhere."""
    rows = connection.execute(
        "SELECT content_hash, size_bytes FROM extent WHERE whole_hash = ? ORDER BY begin_bytes",
        (hash_,),
    )
    return [StoredContent(*row) for row in rows]


def has_any(connection: sqlite3.Connection, hash_: bytes) -> bool:
    """Whether a content lies in others."""
    row = connection.execute("SELECT 1 FROM extent WHERE whole_hash = ?", (hash_,)).fetchone()
    return row is not None


def within(
    connection: sqlite3.Connection, hash_: bytes, begin: int, end: int, limit: int = -1
) -> list[tuple[int, StoredContent]]:
    """The extents of a span of a content, or the first of them, each with where it begins."""
    rows = connection.execute(
        "SELECT begin_bytes, content_hash, size_bytes FROM extent WHERE whole_hash = ?1"
        " AND begin_bytes >= (SELECT max(begin_bytes) FROM extent"
        "  WHERE whole_hash = ?1 AND begin_bytes <= ?2)"
        " AND begin_bytes < ?3 ORDER BY begin_bytes LIMIT ?4",
        (hash_, begin, end, limit),
    )
    return [(at, StoredContent(*row)) for at, *row in rows]


def flattened(
    connection: sqlite3.Connection, blobs: Blobs, parts: Iterable[StoredContent]
) -> list[StoredContent]:
    """What contents lie in, one after the other; empty ones lie nowhere."""
    found: list[StoredContent] = []
    for part in parts:
        if part.size_bytes > INLINE_MAX_BYTES and not is_blob(blobs, part):
            found += of(connection, part.hash) or [part]
        elif part.size_bytes:
            found.append(part)
    return found


def is_blob(blobs: Blobs, content: StoredContent) -> bool:
    """Whether a content is a blob. Then that is read, whatever extents it has as well.

    So the bytes of a content that has been damaged heal it, however they come.
    """
    return blobs.size_of(content.hash) == content.size_bytes


def keep(connection: sqlite3.Connection, blobs: Blobs, content: StoredContent) -> None:
    """See that a large content is there, in the transaction that comes to refer to it.

    Raises:
        ContentLost: It, or something that it lies in, is gone or not whole.
    """
    if is_blob(blobs, content):
        return
    existing = of(connection, content.hash)
    if existing and _are_there(connection, blobs, existing):
        return
    if content.extents:
        drop_extents(connection, content.hash)
        _add(connection, blobs, content)
    else:
        blobs.keep(content.hash, content.size_bytes)


def _are_there(
    connection: sqlite3.Connection, blobs: Blobs, extents: Iterable[StoredContent]
) -> bool:
    return all(is_blob(blobs, extent) or is_small(connection, extent) for extent in extents)


def _add(connection: sqlite3.Connection, blobs: Blobs, content: StoredContent) -> None:
    rows, begin = [], 0
    for extent in content.extents:
        if not is_small(connection, extent):
            blobs.keep(extent.hash, extent.size_bytes)
        rows.append((content.hash, begin, extent.size_bytes, extent.hash))
        begin += extent.size_bytes
    connection.executemany("INSERT INTO extent VALUES (?, ?, ?, ?)", rows)
    connection.executemany(
        "DELETE FROM suspect WHERE hash = ?", [(extent.hash,) for extent in content.extents]
    )


def is_small(connection: sqlite3.Connection, content: StoredContent) -> bool:
    """Whether a content is in the database."""
    if content.size_bytes > INLINE_MAX_BYTES:
        return False
    row = connection.execute("SELECT 1 FROM content WHERE hash = ?", (content.hash,)).fetchone()
    return row is not None
