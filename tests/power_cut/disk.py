"""A disk as it may be after a power cut: what was synced is there, of the rest some or none."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.power_cut.recorder import (
    Committed,
    EntriesSynced,
    Event,
    Gone,
    Made,
    Renamed,
    Synced,
    Written,
)

_ENTRIES = (Made, Gone, Renamed)


class Cut:
    """The states in which a cut after some events may leave the disk."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._entries = [event for event in events if isinstance(event, _ENTRIES)]
        self._durable_entries = _durable_entries(events)
        self._data: dict[int, bytearray] = {}
        self._synced: dict[int, int] = {}
        commits = [event for event in events if isinstance(event, Committed)]
        self._databases = [b"", *(commit.database for commit in commits)]
        durable = [n for n, commit in enumerate(commits, start=1) if commit.is_durable]
        self._durable_database = durable[-1] if durable else 0
        for event in events:
            if isinstance(event, Written):
                self._data.setdefault(event.inode, bytearray()).extend(event.data)
            elif isinstance(event, Synced):
                self._synced[event.inode] = len(self._data.get(event.inode, b""))

    def least(self) -> State:
        """Only what had been synced."""
        entries = [self._entries[at] for at in sorted(self._durable_entries)]
        return State(entries, self._with_data(lambda inode: 0), self._database(0))

    def all_of_it(self) -> State:
        """Everything that had been asked for."""
        return State(self._entries, dict(self._data), self._database(1))

    def names_without_data(self) -> State:
        """All entries, and of the bytes only what had been synced."""
        return State(self._entries, self._with_data(lambda inode: 0), self._database(0))

    def data_without_names(self) -> State:
        """All bytes and all transactions, and of the entries only what had been synced."""
        entries = [self._entries[at] for at in sorted(self._durable_entries)]
        return State(entries, dict(self._data), self._database(1))

    def some_of_it(self, chance: random.Random) -> State:
        """Of what had not been synced some, as it happens."""
        entries = [
            entry
            for at, entry in enumerate(self._entries)
            if at in self._durable_entries or chance.random() < 0.5
        ]
        data = self._with_data(lambda inode: chance.randint(0, len(self._data[inode])))
        return State(entries, data, self._database(chance.random()))

    def _with_data(self, size_of: Callable[[int], int]) -> dict[int, bytearray]:
        """Of each file what had been synced, or more."""
        return {
            inode: data[: max(self._synced.get(inode, 0), size_of(inode))]
            for inode, data in self._data.items()
        }

    def _database(self, share: float) -> bytes:
        """The database after the last durable transaction, or a later one."""
        last = len(self._databases) - 1
        return self._databases[
            self._durable_database + round(share * (last - self._durable_database))
        ]


def _durable_entries(events: Sequence[Event]) -> set[int]:
    """The numbers of those changes of entries that are on the disk, whatever happens."""
    durable: set[int] = set()
    waiting: dict[str, list[int]] = {}
    number = 0
    for event in events:
        if isinstance(event, EntriesSynced):
            durable.update(waiting.pop(event.name, []))
        elif isinstance(event, _ENTRIES):
            for folder in _folders_of(event):
                waiting.setdefault(folder, []).append(number)
            number += 1
    return durable


def _folders_of(event: Made | Gone | Renamed) -> Iterator[str]:
    yield str(Path(event.name).parent)
    if isinstance(event, Renamed):
        yield str(Path(event.to).parent)


class State:
    """One state of the disk."""

    def __init__(
        self, entries: Sequence[Event], data: dict[int, bytearray], database: bytes
    ) -> None:
        self._data = data
        self._database = database
        self._files: dict[str, int] = {}
        self._folders: list[str] = []
        for entry in entries:
            self._apply(entry)

    def write(self, directory: Path) -> None:
        """Put it into a folder, in the place of another state."""
        # A folder goes with the one that it is in.
        there = {".", *self._folders}
        wanted = {directory / name for name in self._folders if str(Path(name).parent) in there}
        for path in sorted(directory.rglob("*"), reverse=True):
            if not path.is_dir():
                path.unlink()
            elif path not in wanted:
                path.rmdir()
        for folder in sorted(wanted):
            folder.mkdir(parents=True, exist_ok=True)
        directory.mkdir(exist_ok=True)
        for name, inode in self._files.items():
            file = directory / name
            if file.parent.is_dir():
                file.write_bytes(self._data.get(inode, b""))
        if self._database:
            (directory / "pfs.sqlite").write_bytes(self._database)

    def _apply(self, entry: Event) -> None:
        match entry:
            case Made(name, _, True):
                self._folders.append(name)
            case Made(name, inode):
                self._files[name] = inode
            case Gone(name):
                self._files.pop(name, None)
            case Renamed(name, to):
                if name in self._files:
                    self._files[to] = self._files.pop(name)
