"""Opening files for reading, wherever their contents lie."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncGenerator
from functools import partial
from typing import TYPE_CHECKING

from embedded_pfs import contents, extents, files
from embedded_pfs.blobs import Blobs, StoredContent
from embedded_pfs.streams import BlobStream, JoinedStream, MemoryStream
from pfs_client.failures import ContentLost
from pfs_client.interface import ByteStream
from pfs_client.values import File

if TYPE_CHECKING:
    from embedded_pfs.engine import Engine

_READ_AT_ONCE = 100
"""How many extents' rows are read in one look-up."""


async def open_file(engine: Engine, file: File, offset: int, size_bytes: int | None) -> ByteStream:
    """Open a file for reading.

    Raises:
        PfsFailure: As `EmbeddedPfs.get_file`.
    """
    content, small = engine.look_up(_find_content, file)
    end = content.size_bytes
    if size_bytes is not None:
        end = min(offset + size_bytes, end)
    if small is not None:
        return MemoryStream(small[offset:end])
    try:
        return await _open_blob(engine, file, content, offset, end)
    except ContentLost:
        if not engine.glance(extents.has_any, content.hash):
            raise
    return await _open_extents(engine, file, content, offset, end)


def _find_content(connection: sqlite3.Connection, file: File) -> tuple[StoredContent, bytes | None]:
    """A file's content, and its bytes if they are in the database."""
    content, _ = files.find_file(connection, file)
    return content, contents.small_content(connection, content.hash, content.size_bytes)


async def _open_blob(
    engine: Engine, file: File, content: StoredContent, offset: int, end: int
) -> ByteStream:
    descriptor = await engine.blob_threads.open(
        partial(_open_whole, engine.blobs, file, content), os.close
    )
    return BlobStream(descriptor, offset, end, engine.blob_threads)


def _open_whole(blobs: Blobs, file: File, content: StoredContent) -> int:
    """Open a blob, and see that it is as long as it should be."""
    try:
        descriptor = blobs.open(content.hash)
    except FileNotFoundError as error:
        raise files.lost(file, content, None) from error
    size_bytes = os.fstat(descriptor).st_size
    if size_bytes != content.size_bytes:
        os.close(descriptor)
        raise files.lost(file, content, size_bytes)
    return descriptor


async def _open_extents(
    engine: Engine, file: File, content: StoredContent, offset: int, end: int
) -> ByteStream:
    """Open a content that lies in others, once all of them are there and cannot go."""
    lease = await engine.blob_threads.open(partial(engine.leases.hold, content.hash), os.close)
    try:
        # What nobody held until now may have gone; and a reader is told now, not half-way.
        await engine.scan(files.check_extents, engine.blobs, file, content, offset, end)
    except BaseException:
        os.close(lease)
        raise
    return JoinedStream(_opened(engine, file, content, offset, end), lease)


async def _opened(
    engine: Engine, file: File, content: StoredContent, offset: int, end: int
) -> AsyncGenerator[ByteStream, None]:
    """A span's extents, each opened when its turn comes."""
    at = offset
    while at < end:
        some = engine.glance(extents.within, content.hash, at, end, _READ_AT_ONCE)
        if not some:
            raise files.lost(file, content, None)
        for begin, extent in some:
            to = min(end, begin + extent.size_bytes)
            yield await _open_extent(engine, file, extent, at - begin, to - begin)
            at = to


async def _open_extent(
    engine: Engine, file: File, extent: StoredContent, offset: int, end: int
) -> ByteStream:
    small = engine.glance(contents.small_content, extent.hash, extent.size_bytes)
    if small is not None:
        return MemoryStream(small[offset:end])
    return await _open_blob(engine, file, extent, offset, end)
