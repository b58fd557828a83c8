"""Who gets a data directory, what is refused and why, and what opening it makes of it."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from embedded_pfs import directory as directory_module
from embedded_pfs.blobs import content_hash
from embedded_pfs.directory import RESTORING, DataDirectory, DirectoryRefused, older_schema
from embedded_pfs.migrations import SCHEMA_VERSION, MigrationFailed
from pfs_client.failures import StorageFull


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A directory that nobody has open."""
    DataDirectory(tmp_path / "pfs", synchronous="off").close()
    return tmp_path / "pfs"


def open_(path: Path, *, exclusive: bool = False, changes: bool = True) -> DataDirectory:
    return DataDirectory(path, synchronous="off", exclusive=exclusive, changes=changes)


def set_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path / "pfs.sqlite")) as connection:
        connection.execute(f"PRAGMA user_version = {version}")


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.after_third: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 0.1
        self.now += seconds
        self.slept.append(seconds)
        if len(self.slept) == 3:
            self.after_third()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("embedded_pfs.directory.time", clock)
    return clock


@pytest.mark.parametrize("changes", [True, False])
def test_who_needs_it_alone_is_waited_for_ten_seconds(
    closed: Path, clock: Clock, changes: bool
) -> None:
    alone = open_(closed, exclusive=True)
    with pytest.raises(DirectoryRefused, match="needs it alone"):
        open_(closed, changes=changes)
    assert 9.9 < sum(clock.slept) < 10.2
    alone.close()


def test_who_lets_it_go_is_not_waited_for_any_longer(closed: Path, clock: Clock) -> None:
    clock.after_third = open_(closed, exclusive=True).close
    open_(closed).close()
    assert len(clock.slept) == 3


def test_what_was_prepared_alone_is_shared_then(closed: Path, clock: Clock) -> None:
    first = open_(closed)
    open_(closed).close()
    assert clock.slept == []
    with pytest.raises(DirectoryRefused, match="is in use"):
        open_(closed, exclusive=True)
    first.close()


def test_a_directory_that_was_refused_is_let_go(closed: Path) -> None:
    set_version(closed, SCHEMA_VERSION + 1)
    with pytest.raises(DirectoryRefused, match="newer gateway"):
        open_(closed)
    set_version(closed, SCHEMA_VERSION)
    open_(closed, exclusive=True).close()


def test_a_mistyped_path_is_refused_by_who_wants_one_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(DirectoryRefused, match="there is no embedded PFS"):
        DataDirectory(tmp_path / "typo", must_exist=True)
    with pytest.raises(DirectoryRefused, match="cannot use"):
        open_(tmp_path / "typo", changes=False)
    assert not (tmp_path / "typo").exists()
    open_(tmp_path / "new").close()
    DataDirectory(tmp_path / "new", synchronous="off", must_exist=True).close()


def test_a_half_restored_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / RESTORING).touch()
    for changes in (True, False):
        with pytest.raises(DirectoryRefused, match="a backup was being restored"):
            open_(tmp_path, changes=changes)
    assert [file.name for file in tmp_path.iterdir()] == [RESTORING]


def test_who_changes_nothing_leaves_modes_as_they_are(closed: Path) -> None:
    closed.chmod(0o755)
    open_(closed, changes=False).close()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o755
    open_(closed).close()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_reader_cannot_write_and_everybody_has_the_clock(closed: Path) -> None:
    opened = DataDirectory(closed, synchronous="off", clock=lambda: 77)
    with closing(opened.connect()) as writer, closing(opened.connect(readonly=True)) as reader:
        for connection in (writer, reader):
            assert connection.execute("SELECT now_us()").fetchone() == (77,)
        writer.execute("DELETE FROM suspect")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM suspect")
    opened.close()


@pytest.mark.parametrize("name", ["normal", "full"])
def test_what_is_durable_has_the_whole_reserve(closed: Path, name: str) -> None:
    DataDirectory(closed, synchronous=name).close()  # type: ignore[arg-type]
    assert (closed / "reserve").stat().st_size == 16 * 1024 * 1024


def test_all_files_are_measured_that_hold_what_is_stored(closed: Path) -> None:
    opened = open_(closed)
    connection = opened.connect()
    connection.execute("INSERT INTO file_set VALUES ('a', 0)")
    database, log = (closed / name for name in ("pfs.sqlite", "pfs.sqlite-wal"))
    sizes = [file.stat().st_size for file in (database, log)]
    assert all(sizes)
    assert opened.stored_bytes() == sum(sizes)
    for content in (b"a", b"b"):
        opened.blobs.path(content_hash(content)).write_bytes(content * 1000)
    assert opened.stored_bytes() == sum(sizes) + 2000
    connection.close()
    opened.close()


# What finds no room


def failing(
    monkeypatch: pytest.MonkeyPatch, name: str, error: Exception, *, times: int
) -> list[None]:
    """Let a function of the module fail so many times; the list has an entry for each call."""
    works = getattr(directory_module, name)
    calls: list[None] = []

    def fail(*args: object, **kwargs: object) -> object:
        calls.append(None)
        if len(calls) <= times:
            raise error
        return works(*args, **kwargs)

    monkeypatch.setattr(directory_module, name, fail)
    return calls


def database_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it fails")
    error.sqlite_errorcode = code
    return error


NO_ROOM = [
    ("migrate", StorageFull("no room")),
    ("connect", database_error(sqlite3.SQLITE_FULL)),
    ("open_private", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
]


def without_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock's file is opened first, and with the same function as others."""
    lock = os.open(path / "lock", os.O_RDWR)
    monkeypatch.setattr(DataDirectory, "_open_lock", lambda _self: lock)


@pytest.mark.parametrize(("name", "error"), NO_ROOM)
def test_opening_takes_the_reserve_where_there_is_no_other_room(
    closed: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception
) -> None:
    without_lock(closed, monkeypatch)
    failing(monkeypatch, name, error, times=1)
    open_(closed).close()
    assert (closed / "reserve").stat().st_size == 0


@pytest.mark.parametrize(("name", "error"), NO_ROOM)
def test_a_disk_that_is_full_all_the_same_is_refused(
    closed: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception
) -> None:
    with monkeypatch.context() as patches:
        without_lock(closed, patches)
        patches.setattr(directory_module, "RESERVE_BYTES", 48 * 1024 * 1024)
        calls = failing(patches, name, error, times=9)
        with pytest.raises(DirectoryRefused, match="is used up; make 48 MiB of room"):
            open_(closed)
        assert len(calls) == 2
    open_(closed, exclusive=True).close()


def test_a_new_directory_takes_its_reserve(closed: Path) -> None:
    (closed / "reserve").unlink()
    open_(closed).close()
    assert (closed / "reserve").stat().st_size == 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("left_bytes", "is_full"), [(0, True), (131_071, True), (131_072, False), (10**9, False)]
)
def test_a_database_that_cannot_be_opened_may_lack_room(
    closed: Path, monkeypatch: pytest.MonkeyPatch, left_bytes: int, is_full: bool
) -> None:
    """SQLite says no more than that it cannot open its file."""
    failing(monkeypatch, "connect", database_error(sqlite3.SQLITE_CANTOPEN), times=9)
    monkeypatch.setattr(directory_module, "free_bytes", lambda _path: left_bytes)
    says = "make 16 MiB of room" if is_full else "cannot open .*pfs.sqlite: it fails"
    with pytest.raises(DirectoryRefused, match=says):
        open_(closed)


def test_what_is_no_database_needs_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pfs.sqlite").write_bytes(b"something else" * 1000)
    monkeypatch.setattr(directory_module, "free_bytes", lambda _path: 0)
    with pytest.raises(DirectoryRefused, match="not a database"):
        open_(tmp_path)


# What is not as it should be


@pytest.mark.parametrize("name", ["pfs.sqlite", "reading", "reserve"])
def test_a_folder_where_a_file_should_be_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(DirectoryRefused, match=f"cannot use .*/{name}: Is a directory"):
        open_(tmp_path)


@pytest.mark.parametrize("name", ["blobs", "staging"])
def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(DirectoryRefused, match=f"cannot use .*/{name}: File exists"):
        open_(tmp_path)


@pytest.mark.parametrize(
    ("version", "says"),
    [
        (0, "older gateway .schema 0, this one writes"),
        (SCHEMA_VERSION - 1, "older gateway"),
        (SCHEMA_VERSION + 1, "newer gateway"),
        (SCHEMA_VERSION + 2, "newer gateway"),
    ],
)
def test_another_schema_is_refused_by_who_changes_nothing(
    closed: Path, version: int, says: str
) -> None:
    set_version(closed, version)
    with pytest.raises(DirectoryRefused, match=f"was written by an? {says}"):
        open_(closed, changes=False)


def test_an_older_schema_that_is_in_use_is_refused(closed: Path) -> None:
    set_version(closed, SCHEMA_VERSION - 1)
    older = os.open(closed / "lock", os.O_RDWR)
    fcntl.flock(older, fcntl.LOCK_SH)
    with pytest.raises(DirectoryRefused, match=r"in use by an older gateway .schema"):
        open_(closed)
    os.close(older)


@pytest.mark.parametrize("version", [1, SCHEMA_VERSION - 1, SCHEMA_VERSION])
def test_a_schema_is_brought_to_the_newest_from_where_it_is(
    closed: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(directory_module, "migrate", lambda _database, at: seen.append(at))
    set_version(closed, version)
    open_(closed).close()
    open_(closed.with_name("new")).close()
    assert seen == [version, SCHEMA_VERSION]


def test_a_step_to_a_newer_schema_that_fails_is_told(
    closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "migrate", MigrationFailed("rows of a without their b"), times=1)
    with pytest.raises(DirectoryRefused, match=r"is damaged: rows of a without their b. Nothing"):
        open_(closed)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        *[(0, None), (1, 1), (SCHEMA_VERSION - 1, SCHEMA_VERSION - 1)],
        *[(SCHEMA_VERSION, None), (SCHEMA_VERSION + 1, None)],
    ],
)
def test_only_what_would_be_brought_to_the_newest_schema_is_told(
    closed: Path, version: int, told: int | None
) -> None:
    set_version(closed, version)
    assert older_schema(closed) == told


def test_a_schema_is_not_told_of_what_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DirectoryRefused, match="there is no embedded PFS"):
        older_schema(tmp_path)
    (tmp_path / "pfs.sqlite").write_bytes(b"something else" * 1000)
    with pytest.raises(DirectoryRefused, match=r"cannot open .*not a database"):
        older_schema(tmp_path)


# What crashes leave


def leave(path: Path, name: str) -> Path:
    file = path / "staging" / name
    file.write_bytes(b"half")
    return file


def test_what_a_crash_left_goes_and_its_contents_are_suspects(closed: Path) -> None:
    placed = content_hash(b"placed")
    files = [leave(closed, "1"), leave(closed, "2"), leave(closed, f"3-{placed.hex()}")]
    opened = open_(closed)
    assert not any(file.exists() for file in files)
    with closing(opened.connect()) as connection:
        assert connection.execute("SELECT hash FROM suspect").fetchall() == [(placed,)]
    opened.close()


def test_what_somebody_writes_stays(closed: Path) -> None:
    other = open_(closed)
    file = leave(closed, "1")
    open_(closed).close()
    assert file.exists()
    other.close()
