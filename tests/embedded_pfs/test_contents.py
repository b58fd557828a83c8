"""Where contents go that come out of others."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator

import pytest

from embedded_pfs import contents
from embedded_pfs.blobs import INLINE_MAX_BYTES, Blobs, BlobWriter, StoredContent, content_hash
from embedded_pfs.directory import DataDirectory
from pfs_client.failures import ContentLost

Joining = Callable[
    [sqlite3.Connection, Blobs, list[StoredContent], list[BlobWriter]], StoredContent
]
JOINING: list[Joining] = [contents.concatenated, contents.put_together]


@pytest.fixture
def connection(directory: DataDirectory) -> Iterator[sqlite3.Connection]:
    opened = directory.connect()
    yield opened
    opened.close()


def stored(
    connection: sqlite3.Connection, directory: DataDirectory, *pieces: bytes
) -> list[StoredContent]:
    """Contents in their places, small and large."""
    found = []
    for piece in pieces:
        if len(piece) <= INLINE_MAX_BYTES:
            content = contents.inline(piece)
        else:
            writer = directory.blobs.writer()
            writer.write(piece)
            content = writer.finish()
        contents.store(connection, directory.blobs, content)
        found.append(StoredContent(content.hash, content.size_bytes))
    return found


@pytest.mark.parametrize("joining", JOINING)
@pytest.mark.parametrize("sizes", [(1, 2), (INLINE_MAX_BYTES - 1, 1), (0, INLINE_MAX_BYTES), ()])
def test_what_is_small_stays_in_the_database(
    directory: DataDirectory,
    connection: sqlite3.Connection,
    joining: Joining,
    sizes: tuple[int, ...],
) -> None:
    pieces = [os.urandom(size) for size in sizes]
    writers: list[BlobWriter] = []
    parts = stored(connection, directory, *pieces)
    joined = joining(connection, directory.blobs, parts, writers)
    assert joined == contents.inline(b"".join(pieces))
    assert writers == []


@pytest.mark.parametrize("sizes", [(INLINE_MAX_BYTES, 1), (100_000, 10, 3_000_000)])
def test_what_is_large_becomes_a_blob(
    directory: DataDirectory, connection: sqlite3.Connection, sizes: tuple[int, ...]
) -> None:
    pieces = [os.urandom(size) for size in sizes]
    writers: list[BlobWriter] = []
    parts = stored(connection, directory, *pieces)
    joined = contents.concatenated(connection, directory.blobs, parts, writers)
    whole = b"".join(pieces)
    assert joined == StoredContent(content_hash(whole), len(whole))
    assert directory.blobs.path(joined.hash).read_bytes() == whole
    assert len(writers) == 1


def test_what_cannot_be_joined_leaves_nothing(
    directory: DataDirectory, connection: sqlite3.Connection
) -> None:
    parts = stored(connection, directory, os.urandom(100_000), os.urandom(100_001))
    directory.blobs.remove(parts[1].hash)
    for named in (directory.path / "staging").iterdir():
        named.unlink()
    before = set(os.listdir("/proc/self/fd"))
    writers: list[BlobWriter] = []
    with pytest.raises(ContentLost):
        contents.concatenated(connection, directory.blobs, parts, writers)
    assert writers == []
    assert list((directory.path / "staging").iterdir()) == []
    assert set(os.listdir("/proc/self/fd")) <= before
