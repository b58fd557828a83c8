"""Every range of a file is its bytes, wherever they lie, and what is lost is told."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from embedded_pfs import opening
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.streams import BlobStream
from pfs_client.failures import ContentLost
from pfs_client.values import AddFile, Commit, CopyFile, DeleteFile, File
from tests.embedded_pfs.conftest import BRANCH
from tests.embedded_pfs.harm import cut, remove
from tests.pfs_contract.reading import head_of, put, read

SMALL, A, B = (os.urandom(size) for size in (999, 70_001, 65_537))  # the first: in the database
PARTS = (A, SMALL, B, SMALL[::-1])
WHOLE = b"".join(PARTS)
EDGES = (0, len(A), len(A + SMALL), len(A + SMALL + B), len(WHOLE))

Harm: TypeAlias = Callable[[Path], None]


@pytest.fixture
def pfs(resting_pfs: EmbeddedPfs) -> EmbeddedPfs:
    """A PFS that opens no file by itself."""
    return resting_pfs


async def put_together(pfs: EmbeddedPfs, path: str, parts: tuple[bytes, ...] = PARTS) -> File:
    sets = [await pfs.create_file_set([AddFile("/f", part)]) for part in parts]
    whole = await pfs.compose_file_set(sets)
    source = File(Commit.of_file_set(whole), "/f")
    await pfs.modify_file(BRANCH, [DeleteFile(path), CopyFile(path, source)])
    for file_set in (*sets, whole):
        await pfs.release_file_set(file_set)
    return await at_head(pfs, path)


async def put_at_once(pfs: EmbeddedPfs, path: str, content: bytes) -> File:
    await put(pfs, BRANCH, path, content)
    return await at_head(pfs, path)


async def at_head(pfs: EmbeddedPfs, path: str) -> File:
    return File(await head_of(pfs, BRANCH), path)


async def read_all(pfs: EmbeddedPfs, file: File, offset: int = 0, size: int | None = None) -> bytes:
    return await read(pfs, file.commit, file.path, offset, size)


def blob_of(pfs: EmbeddedPfs, content: bytes) -> Path:
    (path,) = [p for _, p in pfs.engine.blobs.all() if p.read_bytes() == content]
    return path


def lengthen(blob: Path) -> None:
    with blob.open("ab") as file:
        file.write(b"!")


def held(pfs: EmbeddedPfs) -> list[str]:
    """The files of a PFS that this process has open, but for its database."""
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the one that lists them
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    folder = str(pfs.engine.directory.path)
    return sorted(f for f in found if f.startswith(folder) and "/pfs.sqlite" not in f)


@pytest.mark.parametrize("content", [SMALL, A], ids=["in the database", "a blob"])
async def test_every_range_of_what_lies_in_one_place_is_its_bytes(
    pfs: EmbeddedPfs, content: bytes
) -> None:
    file = await put_at_once(pfs, "/f", content)
    size = len(content)
    assert await read_all(pfs, file) == content
    for offset in (0, 1, 7, size - 1, size, size + 1):
        assert await read_all(pfs, file, offset) == content[offset:]
        for length in (0, 1, 5, size - 1, size, size + 1):
            expected = content[offset : offset + length]
            assert await read_all(pfs, file, offset, length) == expected, (offset, length)


@pytest.mark.parametrize("at_once", [1, 2, 100], ids="rows at once: {}".format)
async def test_every_range_of_what_lies_in_several_is_its_bytes(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(opening, "_READ_AT_ONCE", at_once)
    file = await put_together(pfs, "/f")
    assert await read_all(pfs, file) == WHOLE
    near = sorted({max(0, edge + by) for edge in EDGES for by in (-1, 0, 1)})
    for begin in near:
        for end in near:
            expected = WHOLE[begin:end]
            found = await read_all(pfs, file, begin, max(0, end - begin))
            assert found == expected, (begin, end)


async def test_behind_the_end_no_blob_is_opened(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await put_together(pfs, "/f", (A, B))
    noticed: list[str] = []
    opened = BlobStream.__init__

    def noted(stream: BlobStream, *args: Any) -> None:
        noticed.append("opened")
        opened(stream, *args)

    monkeypatch.setattr(BlobStream, "__init__", noted)
    for offset in (len(A + B), len(A + B) + 1):
        assert await read_all(pfs, file, offset) == b""
    assert noticed == []


@pytest.mark.parametrize(
    ("harm", "says"),
    [(remove, "gone"), (cut, "of 1000 bytes, not 70001"), (lengthen, "of 70002 bytes, not 70001")],
)
async def test_a_blob_that_is_not_whole_is_told_for_the_file(
    pfs: EmbeddedPfs, harm: Harm, says: str
) -> None:
    file = await put_at_once(pfs, "/f", A)
    before = held(pfs)
    harm(blob_of(pfs, A))
    with pytest.raises(ContentLost, match=f"the content of /f .* {says}"):
        await pfs.get_file(file)
    assert held(pfs) == before


@pytest.mark.parametrize("harm", [remove, cut, lengthen])
async def test_a_content_is_read_where_it_lies_in_others_if_its_own_blob_is_not_whole(
    pfs: EmbeddedPfs, harm: Harm
) -> None:
    await put_together(pfs, "/f", (A, B))
    remove(blob_of(pfs, B))
    whole = await put_at_once(pfs, "/whole", A + B)  # a blob, as it could not be read otherwise
    await put_at_once(pfs, "/b", B)
    assert await read_all(pfs, whole) == A + B
    harm(blob_of(pfs, A + B))
    assert await read_all(pfs, whole) == A + B


async def test_a_content_is_read_from_its_own_blob_if_what_it_lies_in_is_lost(
    pfs: EmbeddedPfs,
) -> None:
    file = await put_together(pfs, "/f", (A, B))
    remove(blob_of(pfs, B))
    await put_at_once(pfs, "/whole", A + B)
    assert await read_all(pfs, file) == A + B


@pytest.mark.parametrize("harm", [remove, cut, lengthen])
async def test_what_a_range_lies_in_is_told_to_be_lost_before_it_is_read_and_nothing_is_kept(
    pfs: EmbeddedPfs, harm: Harm
) -> None:
    file = await put_together(pfs, "/f", (A, B))
    before = held(pfs)
    harm(blob_of(pfs, B))
    with pytest.raises(ContentLost, match="the content of /f"):
        await pfs.get_file(file, offset=5)
    assert held(pfs) == before
    assert await read_all(pfs, file, 5, len(A) - 5) == A[5:]  # not of what is lost


async def test_what_is_lost_while_it_is_read_is_told_and_not_left_out(
    pfs: EmbeddedPfs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_READ_AT_ONCE", 1)
    file = await put_together(pfs, "/f", (A, B))
    before = held(pfs)
    async with await pfs.get_file(file) as stream:
        pieces = aiter(stream)
        assert await anext(pieces) == A
        with closing(sqlite3.connect(tmp_path / "pfs" / "pfs.sqlite")) as other:
            other.execute("DELETE FROM extent")
            other.commit()
        with pytest.raises(ContentLost, match="the content of /f"):
            await anext(pieces)
    assert held(pfs) == before
