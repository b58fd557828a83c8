"""A new data directory from a backup.

The tables are in it under a name of their own until all that they name is there and has been read:
`directory` refuses to open one whose restoring was cut off, and a second run goes on.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from embedded_pfs.backups import TABLES, blobs_named, contents_of, read_backup
from embedded_pfs.blob_copies import bring
from embedded_pfs.blobs import Blobs
from embedded_pfs.checking import Checked, checked_with
from embedded_pfs.database import connect, told_as_failures
from embedded_pfs.directory import RESTORING, DataDirectory, DirectoryRefused
from embedded_pfs.disk import make_folder, open_private, sync_file, sync_folder

_MAY_BE_THERE = {
    RESTORING,
    f"{RESTORING}-wal",
    f"{RESTORING}-shm",
    "blobs",
    "staging",
    "lost+found",
}


@dataclass(frozen=True, slots=True)
class Restored:
    """What was found in a backup, and whether there is a data directory of it now."""

    checked: Checked
    is_in_place: bool


def restore_backup(backup: Path, directory: Path, *, with_losses: bool = False) -> Restored:
    """Make a data directory of a backup, and read all that is in it against its hash.

    Args:
        backup: Its folder.
        directory: Where to make it. It must be empty, or not be there.
        with_losses: Make it although something is lost.

    Raises:
        DirectoryRefused: There is no whole backup, or the directory is not empty.
        PfsFailure: SQLite refuses the tables.
        OSError: A disk refuses.
    """
    with read_backup(backup):
        blobs = _begun(backup, directory)
        restoring = directory / RESTORING
        try:
            with told_as_failures(), closing(connect(restoring)) as tables:
                bring(contents_of(backup), blobs, blobs_named(tables))
                checked = checked_with(tables, blobs)
        except sqlite3.DatabaseError as error:
            raise DirectoryRefused(f"the tables of {backup} are damaged: {error}") from error
    if not checked.is_sound and not with_losses:
        return Restored(checked, False)
    sync_file(restoring)
    os.replace(restoring, directory / "pfs.sqlite")
    sync_folder(directory)
    DataDirectory(directory, exclusive=True).close()
    return Restored(checked, True)


def _begun(backup: Path, directory: Path) -> Blobs:
    """Begin the directory, with the tables in it."""
    make_folder(directory)
    names = set(os.listdir(directory)) - {"lost+found"}
    if names and not (RESTORING in names and names <= _MAY_BE_THERE):
        raise DirectoryRefused(f"{directory} is not empty: name a new directory")
    for left in (f"{RESTORING}-wal", f"{RESTORING}-shm"):
        (directory / left).unlink(missing_ok=True)
    descriptor = open_private(directory / RESTORING, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with os.fdopen(descriptor, "wb") as target, open(backup / TABLES, "rb") as source:
        shutil.copyfileobj(source, target, 1024 * 1024)
    blobs = Blobs(directory)
    blobs.create()
    return blobs
