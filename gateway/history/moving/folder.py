"""The folder of an export: what is where, and what of it is whole.

    export.json                     which export this is
    contents/ab/ab12…               a content, named by its SHA-256
    branches/BUCKET/00000001.jsonl  what a commit did, the first one first
    branches/BUCKET/complete.json   how many records there are to import

A record has its name only when everything that it names is on the disk, and is counted in
`complete.json` only when its run of export has come to its end.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.history.moving.contents import Contents, sync_folder
from gateway.history.moving.lines import is_whole
from gateway.history.moving.records import Header, read_header
from gateway.history.places import HistoryRefused

FORMAT = 1
_ABOUT = "export.json"
_CONTENTS = "contents"
_BRANCHES = "branches"
_COMPLETE = "complete.json"
_NO_EXPORT = {"lost+found"}


@dataclass(frozen=True, slots=True)
class Complete:
    """What a whole export of a branch has: its records, and the commit that the last one is of.

    An empty branch has none.
    """

    records: int
    commit: str
    committed: str


class BranchFolder:
    """What an export has of one bucket."""

    def __init__(self, folder: Path, bucket: str) -> None:
        self._folder = folder
        self.bucket = bucket

    def prepare(self) -> None:
        """Make the folder, and remove what is left beside records that are whole."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(self._folder.parent)
        for path in self._folder.glob("*.list"):
            if path.with_suffix(".jsonl").exists():
                path.unlink()

    def record(self, number: int) -> Path:
        """The record of a commit."""
        return self._folder / f"{number:08}.jsonl"

    def unfinished(self, number: int) -> Path:
        """A record that is being written."""
        return self._folder / f"{number:08}.part"

    def listed(self, number: int) -> Path:
        """What a record that is being written will be about."""
        return self._folder / f"{number:08}.list"

    def pending(self, number: int) -> Header | None:
        """The commit whose record was cut off."""
        path = self.listed(number)
        return read_header(path) if is_whole(path) else None

    def forget(self, number: int) -> None:
        """Remove what is left of a record that was being written."""
        self.unfinished(number).unlink(missing_ok=True)
        self.listed(number).unlink(missing_ok=True)

    def last(self) -> Header | None:
        """The commit of the newest record."""
        names = [path.stem for path in self._folder.glob("*.jsonl")]
        return read_header(self.record(int(max(names)))) if names else None

    def complete(self) -> Complete | None:
        """What may be imported; None where the first export was cut off.

        Raises:
            HistoryRefused: Its file is damaged.
        """
        path = self._folder / _COMPLETE
        if not path.exists():
            return None
        try:
            return Complete(**_read_json(path))
        except TypeError:
            raise HistoryRefused(f"{path} is damaged") from None

    def set_complete(self) -> Complete:
        """Say that everything up to the newest record may be imported."""
        last = self.last()
        said = Complete(0, "", "") if last is None else _complete_with(last)
        fields = {"records": said.records, "commit": said.commit, "committed": said.committed}
        new = self._folder / f"{_COMPLETE}.new"
        with new.open("wb") as file:
            file.write(json.dumps(fields).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._folder / _COMPLETE)
        sync_folder(self._folder)
        return said


class ExportFolder:
    """An export that is held: to write it alone, or to read it."""

    def __init__(self, folder: Path, export_id: str) -> None:
        self._folder = folder
        self.id = export_id
        self.contents = Contents(folder / _CONTENTS)

    def branch(self, bucket: str) -> BranchFolder:
        """What it has, or is to have, of a bucket."""
        return BranchFolder(self._folder / _BRANCHES / bucket, bucket)

    def buckets(self) -> list[str]:
        """The buckets that it has something of."""
        branches = self._folder / _BRANCHES
        return sorted(path.name for path in branches.iterdir()) if branches.exists() else []


@contextmanager
def written_export(folder: Path) -> Iterator[ExportFolder]:
    """Hold an export to write it; a folder that is new or empty becomes one.

    Raises:
        HistoryRefused: The folder has other things, or another command uses it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder / _ABOUT
    others = {path.name for path in folder.iterdir()} - _NO_EXPORT
    if others and not about.exists():
        raise HistoryRefused(f"{folder} is not empty and is not an export: it has {min(others)}")
    descriptor = os.open(about, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with _locked(descriptor, fcntl.LOCK_EX, folder):
        if not os.fstat(descriptor).st_size:
            fields = {"s3gateway_export": FORMAT, "id": uuid.uuid4().hex}
            os.write(descriptor, json.dumps(fields).encode() + b"\n")
            os.fsync(descriptor)
            sync_folder(folder)
        export = ExportFolder(folder, _id_of(about))
        export.contents.prepare()
        yield export


@contextmanager
def read_export(folder: Path) -> Iterator[ExportFolder]:
    """Hold an export to read it, which may be on a disk that cannot be written to.

    Raises:
        HistoryRefused: There is none, or somebody writes it.
    """
    about = folder / _ABOUT
    if not about.exists() or not about.stat().st_size:
        raise HistoryRefused(f"there is no export in {folder}")
    with _locked(os.open(about, os.O_RDONLY | os.O_CLOEXEC), fcntl.LOCK_SH, folder):
        yield ExportFolder(folder, _id_of(about))


@contextmanager
def _locked(descriptor: int, kind: int, folder: Path) -> Iterator[None]:
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HistoryRefused(f"another export or import uses {folder} now") from None
        yield
    finally:
        os.close(descriptor)


def _id_of(about: Path) -> str:
    fields = _read_json(about)
    if fields.get("s3gateway_export") != FORMAT or not isinstance(fields.get("id"), str):
        raise HistoryRefused(
            f"{about} is of another format than {FORMAT}, the one that this version knows"
        )
    return str(fields["id"])


def _complete_with(last: Header) -> Complete:
    return Complete(last.number, last.commit, last.committed)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_bytes())
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise HistoryRefused(f"{path} is damaged")
    return fields
