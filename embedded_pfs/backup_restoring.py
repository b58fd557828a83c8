"""A new data directory from a backup.

The tables are in it under a name of their own until all that they name is there and has been read:
`directory` refuses to open one whose restoring was cut off, and a second run goes on. With the
name of a data directory's tables it is whole, and nothing is left to do.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded_pfs.backups import TABLES, blobs_named, contents_of, full, read_backup, told_of
from embedded_pfs.blob_copies import bring
from embedded_pfs.blobs import Blobs
from embedded_pfs.checking import Checked, checked_with
from embedded_pfs.database import connect
from embedded_pfs.directory import RESTORING, DirectoryRefused
from embedded_pfs.disk import make_folder, open_private, sync_file, sync_folder, try_lock
from embedded_pfs.migrations import SCHEMA_VERSION, MigrationFailed, migrate
from pfs_client.failures import StorageFull

_LOGS = (f"{RESTORING}-wal", f"{RESTORING}-shm")
_MAY_BE_THERE = {RESTORING, *_LOGS, "blobs", "staging"}


@dataclass(frozen=True, slots=True)
class Restored:
    """What was found in a backup, and whether there is a data directory of it now."""

    checked: Checked
    is_in_place: bool


def restore_backup(backup: Path, directory: Path, *, with_losses: bool = False) -> Restored:
    """Make a data directory of a backup, and read all that is in it against its hash.

    The tables of an older schema are brought to the newest on the way.

    Args:
        backup: Its folder.
        directory: Where to make it. It must be empty, or not be there.
        with_losses: Make it although something is lost.

    Raises:
        DirectoryRefused: There is no whole backup, a newer gateway made it, its tables are damaged,
            or the directory is not empty or its disk full.
        PfsFailure: SQLite refuses the tables.
        OSError: A disk refuses.
    """
    with read_backup(backup), told_of(directory), _new_directory(directory):
        blobs = _begun(backup, directory)
        checked = _filled(backup, blobs, directory / RESTORING)
        if not checked.is_sound and not with_losses:
            return Restored(checked, False)
        sync_file(directory / RESTORING)
        os.replace(directory / RESTORING, directory / "pfs.sqlite")
        sync_folder(directory)
        return Restored(checked, True)


@contextmanager
def _new_directory(directory: Path) -> Iterator[None]:
    """Hold the directory alone, as who opens it would."""
    make_folder(directory)
    _refuse_others(directory)
    lock = open_private(directory / "lock", os.O_RDWR | os.O_CREAT)
    try:
        if not try_lock(lock, fcntl.LOCK_EX):
            raise DirectoryRefused(f"{directory} is in use by another process")
        _refuse_others(directory)
        yield
    finally:
        os.close(lock)


def _refuse_others(directory: Path) -> None:
    names = set(os.listdir(directory)) - {"lost+found", "lock"}
    if "pfs.sqlite" in names:
        raise DirectoryRefused(f"there is an embedded PFS in {directory}: name a new directory")
    if names and not (RESTORING in names and names <= _MAY_BE_THERE):
        raise DirectoryRefused(f"{directory} is not empty: name a new directory")


def _begun(backup: Path, directory: Path) -> Blobs:
    """Begin the directory, with the tables in it."""
    for left in _LOGS:
        (directory / left).unlink(missing_ok=True)
    descriptor = open_private(directory / RESTORING, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(descriptor, "wb") as target, open(backup / TABLES, "rb") as source:
        shutil.copyfileobj(source, target, 1024 * 1024)
    blobs = Blobs(directory)
    blobs.create()
    return blobs


def _filled(backup: Path, blobs: Blobs, restoring: Path) -> Checked:
    """Bring the blobs that the tables name, and read everything."""
    with closing(connect(restoring)) as tables:
        try:
            _bring_to_newest(tables, backup)
        except MigrationFailed as error:
            raise DirectoryRefused(f"the tables of {backup} are damaged: {error}") from error
        except StorageFull as error:
            raise DirectoryRefused(full(restoring.parent)) from error
        source = contents_of(backup)
        bring(source, blobs, blobs_named(tables, source))
        checked = checked_with(tables, blobs)
        # What stayed in the log would not get the new name.
        tables.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return checked


def _bring_to_newest(tables: sqlite3.Connection, backup: Path) -> None:
    (version,) = tables.execute("PRAGMA user_version").fetchone()
    if version == 0:
        raise DirectoryRefused(f"the tables of {backup} are damaged: there are none")
    if version > SCHEMA_VERSION:
        raise DirectoryRefused(
            f"{backup} was made by a newer gateway (schema {version}, this one knows"
            f" {SCHEMA_VERSION}); use that version"
        )
    migrate(tables, version)
