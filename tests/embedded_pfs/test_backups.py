"""Backups of a directory in use: what was answered before is in them, whatever goes on beside."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from embedded_pfs.backup_restoring import restore_backup
from embedded_pfs.backups import BackedUp, back_up
from embedded_pfs.blob_copies import Brought, bring
from embedded_pfs.checking import check
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.compaction import compact
from embedded_pfs.directory import DirectoryRefused
from embedded_pfs.disk import make_folder, open_private, try_lock
from embedded_pfs.migrations import SCHEMA_VERSION
from embedded_pfs.upkeep import UpkeepRules
from pfs_client.values import Branch, DeleteFile, File, Repo
from tests.embedded_pfs.harm import cut, flip, remove
from tests.embedded_pfs.released.directories import unpacked, version_of
from tests.pfs_contract.reading import head_of, paths, put, read
from tests.small_disk import fill, small_disk

BRANCH = Branch(Repo("r"), "master")
SELDOM = UpkeepRules(seconds_between=3600)
LARGE = os.urandom(100_000)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "pfs"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "pfs"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return tmp_path / "new"


@pytest.fixture
async def pfs(directory: Path) -> AsyncIterator[EmbeddedPfs]:
    async with opened(directory) as client:
        await client.create_repo(BRANCH.repo)
        await client.create_branch(BRANCH)
        await put(client, BRANCH, "/small", b"1")
        await put(client, BRANCH, "/d/large", LARGE)
        yield client


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[EmbeddedPfs]:
    client = EmbeddedPfs(directory, synchronous="off", rules=SELDOM)
    try:
        yield client
    finally:
        await client.aclose()


async def backed_up(directory: Path, target: Path) -> BackedUp:
    return await asyncio.to_thread(back_up, directory, target)


async def restored(backup: Path, directory: Path) -> None:
    """Restore a backup of which nothing is lost."""
    done = await asyncio.to_thread(restore_backup, backup, directory)
    assert done.is_in_place
    assert done.checked.is_sound
    assert (await asyncio.to_thread(check, directory)).is_sound


def open_to_others(folder: Path) -> list[Path]:
    return [one for one in [folder, *folder.rglob("*")] if one.stat().st_mode & 0o077]


def is_there(path: Path) -> bool:
    return path.exists()


def refused(function: Callable[..., object], *args: object, **kwargs: object) -> str:
    with pytest.raises(DirectoryRefused) as caught:
        function(*args, **kwargs)
    return str(caught.value)


async def test_a_backup_has_what_there_is_and_its_history(
    pfs: EmbeddedPfs, directory: Path, target: Path, new: Path
) -> None:
    before = await head_of(pfs, BRANCH)
    await put(pfs, BRANCH, "/small", b"2")
    done = await backed_up(directory, target)
    assert (done.contents, done.brought) == (1, Brought(linked=1))
    await put(pfs, BRANCH, "/later", b"3")
    await restored(target, new)
    async with opened(new) as other:
        assert await read(other, before, "/small") == b"1"
        head = await head_of(other, BRANCH)
        assert paths(await other.list_file(File(head, "/"))) == ["/d/", "/small"]
        assert await read(other, head, "/small") == b"2"
        assert await read(other, head, "/d/large") == LARGE
        await put(other, BRANCH, "/new", b"4")


async def test_the_next_backup_brings_what_is_new_and_removes_what_is_of_no_use(
    pfs: EmbeddedPfs, directory: Path, target: Path, new: Path
) -> None:
    await backed_up(directory, target)
    await put(pfs, BRANCH, "/other", LARGE[:80_000])
    await put(pfs, BRANCH, "/third", LARGE[:90_000])
    done = await backed_up(directory, target)
    assert (done.brought, done.removed) == (Brought(known=1, linked=2), 0)
    await pfs.delete_repo(BRANCH.repo)
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    await pfs.engine.upkeep.round()
    await put(pfs, BRANCH, "/third", LARGE[:90_000])
    done = await backed_up(directory, target)
    assert (done.contents, done.removed) == (1, 2)
    await restored(target, new)


async def test_onto_another_disk_contents_are_copied(
    pfs: EmbeddedPfs, directory: Path, tmp_path: Path, new: Path
) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        done = await backed_up(directory, disk / "backup")
        assert done.brought == Brought(copied=1, copied_bytes=100_000)
        assert not list((disk / "backup" / "contents" / "staging").iterdir())
        await restored(disk / "backup", new)
    async with opened(new) as other:
        assert await read(other, await head_of(other, BRANCH), "/d/large") == LARGE


async def test_nobody_else_may_read_a_backup(
    pfs: EmbeddedPfs, directory: Path, target: Path
) -> None:
    before = os.umask(0)
    try:
        await backed_up(directory, target)
    finally:
        os.umask(before)
    assert open_to_others(target) == []


@contextmanager
def held_before_contents(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, ...]]:
    """Hold backups once they have copied the tables: `reached` says so, `go_on` lets them."""
    reached, go_on = threading.Event(), threading.Event()

    def late(*args: object) -> Brought:
        reached.set()
        assert go_on.wait(60)
        return bring(*args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr("embedded_pfs.backups.bring", late)
        try:
            yield reached, go_on
        finally:
            go_on.set()


async def test_writes_deletes_and_upkeep_go_on_while_a_backup_runs(
    pfs: EmbeddedPfs,
    directory: Path,
    target: Path,
    new: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with held_before_contents(monkeypatch) as (reached, go_on):
        running = asyncio.create_task(backed_up(directory, target))
        assert await asyncio.to_thread(reached.wait, 60)
        await put(pfs, BRANCH, "/later", LARGE[:70_000])
        await pfs.modify_file(BRANCH, [DeleteFile("/d/large")])
        await pfs.delete_repo(BRANCH.repo)
        # What nothing refers to any more stays, as the backup refers to it.
        await pfs.engine.upkeep.round()
        assert len(list(pfs.engine.blobs.all())) == 2
        assert "in use" in refused(compact, directory, 0)
        go_on.set()
        assert (await running).brought == Brought(linked=1)
    await pfs.engine.upkeep.round()
    assert not list(pfs.engine.blobs.all())
    await restored(target, new)
    async with opened(new) as other:
        head = await head_of(other, BRANCH)
        assert await read(other, head, "/d/large") == LARGE
        assert paths(await other.list_file(File(head, "/"))) == ["/d/", "/small"]


class Writer:
    """Writes files one after the other, and replaces and deletes a large one all the time."""

    def __init__(self, pfs: EmbeddedPfs) -> None:
        self._pfs = pfs
        self.acknowledged = 0
        self.may_go_on = True

    async def write_one(self) -> None:
        await put(self._pfs, BRANCH, f"/n/{self.acknowledged:06}", b"1")
        self.acknowledged += 1
        await put(self._pfs, BRANCH, "/d/large", os.urandom(70_000))
        if self.acknowledged % 5 == 0:
            await self._pfs.modify_file(BRANCH, [DeleteFile("/d/large")])
            await self._pfs.engine.upkeep.round()

    async def go_on(self) -> None:
        while self.may_go_on:
            await self.write_one()


async def test_backups_beside_a_writer_have_all_that_was_acknowledged_and_are_of_one_moment(
    pfs: EmbeddedPfs, directory: Path, target: Path, tmp_path: Path
) -> None:
    writer = Writer(pfs)
    for _ in range(10):
        await writer.write_one()
    writing = asyncio.create_task(writer.go_on())
    for backup in range(3):
        before = writer.acknowledged
        await backed_up(directory, target)
        new = tmp_path / f"new-{backup}"
        await restored(target, new)
        async with opened(new) as other:
            names = paths(await other.list_file(File(await head_of(other, BRANCH), "/n")))
            assert len(names) >= before
            assert names == [f"/n/{number:06}" for number in range(len(names))]
    writer.may_go_on = False
    await writing


async def test_a_backup_waits_for_upkeep_only_so_long(
    pfs: EmbeddedPfs, directory: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_before_contents(monkeypatch) as (reached, go_on):
        running = asyncio.create_task(backed_up(directory, target))
        assert await asyncio.to_thread(reached.wait, 60)
        said = refused(back_up, directory, target.with_name("other"), wait_seconds=0.1)
        assert "another backup of it runs, for more than 0.1 s; try again later" in said
        assert "another backup or restore uses" in refused(back_up, directory, target)
        go_on.set()
        await running


async def test_a_full_disk_leaves_the_backup_before_as_it_was(
    pfs: EmbeddedPfs, directory: Path, tmp_path: Path, new: Path
) -> None:
    with small_disk(tmp_path / "disk", 8) as disk:
        target = disk / "backup"
        await backed_up(directory, target)
        head = await head_of(pfs, BRANCH)
        for number in range(10):
            await put(pfs, BRANCH, f"/new/{number}", os.urandom(1024 * 1024))
        full = f"the disk of {target} is full"
        assert full in await asyncio.to_thread(refused, back_up, directory, target)
        filler = fill(disk)
        assert full in await asyncio.to_thread(refused, back_up, directory, target)
        await restored(target, new)
        assert filler.exists()
    async with opened(new) as other:
        assert await head_of(other, BRANCH) == head


async def test_a_full_disk_leaves_nothing_that_looks_like_a_backup(
    pfs: EmbeddedPfs, directory: Path, tmp_path: Path, new: Path
) -> None:
    for number in range(4):
        await put(pfs, BRANCH, f"/new/{number}", os.urandom(1024 * 1024))
    with small_disk(tmp_path / "disk", 3) as disk:
        target = disk / "backup"
        said = await asyncio.to_thread(refused, back_up, directory, target)
        assert said == f"the disk of {target} is full; make room and run the command again"
        assert "no whole backup" in refused(restore_backup, target, new)
        assert not is_there(new)
        assert not list((target / "contents" / "staging").iterdir())


async def test_a_full_disk_ends_a_restore_which_goes_on_once_there_is_room(
    pfs: EmbeddedPfs, directory: Path, target: Path, tmp_path: Path
) -> None:
    await put(pfs, BRANCH, "/new", os.urandom(3 * 1024 * 1024))
    await backed_up(directory, target)
    with small_disk(tmp_path / "disk", 24) as disk:
        filler = fill(disk)
        os.truncate(filler, filler.stat().st_size - 2 * 1024 * 1024)
        new = disk / "new"
        said = await asyncio.to_thread(refused, restore_backup, target, new)
        assert said == f"the disk of {new} is full; make room and run the command again"
        assert "is not whole" in refused(check, new) or "no embedded PFS" in refused(check, new)
        filler.unlink()
        await restored(target, new)


@pytest.mark.parametrize("harm", [remove, cut, flip])
async def test_a_damaged_backup_is_not_restored_unless_its_losses_are_accepted(
    pfs: EmbeddedPfs, directory: Path, target: Path, new: Path, harm: Callable[[Path], None]
) -> None:
    await backed_up(directory, target)
    (blob,) = [file for file in (target / "contents" / "blobs").rglob("*") if file.is_file()]
    shutil.copy(blob, blob.with_name("own"))  # it was a link
    os.replace(blob.with_name("own"), blob)
    harm(blob)
    done = await asyncio.to_thread(restore_backup, target, new)
    assert [(lost.where, lost.path) for lost in done.checked.lost] == [
        ("default/r@master", "/d/large")
    ]
    assert not done.is_in_place
    assert "is not whole" in refused(EmbeddedPfs, new)
    done = await asyncio.to_thread(restore_backup, target, new, with_losses=True)
    assert done.is_in_place
    async with opened(new) as other:
        assert await read(other, await head_of(other, BRANCH), "/small") == b"1"


async def test_what_was_lost_before_is_counted(
    pfs: EmbeddedPfs, directory: Path, target: Path
) -> None:
    (blob,) = [path for _, path in pfs.engine.blobs.all()]
    blob.unlink()
    assert (await backed_up(directory, target)).brought == Brought(missing=1)


@pytest.mark.parametrize("content", [b"no tables at all" * 100, b""])
async def test_damaged_tables_are_refused(
    pfs: EmbeddedPfs, directory: Path, target: Path, new: Path, content: bytes
) -> None:
    await backed_up(directory, target)
    (target / "backup.sqlite").write_bytes(content)
    assert "damaged" in await asyncio.to_thread(refused, restore_backup, target, new)
    assert "name another folder" in await asyncio.to_thread(refused, back_up, directory, target)


async def test_an_older_directory_is_not_changed_by_a_backup(tmp_path: Path, target: Path) -> None:
    directory = unpacked(tmp_path, 1)
    assert "was written by an older gateway" in refused(back_up, directory, target)
    assert version_of(directory) == 1
    assert not is_there(target)


async def test_an_older_backup_is_brought_to_the_newest_schema(
    tmp_path: Path, target: Path, new: Path
) -> None:
    # As the version that wrote this directory would have made it.
    directory = unpacked(tmp_path, 1)
    (target / "contents").mkdir(parents=True)
    (target / "lock").touch()
    connection = sqlite3.connect(directory / "pfs.sqlite")
    connection.execute("VACUUM INTO ?", (str(target / "backup.sqlite"),))
    connection.close()
    for folder in ("blobs", "staging"):
        shutil.copytree(directory / folder, target / "contents" / folder)
    await restored(target, new)
    assert version_of(new) == SCHEMA_VERSION


async def test_a_newer_backup_is_refused(
    pfs: EmbeddedPfs, directory: Path, target: Path, new: Path
) -> None:
    await backed_up(directory, target)
    connection = sqlite3.connect(target / "backup.sqlite")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    assert "was made by a newer gateway" in refused(restore_backup, target, new)


async def test_folders_that_are_something_else_are_refused(
    pfs: EmbeddedPfs, directory: Path, target: Path, new: Path, tmp_path: Path
) -> None:
    typo = tmp_path / "typo"
    assert "there is no embedded PFS" in refused(back_up, typo, target)
    assert not typo.exists()
    assert "name a folder outside of it" in refused(back_up, directory, directory / "backup")
    assert "name a folder outside of it" in refused(back_up, directory, directory)
    assert "is not a backup: it has" in refused(back_up, directory, tmp_path)
    assert "no whole backup" in refused(restore_backup, directory, new)
    await backed_up(directory, target)
    assert "there is an embedded PFS in" in refused(restore_backup, target, directory)
    assert "is not empty" in refused(restore_backup, target, tmp_path)
    assert not (tmp_path / "lock").exists()


async def test_another_pfs_does_not_replace_a_backup(
    pfs: EmbeddedPfs, directory: Path, target: Path, tmp_path: Path
) -> None:
    await backed_up(directory, target)
    async with opened(tmp_path / "another"):
        said = await asyncio.to_thread(refused, back_up, tmp_path / "another", target)
    assert "is the backup of another PFS" in said
    assert not (target / "backup.sqlite.new").exists()
    assert (await backed_up(directory, target)).brought == Brought(known=1)


async def test_one_process_at_a_time_restores_to_a_directory(
    pfs: EmbeddedPfs, directory: Path, target: Path, new: Path
) -> None:
    await backed_up(directory, target)
    make_folder(new)
    lock = open_private(new / "lock", os.O_RDWR | os.O_CREAT)
    assert try_lock(lock, fcntl.LOCK_EX)
    try:
        assert "is in use by another process" in refused(restore_backup, target, new)
    finally:
        os.close(lock)
    await restored(target, new)
