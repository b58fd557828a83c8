"""The data directory's files on the disk: their entries durable, and nobody else's to read."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
from pathlib import Path

log = logging.getLogger("s3gateway")

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600
_DATABASE_FILE = "pfs.sqlite"
_OWN_FILES = (
    _DATABASE_FILE,
    f"{_DATABASE_FILE}-wal",
    f"{_DATABASE_FILE}-shm",
    "lock",
    "reading",
    "reserve",
    "upkeep",
)
_OWN_FOLDERS = ("staging", "blobs")


def make_folder(folder: Path, *, sync: bool = True) -> None:
    """Make a folder of ours with those above it, if it is not there, and its entry durable."""
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    except FileNotFoundError:
        make_folder(folder.parent, sync=sync)
        folder.mkdir(exist_ok=True)
    folder.chmod(_FOLDER_MODE)  # `mkdir` takes a mode, from which the umask is subtracted
    if sync:
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on the disk."""
    _sync(folder, os.O_DIRECTORY)


def sync_file(file: Path) -> None:
    """Put a file's bytes on the disk."""
    _sync(file)


def _sync(path: Path, flags: int = 0) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_private(file: Path, flags: int) -> int:
    """Open a file of ours; one that is new is nobody else's to read, whatever the umask."""
    descriptor = os.open(file, flags | os.O_CLOEXEC, _FILE_MODE)
    if flags & os.O_CREAT:
        try:
            os.fchmod(descriptor, _FILE_MODE)
        except PermissionError:
            pass  # it was there, and is somebody else's: `make_private` says so
        except BaseException:
            os.close(descriptor)
            raise
    return descriptor


def try_lock(descriptor: int, kind: int) -> bool:
    """Take a lock on an open file, `fcntl.LOCK_EX` or `LOCK_SH`, unless somebody has it."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def make_private(directory: Path) -> None:
    """Take from others what an older version, or somebody's umask, let them do in a directory.

    The directory itself stays as it is if other things lie in it than ours.
    """
    names = os.listdir(directory)
    if _DATABASE_FILE in names or set(names) <= {*_OWN_FILES, *_OWN_FOLDERS}:
        _take_from_others(directory, _FOLDER_MODE)
    for name in names:
        if name in _OWN_FOLDERS:
            _take_from_others(directory / name, _FOLDER_MODE)
        elif name in _OWN_FILES:
            _take_from_others(directory / name, _FILE_MODE)


def free_bytes(directory: Path) -> int:
    """How many bytes the disk of a directory has left for us."""
    state = os.statvfs(directory)
    return state.f_bavail * state.f_frsize


def _take_from_others(path: Path, mode: int) -> None:
    try:
        if stat.S_IMODE(path.stat().st_mode) & ~mode:
            path.chmod(mode)
    except FileNotFoundError:
        pass  # SQLite's own come and go
    except PermissionError:
        log.warning("%s is another user's: others may be able to read what is stored", path)
