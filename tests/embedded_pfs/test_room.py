"""Whether something may be added: what is known of the disk, and when that changes."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from embedded_pfs import reserve, room
from embedded_pfs.directory import DataDirectory
from embedded_pfs.reserve import RESERVE_BYTES, SMALL_RESERVE_BYTES, Reserve
from embedded_pfs.room import Room
from pfs_client.failures import StorageFull

MIB = 1024 * 1024


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What the disk says that it has left, for tests to change."""
    left = {"bytes": 100 * MIB}
    for module in (room, reserve):
        monkeypatch.setattr(module, "free_bytes", lambda _directory: left["bytes"])
    return left


def find_no_room(seen: Room) -> None:
    with pytest.raises(StorageFull), seen.adding:
        raise StorageFull("no room")


def test_a_directory_that_has_just_been_opened_has_room(directory: DataDirectory) -> None:
    seen = Room(directory)
    assert not seen.is_full
    assert seen.free_bytes == 0  # nobody has looked
    seen.check()


def test_what_finds_no_room_is_remembered_until_something_does(directory: DataDirectory) -> None:
    seen = Room(directory)
    find_no_room(seen)
    assert seen.is_full
    with seen.adding:
        pass
    assert not seen.is_full


def test_another_failure_says_nothing_about_room(directory: DataDirectory) -> None:
    seen = Room(directory)
    find_no_room(seen)
    with pytest.raises(ValueError, match="other"), seen.adding:
        raise ValueError("other")
    assert seen.is_full


@pytest.mark.parametrize(("left", "is_full"), [(0, True), (MIB, True), (MIB + 1, False)])
def test_more_than_a_mebibyte_is_room_again(
    directory: DataDirectory, free: dict[str, int], left: int, is_full: bool
) -> None:
    seen = Room(directory)
    find_no_room(seen)
    free["bytes"] = left
    seen.look()
    assert seen.is_full is is_full
    assert seen.free_bytes == left


def test_a_look_finds_no_disk_full_that_nobody_has_found_full(
    directory: DataDirectory, free: dict[str, int]
) -> None:
    seen = Room(directory)
    free["bytes"] = 1000
    seen.look()
    assert not seen.is_full


def test_half_of_the_reserve_is_lent_to_deletes_and_nothing_is_added_meanwhile(
    directory: DataDirectory, tmp_path: Path, free: dict[str, int]
) -> None:
    seen, file = Room(directory), tmp_path / "reserve"
    free["bytes"] = SMALL_RESERVE_BYTES // 2 - 1
    with sqlite3.connect(tmp_path / "pfs.sqlite") as connection:
        seen.lend_to_deletes(connection)
    connection.close()
    assert file.stat().st_size == SMALL_RESERVE_BYTES // 2
    assert seen.is_full
    with pytest.raises(StorageFull):
        seen.check()
    seen.look()
    assert seen.is_full
    free["bytes"] = SMALL_RESERVE_BYTES // 2
    seen.look()
    assert file.stat().st_size == SMALL_RESERVE_BYTES
    assert not seen.is_full
    seen.check()


def test_room_that_is_back_is_not_enough_while_the_reserve_is_lent(
    directory: DataDirectory, tmp_path: Path, free: dict[str, int]
) -> None:
    """SMALL_RESERVE_BYTES / 2 are missing, and a little less than that is free."""
    seen = Room(directory)
    find_no_room(seen)
    directory.reserve.lend_to_deletes()
    free["bytes"] = SMALL_RESERVE_BYTES // 2 - 1
    seen.look()
    assert seen.is_refusing
    assert (tmp_path / "reserve").stat().st_size < SMALL_RESERVE_BYTES


def test_the_reserve_is_tried_once_a_second(
    directory: DataDirectory, free: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("embedded_pfs.reserve.time.monotonic", lambda: now)
    held = directory.reserve
    held.lend_all()
    free["bytes"] = 0
    assert not held.is_restored()
    free["bytes"] = RESERVE_BYTES
    now = 1000.9
    assert not held.is_restored()
    now = 1001.0
    assert held.is_restored()
    assert held.is_whole


def refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Have the disk give no room, for a reason."""

    def allocate(_descriptor: int, _offset: int, _length: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("embedded_pfs.reserve.os.posix_fallocate", allocate)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_reserve_that_finds_no_room_is_wanted_all_the_same(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    held = directory.reserve
    held.lend_all()
    with monkeypatch.context() as patches:
        refuse(patches, number)
        assert not held.restore()
    assert not held.is_whole
    assert held.restore()


def test_who_may_write_no_such_file_has_no_reserve(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = directory.reserve
    held.lend_all()
    refuse(monkeypatch, errno.EFBIG)
    assert held.restore()
    assert held.is_whole
    held.lend_to_deletes()
    held.lend_all()
    assert held.is_whole


def test_no_reserve_is_always_whole(tmp_path: Path) -> None:
    none = Reserve(tmp_path, 0)
    assert none.is_whole
    assert none.restore()
    none.lend_to_deletes()
    none.lend_all()
    assert none.is_whole


def test_a_reserve_that_somebody_made_larger_is_whole(tmp_path: Path) -> None:
    """As after `--synchronous full`, where the next start has `off`."""
    assert Reserve(tmp_path, RESERVE_BYTES).restore()
    smaller = Reserve(tmp_path, SMALL_RESERVE_BYTES)
    assert smaller.is_whole
    assert smaller.restore()


def test_a_disk_that_fails_otherwise_is_told(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory.reserve.lend_all()
    refuse(monkeypatch, errno.EIO)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        directory.reserve.restore()


def test_a_reserve_is_never_made_larger_by_lending(
    directory: DataDirectory, tmp_path: Path
) -> None:
    directory.reserve.lend_all()
    directory.reserve.lend_to_deletes()
    assert (tmp_path / "reserve").stat().st_size == 0
    (tmp_path / "reserve").unlink()
    directory.reserve.lend_to_deletes()
    directory.reserve.lend_all()
    assert not (tmp_path / "reserve").exists()


def test_the_reserve_holds_what_it_says(tmp_path: Path) -> None:
    """SQLite's log takes up to 4 MiB: with less, deletes would find no room on a full disk."""
    assert RESERVE_BYTES == 16 * MIB
    assert SMALL_RESERVE_BYTES == 4 * MIB
    for synchronous, size_bytes in (("full", RESERVE_BYTES), ("off", SMALL_RESERVE_BYTES)):
        where = tmp_path / synchronous
        DataDirectory(where, synchronous=synchronous).close()  # type: ignore[arg-type]
        assert (where / "reserve").stat().st_size == size_bytes
