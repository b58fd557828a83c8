"""A backup of a data directory while others use it.

A backup is a folder: `backup.sqlite`, the tables as they were at one moment, and the blobs that
they name, in `contents/`. The blobs come first, and the tables get their name by one rename, when
all that they name is on the disk. So whenever a backup is cut off, `backup.sqlite` is what it was:
not there, or the last whole backup, whose blobs are all there still: those that only it needed go
after the rename. The next backup brings only the blobs that are not there yet.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from embedded_pfs.blob_copies import Brought, bring
from embedded_pfs.blobs import Blobs
from embedded_pfs.collection import REFERRING
from embedded_pfs.database import as_datetime, failure_of, told_as_failures
from embedded_pfs.directory import DataDirectory, DirectoryRefused
from embedded_pfs.disk import make_folder, open_private, sync_file, sync_folder, try_lock
from pfs_client.failures import NO_ROOM, StorageFull

TABLES = "backup.sqlite"
_NEW_TABLES = "backup.sqlite.new"
_CONTENTS = "contents"
_LOCK = "lock"
_OWN = {TABLES, _NEW_TABLES, f"{_NEW_TABLES}-journal", _CONTENTS, _LOCK, "lost+found"}

_LOCK_WAIT_SECONDS = 60.0

_BLOBS = (
    "SELECT content_hash, max(size_bytes), content_hash IN (SELECT whole_hash FROM extent) FROM ("
    + " UNION ".join(
        f"SELECT content_hash, size_bytes FROM {table} WHERE content_hash IS NOT NULL"
        for table in REFERRING
    )
    + ") WHERE content_hash NOT IN (SELECT hash FROM content) GROUP BY content_hash"
)


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup has now, and what this run did for it.

    `missing` contents were lost before: `check` names their files.
    """

    tables_bytes: int
    contents: int
    brought: Brought
    removed: int
    last_commit: datetime | None


def back_up(directory: Path, target: Path, *, wait_seconds: float = _LOCK_WAIT_SECONDS) -> BackedUp:
    """Make a backup, or bring one up to date. Gateways may use the directory meanwhile.

    An older schema is refused: a backup that changed the directory first would be of no use to who
    makes it before an upgrade.

    Args:
        directory: The embedded PFS's.
        target: The backup's folder. It must be empty, not be there, or hold a backup of this PFS.
        wait_seconds: How long to wait for the upkeep of gateways to pause.

    Raises:
        DirectoryRefused: There is no embedded PFS, somebody needs it alone, or the target cannot
            be used or is full.
        PfsFailure: The database refuses.
        OSError: A disk refuses.
    """
    data = DataDirectory(directory, must_exist=True, changes=False)
    try:
        _refuse_within(directory, target)
        with written_backup(target), _no_collection(data, wait_seconds), told_of(target):
            return _back_up(data, target)
    finally:
        data.close()


def contents_of(target: Path) -> Blobs:
    """The blobs of a backup."""
    return Blobs(target / _CONTENTS)


def blobs_named(connection: sqlite3.Connection, source: Blobs) -> list[tuple[bytes, int]]:
    """All blobs that the tables name, with their sizes.

    A content that lies in others need not be a blob; if it is one in the source, that is named too.
    """
    return [
        (hash_, size_bytes)
        for hash_, size_bytes, has_extents in connection.execute(_BLOBS)
        if not has_extents or source.size_of(hash_) == size_bytes
    ]


@contextmanager
def written_backup(target: Path) -> Iterator[None]:
    """Hold a backup's folder alone, to write it.

    Raises:
        DirectoryRefused: The folder cannot be used, or somebody else writes or reads it.
    """
    try:
        make_folder(target)
        _refuse_others(target)
        lock = open_private(target / _LOCK, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        raise DirectoryRefused(f"cannot use {target} as a backup: {error.strerror}") from error
    with _locked(lock, fcntl.LOCK_EX, target):
        yield


@contextmanager
def read_backup(target: Path) -> Iterator[None]:
    """Hold a backup's folder to read it, which may be on a disk that cannot be written to.

    Raises:
        DirectoryRefused: There is no whole backup, or somebody writes it.
    """
    if not (target / TABLES).exists():
        raise DirectoryRefused(f"there is no whole backup in {target}")
    try:
        lock = os.open(target / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise DirectoryRefused(f"cannot use {target} as a backup: {error.strerror}") from error
    with _locked(lock, fcntl.LOCK_SH, target):
        yield


@contextmanager
def _locked(lock: int, kind: int, target: Path) -> Iterator[None]:
    try:
        if not try_lock(lock, kind):
            raise DirectoryRefused(f"another backup or restore uses {target} now")
        yield
    finally:
        os.close(lock)


def _refuse_within(directory: Path, target: Path) -> None:
    if target.resolve().is_relative_to(directory.resolve()):
        raise DirectoryRefused(f"{target} is in {directory}: name a folder outside of it")


def _refuse_others(target: Path) -> None:
    others = sorted(set(os.listdir(target)) - _OWN)
    if others:
        raise DirectoryRefused(f"{target} is not empty, and is not a backup: it has {others[0]}")


@contextmanager
def told_of(target: Path) -> Iterator[None]:
    """Tell what the disk of a target refuses, whether to SQLite or to us, as the target's."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise DirectoryRefused(full(target)) from error
    except sqlite3.OperationalError as error:
        failure = failure_of(error)
        if isinstance(failure, StorageFull):
            raise DirectoryRefused(full(target)) from error
        raise failure from error
    except sqlite3.DatabaseError as error:
        raise DirectoryRefused(f"the tables are damaged: {error}") from error


def full(target: Path) -> str:
    """What a person is told of a target whose disk has no room."""
    return f"the disk of {target} is full; make room and run the command again"


@contextmanager
def _no_collection(data: DataDirectory, wait_seconds: float) -> Iterator[None]:
    """Keep all blobs in their places.

    A blob that the copied tables name may lose its last reference before it has been linked. What
    nothing refers to is removed under two locks only: `upkeep`, which gateways try and go without,
    and the directory's own alone, which `compact` needs and cannot have while this process uses the
    directory. Writers take neither, and the room that deletes give back comes a little later.
    """
    descriptor = data.open_upkeep_lock()
    try:
        end = time.monotonic() + wait_seconds
        while not try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > end:
                raise DirectoryRefused(
                    f"a gateway removes old contents from {data.path}, or another backup of it"
                    f" runs, for more than {wait_seconds:g} s; try again later"
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _back_up(data: DataDirectory, target: Path) -> BackedUp:
    blobs = contents_of(target)
    blobs.create()
    for _, left in list(blobs.unfinished()):
        left.unlink()
    new = target / _NEW_TABLES
    try:
        _copy_tables(data, new)
        with closing(_read_alone(new)) as tables:
            _refuse_another_pfs(tables, target)
            wanted = blobs_named(tables, data.blobs)
            (last_us,) = tables.execute("SELECT max(finishing_us) FROM commit_").fetchone()
        brought = bring(data.blobs, blobs, wanted)
        os.replace(new, target / TABLES)
    finally:
        # A full disk gets its room back.
        new.unlink(missing_ok=True)
    sync_folder(target)
    removed = _remove_others(blobs, {hash_ for hash_, _ in wanted})
    return BackedUp(
        (target / TABLES).stat().st_size,
        len(wanted),
        brought,
        removed,
        None if last_us is None else as_datetime(last_us),
    )


def _copy_tables(data: DataDirectory, new: Path) -> None:
    """Copy the tables as they are at one moment, durably.

    One step copies all pages within one read transaction, for which writers do not wait: they
    write to the write-ahead log. Several steps would begin anew with every commit of a writer.
    """
    new.unlink(missing_ok=True)
    os.close(open_private(new, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    with told_as_failures():
        source = data.connect(readonly=True)
    with closing(source), closing(sqlite3.connect(new)) as copy:
        # A copy that is cut off is thrown away; one that is whole is synced below.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        source.backup(copy)
    sync_file(new)


def _read_alone(tables: Path) -> sqlite3.Connection:
    """Open tables that nobody writes to, without a file beside them."""
    return sqlite3.connect(f"{tables.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


def _refuse_another_pfs(tables: sqlite3.Connection, target: Path) -> None:
    """See that a backup is not replaced by another PFS's, whose folder was mistaken.

    A PFS is known by the microsecond in which its first project was made.
    """
    before = target / TABLES
    if not before.exists():
        return
    made = "SELECT created_us FROM project ORDER BY id LIMIT 1"
    with closing(_read_alone(before)) as old:
        try:
            of_old = old.execute(made).fetchone()
        except sqlite3.DatabaseError as error:
            raise DirectoryRefused(f"{before} is damaged ({error}): name another folder") from error
    if of_old != tables.execute(made).fetchone():
        raise DirectoryRefused(f"{target} is the backup of another PFS: name another folder")


def _remove_others(blobs: Blobs, wanted: set[bytes]) -> int:
    """Remove what only the backup before needed. What is left if this is cut off goes next time."""
    others = [hash_ for hash_, _ in blobs.all() if hash_ not in wanted]
    return sum(blobs.remove(hash_) for hash_ in others)
