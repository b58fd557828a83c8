"""Reading and storing what is in files, wherever it lives.

Small contents in the database, large ones in blobs.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator

from embedded_pfs import extents
from embedded_pfs.blobs import INLINE_MAX_BYTES, Blobs, BlobWriter, StoredContent, content_hash

_COPY_BYTES = 1024 * 1024


def inline(content: bytes) -> StoredContent:
    """A content that `store` will put into the database."""
    return StoredContent(content_hash(content), len(content), content)


def store(connection: sqlite3.Connection, blobs: Blobs, content: StoredContent) -> None:
    """Put a content in its place, in the transaction that comes to refer to it.

    One that is there and damaged is healed.

    Raises:
        ContentLost: It is a blob, or to be a copy, and nowhere.
    """
    connection.execute("DELETE FROM suspect WHERE hash = ?", (content.hash,))
    if content.inline is not None:
        connection.execute(
            "INSERT INTO content (hash, bytes) VALUES (?, ?) ON CONFLICT (hash)"
            " DO UPDATE SET bytes = excluded.bytes WHERE bytes != excluded.bytes",
            (content.hash, content.inline),
        )
    elif not extents.is_small(connection, content):
        extents.keep(connection, blobs, content)


def small_content(connection: sqlite3.Connection, hash_: bytes, size_bytes: int) -> bytes | None:
    """A content that lives in the database; None if it is a blob."""
    if size_bytes > INLINE_MAX_BYTES:
        return None
    row = connection.execute("SELECT bytes FROM content WHERE hash = ?", (hash_,)).fetchone()
    return None if row is None else row[0]


def concatenated(
    connection: sqlite3.Connection,
    blobs: Blobs,
    parts: list[StoredContent],
    writers: list[BlobWriter],
) -> StoredContent:
    """One content out of several, whose bytes are copied.

    If it becomes a blob, its writer is added to `writers`, to be forgotten once the content is
    referred to.

    Raises:
        ContentLost: One of them is not there.
    """
    if sum(part.size_bytes for part in parts) <= INLINE_MAX_BYTES:
        pieces = (piece for part in parts for piece in _pieces(connection, blobs, part))
        return inline(b"".join(pieces))
    writer = blobs.writer()
    try:
        for part in parts:
            for piece in _pieces(connection, blobs, part):
                writer.write(piece)
        content = writer.finish()
    except BaseException:
        writer.abandon()
        raise
    writers.append(writer)
    return content


def put_together(
    connection: sqlite3.Connection,
    blobs: Blobs,
    parts: list[StoredContent],
    writers: list[BlobWriter],
) -> StoredContent:
    """One content out of several, in which it lies: their bytes are read, and not copied.

    They are copied as by `concatenated` if they are few, or lie in too many others.

    Raises:
        ContentLost: One of them is not there.
    """
    flat = extents.flattened(connection, blobs, parts)
    size_bytes = sum(extent.size_bytes for extent in flat)
    if size_bytes <= INLINE_MAX_BYTES or len(flat) > extents.MAX_EXTENTS:
        return concatenated(connection, blobs, parts, writers)
    digest = hashlib.blake2b(digest_size=32)
    for extent in flat:
        for piece in _pieces(connection, blobs, extent):
            digest.update(piece)
    return StoredContent(digest.digest(), size_bytes, extents=tuple(flat))


def _pieces(
    connection: sqlite3.Connection, blobs: Blobs, content: StoredContent
) -> Iterator[bytes]:
    if content.inline is not None:
        yield content.inline
        return
    for extent in extents.flattened(connection, blobs, [content]):
        small = small_content(connection, extent.hash, extent.size_bytes)
        if small is not None:
            yield small
        else:
            yield from _pieces_of_blob(blobs, extent)


def _pieces_of_blob(blobs: Blobs, content: StoredContent) -> Iterator[bytes]:
    blobs.keep(content.hash, content.size_bytes)
    descriptor = blobs.open(content.hash)
    try:
        while piece := os.read(descriptor, _COPY_BYTES):
            yield piece
    finally:
        os.close(descriptor)
