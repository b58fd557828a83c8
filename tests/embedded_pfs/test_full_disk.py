"""A full disk: nothing is lost, what gives back room works, and so does the next start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.compaction import compact
from embedded_pfs.disk import free_bytes
from embedded_pfs.reserve import RESERVE_BYTES
from embedded_pfs.upkeep import UpkeepRules
from pfs_client.failures import StorageFull
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.values import AddFile, Branch, DeleteFile, File, Repo
from tests.pfs_contract.reading import head_of, paths, put, read
from tests.small_disk import fill, small_disk

BRANCH = Branch(Repo("r"), "master")
SELDOM = UpkeepRules(seconds_between=3600)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 48) as at:
        yield at


async def opened(disk: Path, observer: Observer = UNOBSERVED) -> EmbeddedPfs:
    pfs = EmbeddedPfs(disk / "pfs", rules=SELDOM, observer=observer)
    if not await pfs.list_repo():
        await pfs.create_repo(BRANCH.repo)
        await pfs.create_branch(BRANCH)
    return pfs


async def filled(pfs: EmbeddedPfs) -> int:
    """Store files until there is no room, large ones and then small ones; say how many."""
    stored = 0
    for size_bytes in (1024 * 1024, 70_000, 3000):
        try:
            while True:
                await put(pfs, BRANCH, f"/{stored}", os.urandom(size_bytes))
                stored += 1
        except StorageFull:
            continue
    return stored


async def test_what_was_stored_can_be_read_and_deleted(disk: Path) -> None:
    pfs = await opened(disk)
    stored = await filled(pfs)
    assert stored > 20
    fill(disk)
    head = await head_of(pfs, BRANCH)
    assert len(await read(pfs, head, "/0")) == 1024 * 1024
    for number in range(stored):
        await pfs.modify_file(BRANCH, [DeleteFile(f"/{number}")])
    assert await pfs.list_file(File(await head_of(pfs, BRANCH), "/")) == []
    with pytest.raises(StorageFull):
        await put(pfs, BRANCH, "/new", b"1")
    await pfs.aclose()


async def test_two_thousand_deletes_fit_into_the_reserve(disk: Path) -> None:
    pfs = await opened(disk)
    for start in range(0, 2000, 100):
        changes = [AddFile(f"/d/{start + n}", b"%d" % n) for n in range(100)]
        await pfs.modify_file(BRANCH, changes)
    fill(disk)
    for number in range(2000):
        await pfs.modify_file(BRANCH, [DeleteFile(f"/d/{number}")])
    assert await pfs.list_file(File(await head_of(pfs, BRANCH), "/")) == []
    await pfs.aclose()


async def test_the_next_start_works_on_a_disk_without_any_room(disk: Path) -> None:
    pfs = await opened(disk)
    stored = await filled(pfs)
    await pfs.aclose()
    fill(disk)
    assert free_bytes(disk) == 0
    pfs = await opened(disk)
    assert len(await read(pfs, await head_of(pfs, BRANCH), "/0")) == 1024 * 1024
    for number in range(stored):
        await pfs.modify_file(BRANCH, [DeleteFile(f"/{number}")])
    await pfs.aclose()


async def test_compaction_works_on_a_disk_without_any_room_and_makes_some(disk: Path) -> None:
    pfs = await opened(disk)
    stored = await filled(pfs)
    kept = await read(pfs, await head_of(pfs, BRANCH), f"/{stored - 1}")
    for number in range(stored - 1):
        await pfs.modify_file(BRANCH, [DeleteFile(f"/{number}")])
    await pfs.aclose()
    fill(disk)
    result = compact(disk / "pfs", 0)
    assert result.bytes_freed > 20_000_000
    pfs = await opened(disk)
    await put(pfs, BRANCH, "/new", os.urandom(1024 * 1024))
    head = await head_of(pfs, BRANCH)
    assert paths(await pfs.list_file(File(head, "/"))) == [f"/{stored - 1}", "/new"]
    assert await read(pfs, head, f"/{stored - 1}") == kept
    await pfs.aclose()


class Seen(Observer):
    def __init__(self) -> None:
        self.is_full: bool | None = None
        self.free_bytes = 0

    def storage_seen(self, stored_bytes: int | None, free_bytes: int, *, is_full: bool) -> None:
        self.is_full, self.free_bytes = is_full, free_bytes


async def test_the_reserve_is_taken_back_once_there_is_room(disk: Path) -> None:
    seen = Seen()
    pfs = await opened(disk, seen)
    await put(pfs, BRANCH, "/a", b"1")
    pfs.engine.look_at_disk()
    assert seen.is_full is False
    filler = fill(disk)
    with pytest.raises(StorageFull):
        await put(pfs, BRANCH, "/large", os.urandom(5_000_000))
    pfs.engine.look_at_disk()
    assert seen.is_full
    for number in range(300):
        # What is not there is deleted all the same: it makes a commit.
        await pfs.modify_file(BRANCH, [DeleteFile("/a"), DeleteFile(f"/{number}")])
    assert (disk / "pfs" / "reserve").stat().st_size < RESERVE_BYTES
    with pytest.raises(StorageFull):
        await put(pfs, BRANCH, "/small", b"1")
    filler.unlink()
    pfs.engine.look_at_disk()
    assert seen.is_full is False
    assert seen.free_bytes > 1_000_000
    assert (disk / "pfs" / "reserve").stat().st_size == RESERVE_BYTES
    await put(pfs, BRANCH, "/small", b"1")
    await pfs.aclose()


async def test_what_found_no_room_leaves_nothing(disk: Path) -> None:
    pfs = await opened(disk)
    for _ in range(5):
        with pytest.raises(StorageFull):
            await put(pfs, BRANCH, "/large", os.urandom(60_000_000))
    assert not list((disk / "pfs" / "staging").iterdir())
    assert not list(pfs.engine.blobs.all())
    await put(pfs, BRANCH, "/small", b"1")
    await pfs.aclose()
