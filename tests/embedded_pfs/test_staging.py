"""What one call stores on its way in: how much of it in memory, and what is left if it fails."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest

from embedded_pfs import staging
from embedded_pfs.blobs import INLINE_MAX_BYTES, BlobWriter, StoredContent
from embedded_pfs.directory import DataDirectory
from embedded_pfs.staging import Staging
from embedded_pfs.stored_changes import AddContent, StoredChange
from embedded_pfs.threads import Threads
from pfs_client.failures import InvalidPath, PfsUnavailable, StorageFull
from pfs_client.values import AddFile, Change, DeleteFile

LARGE = os.urandom(INLINE_MAX_BYTES + 1)


class Place:
    """Where nothing is put; it remembers what it is told."""

    def __init__(self) -> None:
        self.looks = 0
        self.refusals = 0
        self.suspects: list[bytes] = []
        self.fails = False

    def check_room(self) -> None:
        self.looks += 1

    def has_refused(self) -> None:
        self.refusals += 1

    async def suspect(self, hashes: Iterable[bytes]) -> None:
        if self.fails:
            raise PfsUnavailable("it cannot be told")
        self.suspects.extend(hashes)


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.fixture
def call(directory: DataDirectory, place: Place) -> Iterator[Staging]:
    threads = Threads(2, "test")
    yield Staging(directory.blobs, threads, place)
    threads.close()


async def stream(changes: Iterable[Change]) -> AsyncIterator[Change]:
    for change in changes:
        yield change


async def taken(call: Staging, *changes: Change) -> list[StoredChange]:
    async with call:
        return await call.take(stream(changes))


def content_of(change: StoredChange) -> StoredContent:
    assert isinstance(change, AddContent)
    return change.content


def staged(directory: DataDirectory) -> list[Path]:
    return list((directory.path / "staging").iterdir())


async def test_pieces_of_one_file_become_one_content(call: Staging) -> None:
    path = "/".join(["", "a"])  # another string of the same letters, as each message has
    first, second, other = await taken(
        call, AddFile("/a", b"1"), AddFile(path, b"2"), DeleteFile("/a"), AddFile(path, LARGE)
    )
    assert content_of(first).inline == b"12"
    assert second == DeleteFile("/a")
    assert content_of(other).size_bytes == len(LARGE)


async def test_changes_are_the_same_whichever_way_they_come(call: Staging) -> None:
    changes: list[Change] = [DeleteFile("/a"), AddFile("/a", b"1"), DeleteFile("/b")]
    several: list[Change] = [*changes, AddFile("/c", b"2")]
    for given in (changes, several):
        taken = await call.take(given)
        assert len(taken) == len(given)
        assert await call.take(change for change in given) == taken
        assert await call.take(stream(given)) == taken


@pytest.mark.parametrize(
    ("sizes", "is_inline"),
    [
        ([INLINE_MAX_BYTES], True),
        ([INLINE_MAX_BYTES + 1], False),
        ([INLINE_MAX_BYTES - 1, 1], True),
        ([INLINE_MAX_BYTES, 1], False),
        ([40_000, 40_000], False),
        ([INLINE_MAX_BYTES + 1, 1, 1], False),
        ([0, 0], True),
    ],
)
async def test_what_is_small_needs_no_blob(
    call: Staging, place: Place, sizes: list[int], is_inline: bool
) -> None:
    (change,) = await taken(call, *(AddFile("/a", b"x" * size) for size in sizes))
    content = content_of(change)
    assert content.size_bytes == sum(sizes)
    assert (content.inline is not None) is is_inline
    assert place.looks == (0 if is_inline else 1)


async def test_so_much_is_held_in_memory_and_the_rest_becomes_blobs(
    directory: DataDirectory, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert staging.STAGED_INLINE_MAX_BYTES == 32 * 1024 * 1024
    monkeypatch.setattr(staging, "STAGED_INLINE_MAX_BYTES", 10)
    threads = Threads(2, "test")
    call = Staging(directory.blobs, threads, place)
    sizes = {"/a": 4, "/b": 7, "/c": 6, "/d": 1, "/e": 0}
    changes = await taken(call, *(AddFile(path, b"x" * size) for path, size in sizes.items()))
    inline = [change.path for change in changes if content_of(change).inline is not None]
    threads.close()
    assert inline == ["/a", "/c", "/e"]


async def test_a_path_that_cannot_be_is_told_with_its_place(call: Staging) -> None:
    with pytest.raises(InvalidPath) as refused:
        await taken(call, AddFile("/a", b""), DeleteFile("/b"), AddFile("/c*", b""))
    assert refused.value.change_index == 2


async def test_what_was_stored_keeps_a_name_until_it_is_referred_to(
    call: Staging, place: Place, directory: DataDirectory
) -> None:
    async with call:
        (change,) = await call.take(stream([AddFile("/a", LARGE)]))
        assert len(staged(directory)) == 1
        await call.settle([])
        assert staged(directory) == []
    assert place.suspects == []
    assert directory.blobs.size_of(content_of(change).hash) == len(LARGE)


async def fail(call: Staging, failure: Exception, *before: Change) -> None:
    """Have a call fail while it is storing a large file, behind others."""

    async def changes() -> AsyncIterator[Change]:
        for change in before:
            yield change
        yield AddFile("/last", LARGE)
        raise failure

    with pytest.raises(type(failure)):
        async with call:
            await call.take(changes())


async def test_what_a_failed_call_has_stored_is_suspect(
    call: Staging, place: Place, directory: DataDirectory
) -> None:
    await fail(call, ValueError("the client went"), AddFile("/a", LARGE))
    assert len(place.suspects) == 1
    assert staged(directory) == []
    assert place.refusals == 0


async def test_what_cannot_be_suspected_keeps_its_name(
    call: Staging, place: Place, directory: DataDirectory
) -> None:
    place.fails = True
    await fail(call, ValueError("the client went"), AddFile("/a", LARGE))
    (named,) = staged(directory)
    assert "-" in named.name  # upkeep finds the blob by it


async def test_a_full_disk_is_told(call: Staging, place: Place) -> None:
    await fail(call, StorageFull("no room"))
    assert place.refusals == 1


async def test_what_failed_first_is_told_whatever_the_disk_says_later(
    call: Staging,
    directory: DataDirectory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    go_on = threading.Event()

    def refuse(_writer: BlobWriter, _data: bytes) -> None:
        go_on.wait(60)
        raise PfsUnavailable("the disk fails")

    monkeypatch.setattr(BlobWriter, "write", refuse)
    failing = asyncio.ensure_future(fail(call, ValueError("the client went")))
    while not staged(directory):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
    go_on.set()
    await failing
    assert staged(directory) == []
    gc.collect()
    assert unheard == []


async def test_a_disk_that_fails_before_the_client_goes_is_told_nowhere_else(
    call: Staging, directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(context))
    failed = threading.Event()

    def refuse(_writer: BlobWriter, _data: bytes) -> None:
        failed.set()
        raise PfsUnavailable("the disk fails")

    async def changes() -> AsyncIterator[Change]:
        yield AddFile("/a", LARGE)
        while call._writing:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)
        raise ValueError("the client went")

    monkeypatch.setattr(BlobWriter, "write", refuse)
    with pytest.raises(ValueError, match="the client went"):
        async with call:
            await call.take(changes())
    assert failed.is_set()
    assert staged(directory) == []
    gc.collect()
    assert unheard == []


async def test_a_failed_call_ends_after_what_it_was_writing(
    call: Staging, directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, go_on = threading.Event(), threading.Event()
    write = BlobWriter.write

    def slowly(writer: BlobWriter, data: bytes) -> None:
        go_on.wait(60)
        write(writer, data)
        written.set()

    monkeypatch.setattr(BlobWriter, "write", slowly)
    failing = asyncio.ensure_future(fail(call, ValueError("the client went")))
    while not staged(directory):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.001)
    assert not written.is_set()
    go_on.set()
    await failing
    assert written.is_set()
    assert staged(directory) == []
