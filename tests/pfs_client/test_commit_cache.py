from __future__ import annotations

import asyncio
import os

import pytest

from pfs_client.failures import FileNotFound, NotAFile, PfsFailure
from pfs_client.observer import Observer
from pfs_client.reading.block_reader import BLOCK_BYTES, BlockReader
from pfs_client.reading.commit_cache import CommitCache, remote_reads
from pfs_client.reading.contents import RemoteContents
from pfs_client.values import AddFile, Commit, DeleteFile, File, FileInfo, Part
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_contract.reading import head_of, paths, put

MEMORY_BYTES = 64 * 1024**2


@pytest.fixture
def cache(pachd: Pachd) -> CommitCache:
    return remote_reads(pachd.pfs, MEMORY_BYTES)


def blocks_of(cache: CommitCache) -> BlockReader:
    assert isinstance(cache.contents, RemoteContents)
    return cache.contents._blocks


async def read(
    cache: CommitCache, file: File, offset: int = 0, size_bytes: int | None = None
) -> bytes:
    info = await cache.inspect_file(file)
    got = await cache.get_file(
        file, info, offset, info.size_bytes if size_bytes is None else size_bytes
    )
    if isinstance(got, bytes):
        return got
    async with got as stream:
        return b"".join([piece async for piece in stream])


async def large_file(pachd: Pachd, size_bytes: int) -> tuple[File, bytes]:
    content = os.urandom(size_bytes)
    chunks = [content[at : at + BLOCK_BYTES] for at in range(0, size_bytes, BLOCK_BYTES)]
    await pachd.pfs.modify_file(BRANCH, [AddFile("/big", chunk) for chunk in chunks])
    head = await head_of(pachd.pfs, BRANCH)
    pachd.wire.calls.clear()
    return File(head, "/big"), content


async def test_a_file_is_asked_for_once_a_commit(pachd: Pachd, cache: CommitCache) -> None:
    await put(pachd.pfs, BRANCH, "/a", b"one")
    old = File(await head_of(pachd.pfs, BRANCH), "/a")
    first = await cache.inspect_file(old)
    await put(pachd.pfs, BRANCH, "/a", b"three")
    new = File(await head_of(pachd.pfs, BRANCH), "/a")
    assert (await cache.inspect_file(new)).size_bytes == 5
    assert await cache.inspect_file(old) == first
    assert pachd.wire.count()["InspectFile"] == 2


class Asked(Observer):
    """Writes down what was looked for, and whether it was there."""

    def __init__(self) -> None:
        self.hits: list[tuple[str, bool]] = []

    def cache_asked(self, kind: str, *, hit: bool) -> None:
        self.hits.append((kind, hit))


async def test_what_is_found_is_told(pachd: Pachd) -> None:
    asked = Asked()
    cache = remote_reads(pachd.pfs, MEMORY_BYTES, asked)
    file, _ = await large_file(pachd, 2 * BLOCK_BYTES)
    for _ in range(2):
        await read(cache, file, 0, 10)
        await cache.list_file(File(file.commit, "/"))
    assert asked.hits == [
        *[("file", False), ("block", False), ("page", False)],
        *[("file", True), ("block", True), ("page", True)],
    ]


async def test_who_asks_the_same_at_the_same_time_shares_the_call(
    pachd: Pachd, cache: CommitCache
) -> None:
    await put(pachd.pfs, BRANCH, "/a", b"one")
    file = File(await head_of(pachd.pfs, BRANCH), "/a")
    infos = await asyncio.gather(*(cache.inspect_file(file) for _ in range(20)))
    assert len(set(infos)) == 1
    contents = await asyncio.gather(*(read(cache, file) for _ in range(20)))
    assert set(contents) == {b"one"}
    assert (pachd.wire.count()["InspectFile"], pachd.wire.count()["GetFile"]) == (1, 1)


async def test_what_is_missing_is_known_once_the_commit_is(
    pachd: Pachd, cache: CommitCache
) -> None:
    await put(pachd.pfs, BRANCH, "/d/a", b"one")
    head = await head_of(pachd.pfs, BRANCH)
    await cache.inspect_file(File(head, "/d/a"))
    for _ in range(3):
        with pytest.raises(FileNotFound, match="/b"):
            await cache.inspect_file(File(head, "/b"))
        with pytest.raises(NotAFile):
            await cache.inspect_file(File(head, "/d"))
        assert await cache.list_file(File(head, "/nope")) == []
    calls = pachd.wire.count()
    assert (calls["InspectFile"], calls["ListFile"]) == (3, 1)


async def test_nothing_of_an_open_commit_is_kept(pachd: Pachd, cache: CommitCache) -> None:
    await put(pachd.pfs, BRANCH, "/a", b"one")
    commit = await pachd.pfs.start_commit(BRANCH)
    file = File(commit, "/a")
    assert await read(cache, file) == b"one"
    assert paths(await cache.list_file(File(commit, "/"))) == ["/a"]
    with pytest.raises(FileNotFound):
        await cache.inspect_file(File(commit, "/b"))
    await pachd.pfs.modify_file(
        BRANCH, [DeleteFile("/a"), AddFile("/a", b"two"), AddFile("/b", b"")]
    )
    assert await read(cache, file) == b"two"
    assert paths(await cache.list_file(File(commit, "/"))) == ["/a", "/b"]
    assert (await cache.inspect_file(File(commit, "/b"))).size_bytes == 0


async def test_pages_are_kept_by_what_was_asked(pachd: Pachd, cache: CommitCache) -> None:
    await pachd.pfs.modify_file(BRANCH, [AddFile(f"/d/{n}", b"") for n in range(10)])
    root = File(await head_of(pachd.pfs, BRANCH), "/d")
    for _ in range(2):
        assert paths(await cache.list_file(root, Part(number=2))) == ["/d/0", "/d/1"]
        assert paths(await cache.list_file(root, Part("/d/7"))) == ["/d/8", "/d/9"]
        assert paths(await cache.walk_file(root, Part(number=2))) == ["/d/", "/d/0"]
    calls = pachd.wire.count()
    assert (calls["ListFile"], calls["WalkFile"]) == (2, 1)


async def test_memory_is_bounded(pachd: Pachd) -> None:
    cache = remote_reads(pachd.pfs, 400_000)
    for number in range(20):
        await put(pachd.pfs, BRANCH, "/a", os.urandom(50_000))
        head = await head_of(pachd.pfs, BRANCH)
        await read(cache, File(head, "/a"))
        await cache.list_file(File(head, "/"), Part(number=number + 1))
        assert cache.contents.kept.currsize <= 300_000
        assert cache._facts.currsize <= 100_000
    await pachd.pfs.modify_file(BRANCH, [AddFile(f"/{n}", b"") for n in range(500)])
    head = await head_of(pachd.pfs, BRANCH)
    assert len(await cache.list_file(File(head, "/"))) == 501  # larger than all there is room for
    assert cache._facts.currsize <= 100_000


@pytest.mark.parametrize("memory_bytes", [0, MEMORY_BYTES])
@pytest.mark.parametrize(
    ("offset", "size_bytes"),
    [
        (0, 1),
        (0, BLOCK_BYTES),
        (BLOCK_BYTES - 1, 2),
        (BLOCK_BYTES, BLOCK_BYTES),
        (3 * BLOCK_BYTES - 10, 4 * BLOCK_BYTES),
        (0, 8 * BLOCK_BYTES),
        (12 * BLOCK_BYTES + 12, 333 - 12),
        (100, 12 * BLOCK_BYTES),
    ],
)
async def test_ranges_of_a_large_file(
    pachd: Pachd, memory_bytes: int, offset: int, size_bytes: int
) -> None:
    cache = remote_reads(pachd.pfs, memory_bytes)
    file, content = await large_file(pachd, 12 * BLOCK_BYTES + 333)
    for _ in range(2):
        assert await read(cache, file, offset, size_bytes) == content[offset : offset + size_bytes]


async def test_who_reads_on_finds_more_read_ahead_each_time(
    pachd: Pachd, cache: CommitCache
) -> None:
    file, content = await large_file(pachd, 32 * BLOCK_BYTES)
    for offset in range(0, len(content), 256 * 1024):
        assert await read(cache, file, offset, 256 * 1024) == content[offset : offset + 256 * 1024]
    assert pachd.wire.count()["GetFile"] <= 7


async def test_who_reads_here_and_there_has_nothing_read_ahead(
    pachd: Pachd, cache: CommitCache
) -> None:
    file, content = await large_file(pachd, 32 * BLOCK_BYTES)
    for offset in (20 * BLOCK_BYTES, 3 * BLOCK_BYTES, 27 * BLOCK_BYTES, 11 * BLOCK_BYTES):
        assert await read(cache, file, offset, 1000) == content[offset : offset + 1000]
    assert cache.contents.kept.currsize == 4 * BLOCK_BYTES


async def test_readers_of_the_same_range_share_it(pachd: Pachd, cache: CommitCache) -> None:
    file, content = await large_file(pachd, 10 * BLOCK_BYTES)
    got = await asyncio.gather(*(read(cache, file, n * 100, 3 * BLOCK_BYTES) for n in range(8)))
    assert got == [content[n * 100 : n * 100 + 3 * BLOCK_BYTES] for n in range(8)]
    assert pachd.wire.count()["GetFile"] <= 2


async def test_a_range_that_cannot_be_read_says_so_and_can_be_tried_again(
    pachd: Pachd, cache: CommitCache
) -> None:
    file, content = await large_file(pachd, 10 * BLOCK_BYTES)
    info = await cache.inspect_file(file)
    gone = File(Commit(BRANCH.repo, "0" * 32), "/big")
    with pytest.raises(PfsFailure):
        await cache.get_file(gone, info, 0, 10)
    assert not blocks_of(cache)._coming
    assert await read(cache, file, 0, 10) == content[:10]


async def test_a_range_that_nobody_waits_for_is_not_read(pachd: Pachd, cache: CommitCache) -> None:
    file, content = await large_file(pachd, 10 * BLOCK_BYTES)
    info: FileInfo = await cache.inspect_file(file)
    gate = pachd.wire.hold("GetFile")
    reading = asyncio.create_task(cache.get_file(file, info, 0, 10))
    await pachd.wire.came("GetFile")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    async with asyncio.timeout(60):
        while pachd.wire.active or blocks_of(cache)._coming:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    gate.set()
    assert await read(cache, file, 0, 10) == content[:10]


async def test_who_comes_just_after_the_last_reader_has_gone_reads_anew(
    pachd: Pachd, cache: CommitCache
) -> None:
    file, content = await large_file(pachd, 10 * BLOCK_BYTES)
    info: FileInfo = await cache.inspect_file(file)
    gate = pachd.wire.hold("GetFile")
    reading = asyncio.create_task(cache.get_file(file, info, 0, 10))
    await pachd.wire.came("GetFile")
    reading.cancel()
    # Both are told in one turn of the loop: the run that is given up has not ended yet.
    next_reading = asyncio.create_task(read(cache, file, 0, 10))
    with pytest.raises(asyncio.CancelledError):
        await reading
    gate.set()
    assert await next_reading == content[:10]
