"""The data directory's files: durable entries, and nobody else's to read."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import stat
from pathlib import Path

import pytest

from embedded_pfs.disk import (
    free_bytes,
    make_folder,
    make_private,
    open_private,
    sync_file,
    sync_folder,
    try_lock,
)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files and folders that are synced, while a test runs."""
    paths: list[str] = []
    monkeypatch.setattr(
        "embedded_pfs.disk.os.fsync",
        lambda descriptor: paths.append(os.readlink(f"/proc/self/fd/{descriptor}")),
    )
    return paths


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_ours_and_its_entry_durable(tmp_path: Path, synced: list[str]) -> None:
    before = set(os.listdir("/proc/self/fd"))
    make_folder(tmp_path / "a" / "b" / "c")
    assert synced == [str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a" / "b")]
    assert [mode(path) for path in (tmp_path / "a", tmp_path / "a" / "b" / "c")] == [0o700] * 2
    assert set(os.listdir("/proc/self/fd")) <= before


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path, synced: list[str]) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    folder.chmod(0o755)
    make_folder(folder)
    assert mode(folder) == 0o755
    assert synced == []


def test_nothing_is_synced_where_nothing_is_to_last(tmp_path: Path, synced: list[str]) -> None:
    make_folder(tmp_path / "a" / "b", sync=False)
    assert (tmp_path / "a" / "b").is_dir()
    assert synced == []


def test_two_may_make_a_folder_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a" / "b"

    def made_by_another_then(path: Path, *_: object, **options: bool) -> None:
        if path == folder and not folder.exists():
            os.makedirs(folder)
            raise FileNotFoundError(path)
        os.makedirs(path, exist_ok=options.get("exist_ok", False))

    monkeypatch.setattr(Path, "mkdir", made_by_another_then)
    make_folder(folder)
    assert mode(folder) == 0o700


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "a")


def test_files_and_folders_are_synced(tmp_path: Path, synced: list[str]) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"")
    sync_file(file)
    sync_folder(tmp_path)
    assert synced == [str(file), str(tmp_path)]
    with pytest.raises(NotADirectoryError):
        sync_folder(file)


def test_what_is_synced_is_closed_whatever_the_disk_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EIO, "it fails")

    monkeypatch.setattr("embedded_pfs.disk.os.fsync", refuse)
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="it fails"):
        sync_folder(tmp_path)
    assert set(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize("umask", [0, 0o22, 0o777])
def test_a_new_file_is_ours_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        descriptor = open_private(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    finally:
        os.umask(before)
    assert mode(tmp_path / "a") == 0o600
    assert not os.get_inheritable(descriptor)
    os.write(descriptor, b"1")
    os.close(descriptor)


def test_a_file_that_is_only_opened_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "a").chmod(0o640)
    os.close(open_private(tmp_path / "a", os.O_RDWR | os.O_APPEND))
    assert mode(tmp_path / "a") == 0o640


@pytest.mark.parametrize("failure", [PermissionError("another's"), OSError("it fails")])
def test_a_mode_that_cannot_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: OSError
) -> None:
    def refuse(_descriptor: int, _mode: int) -> None:
        raise failure

    monkeypatch.setattr("embedded_pfs.disk.os.fchmod", refuse)
    before = set(os.listdir("/proc/self/fd"))
    if isinstance(failure, PermissionError):  # somebody else's file is opened all the same
        os.close(open_private(tmp_path / "a", os.O_RDWR | os.O_CREAT))
    else:
        with pytest.raises(OSError, match="it fails"):
            open_private(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    assert set(os.listdir("/proc/self/fd")) <= before


def test_a_lock_is_had_or_not_at_once(tmp_path: Path) -> None:
    one, other = (open_private(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    assert try_lock(one, fcntl.LOCK_SH) is True
    assert try_lock(other, fcntl.LOCK_SH) is True
    assert try_lock(other, fcntl.LOCK_EX) is False
    os.close(one)
    assert try_lock(other, fcntl.LOCK_EX) is True
    os.close(other)


OURS = ("pfs.sqlite", "pfs.sqlite-wal", "pfs.sqlite-shm", "lock", "reading", "reserve", "upkeep")


def opened_to_others(directory: Path, *files: str) -> None:
    for name in files:
        (directory / name).write_bytes(b"")
        (directory / name).chmod(0o666)
    directory.chmod(0o777)


def test_what_others_may_do_is_taken_from_them(tmp_path: Path) -> None:
    opened_to_others(tmp_path, *OURS)
    for name in ("staging", "blobs"):
        (tmp_path / name).mkdir()
        (tmp_path / name).chmod(0o755)
    make_private(tmp_path)
    assert [mode(tmp_path / name) for name in OURS] == [0o600] * 7
    assert [mode(tmp_path / name) for name in (".", "staging", "blobs")] == [0o700] * 3


def test_what_is_not_ours_stays_as_it_is(tmp_path: Path) -> None:
    opened_to_others(tmp_path, "lock", "somebody-elses")
    make_private(tmp_path)
    assert [mode(tmp_path / name) for name in ("lock", "somebody-elses", ".")] == [
        0o600, 0o666, 0o777,
    ]  # fmt: skip


def test_a_directory_with_a_database_is_ours_whatever_else_lies_in_it(tmp_path: Path) -> None:
    opened_to_others(tmp_path, "pfs.sqlite", "somebody-elses")
    make_private(tmp_path)
    assert [mode(tmp_path / name) for name in ("somebody-elses", ".")] == [0o666, 0o700]


def test_a_new_directory_is_ours(tmp_path: Path) -> None:
    opened_to_others(tmp_path)
    make_private(tmp_path)
    assert mode(tmp_path) == 0o700


def test_what_is_private_already_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_to_others(tmp_path, "lock")
    (tmp_path / "lock").chmod(0o400)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(Path, "chmod", lambda *_: pytest.fail("it is private already"))
    make_private(tmp_path)


def test_another_users_files_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path, _mode: int) -> None:
        raise PermissionError(path)

    opened_to_others(tmp_path, "lock")
    with monkeypatch.context() as patches, caplog.at_level(logging.WARNING):
        patches.setattr(Path, "chmod", refuse)
        make_private(tmp_path)
    assert len(caplog.messages) == 2
    assert str(tmp_path / "lock") in caplog.text


def test_what_goes_meanwhile_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded_pfs.disk.os.listdir", lambda _: ["pfs.sqlite-wal", "lock"])
    (tmp_path / "lock").write_bytes(b"")
    (tmp_path / "lock").chmod(0o666)
    make_private(tmp_path)
    assert mode(tmp_path / "lock") == 0o600


def test_free_bytes_are_those_that_we_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = os.statvfs_result((4096, 1024, 1000, 500, 300, 0, 0, 0, 0, 255))
    monkeypatch.setattr("embedded_pfs.disk.os.statvfs", lambda _: state)
    assert free_bytes(tmp_path) == 300 * 1024
    monkeypatch.undo()
    assert free_bytes(tmp_path) > 0
