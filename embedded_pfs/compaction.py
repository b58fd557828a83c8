"""Giving back room: history is squashed, and contents that nothing refers to any more go.

Everything goes in transactions of a bounded size, so that a full disk has room for them, and a
process that is killed leaves a directory that can be read, and compacted again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from embedded_pfs import collection, file_sets, history
from embedded_pfs.database import Transaction, told_as_failures
from embedded_pfs.directory import DataDirectory
from embedded_pfs.disk import free_bytes
from pfs_client.failures import StorageFull

P = ParamSpec("P")
T = TypeVar("T")

_BLOBS_A_TRANSACTION = 1000


@dataclass(frozen=True, slots=True)
class Compactable:
    """What compaction would drop."""

    commits: int
    branches: int
    """Whose history gets shorter, those that are deleted not counted."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What went.

    `unused_bytes` are those that the database has left and has not given back: on a full disk it
    cannot be made anew. New writes take them.
    """

    commits: int
    contents: int
    bytes_freed: int
    unused_bytes: int


def survey(directory: Path, keep_commits: int) -> Compactable:
    """Say what `compact` would drop, and drop nothing.

    Raises:
        DirectoryRefused: There is no embedded PFS, or somebody else uses it.
        PfsFailure: The database refuses.
    """
    with _Alone(directory) as alone, told_as_failures():
        doomed = history.too_many(alone.connection, keep_commits)
        lines = [one for one in doomed if history.count(alone.connection, [one])]
        of_branches = "SELECT count(DISTINCT id) FROM branch WHERE line_id = ?"
        return Compactable(
            history.count(alone.connection, doomed),
            sum(
                alone.connection.execute(of_branches, (one.line_id,)).fetchone()[0] for one in lines
            ),
        )


def compact(directory: Path, keep_commits: int) -> Compacted:
    """Squash every branch's history to its head and so many commits before it.

    Raises:
        DirectoryRefused: There is no embedded PFS, or somebody else uses it.
        PfsFailure: The database refuses.
    """
    with _Alone(directory) as alone, told_as_failures():
        before_bytes = alone.data.stored_bytes()
        commits = _squash(alone, keep_commits)
        contents = _collect(alone)
        _make_anew(alone)
        return Compacted(
            commits, contents, before_bytes - alone.data.stored_bytes(), _unused_bytes(alone)
        )


class _Alone:
    """A data directory that nobody else uses."""

    def __init__(self, directory: Path) -> None:
        self.data = DataDirectory(directory, exclusive=True, must_exist=True)
        self.connection = self.data.connect()

    def __enter__(self) -> _Alone:
        return self

    def __exit__(self, *exc: object) -> None:
        self.connection.close()
        self.data.reserve.restore()
        self.data.close()

    def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function as one transaction, with the reserve if there is no other room."""
        try:
            with Transaction(self.connection):
                return function(self.connection, *args, **kwargs)
        except StorageFull:
            self.data.reserve.lend_all()
            with suppress(sqlite3.OperationalError):
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with Transaction(self.connection):
                return function(self.connection, *args, **kwargs)


def _squash(alone: _Alone, keep_commits: int) -> int:
    """Drop commits behind those to keep, lines that no head lies on, and repos that are deleted."""
    dropped = 0
    for doomed in history.too_many(alone.connection, keep_commits):
        while count := alone.run(history.drop_commits, doomed):
            dropped += count
        while alone.run(history.drop_unseen, doomed.line_id):
            pass
    while alone.run(history.drop_some_of_a_repo):
        pass
    return dropped


def _collect(alone: _Alone) -> int:
    """Remove contents that nothing refers to; say how many."""
    while alone.run(file_sets.expire, ()):
        pass
    _suspect_orphans(alone)
    removed = 0
    while True:
        suspects = collection.look_at(alone.connection)
        if not suspects.ids and not suspects.unwanted:
            return removed
        alone.run(collection.clear, suspects.ids)
        for some in collection.in_transactions(suspects.unwanted):
            removed += alone.run(collection.remove, alone.data.blobs, some)


def _suspect_orphans(alone: _Alone) -> None:
    """Make suspects of what nothing refers to and nobody has noted, however that came to be."""
    some: list[bytes] = []
    for hash_, _ in alone.data.blobs.all():
        some.append(hash_)
        if len(some) == _BLOBS_A_TRANSACTION:
            alone.run(collection.suspect, some)
            some = []
    alone.run(collection.suspect, some)
    while alone.run(collection.suspect_unreferenced):
        pass


def _make_anew(alone: _Alone) -> None:
    """Give back what the database does not use, if there is room for a second one meanwhile."""
    connection = alone.connection
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size_bytes = alone.data.database_file.stat().st_size
    if _unused_bytes(alone) and free_bytes(alone.data.path) > 2 * size_bytes:
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _unused_bytes(alone: _Alone) -> int:
    (pages,) = alone.connection.execute("PRAGMA freelist_count").fetchone()
    (page_bytes,) = alone.connection.execute("PRAGMA page_size").fetchone()
    return int(pages * page_bytes)
