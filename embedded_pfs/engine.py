"""The embedded PFS at work: which thread does what.

Point look-ups run on the event loop, where they cost microseconds against a thread hop's hundred.
Scans have threads with read connections of their own. The writes of a process go through one thread
and one connection, but for a small one that nobody else would wait for; SQLite's lock orders those,
and those of several processes.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from embedded_pfs import collection
from embedded_pfs.database import (
    Clock,
    Synchronous,
    Transaction,
    failure_of,
    now_us,
    snapshot,
    told_as_failures,
)
from embedded_pfs.directory import DataDirectory
from embedded_pfs.pace import Pace
from embedded_pfs.room import Room
from embedded_pfs.staging import Staging
from embedded_pfs.threads import Threads
from embedded_pfs.upkeep import EVERYTHING_STAYS, Upkeep, UpkeepRules
from pfs_client.company import IsAlone, never
from pfs_client.failures import PfsTimeout, PfsUnavailable, StorageFull
from pfs_client.observer import UNOBSERVED, Observer

P = ParamSpec("P")
T = TypeVar("T")

_SCAN_THREADS = 4
_BLOB_THREADS = 8


class Engine:
    """An open data directory, its connections and its threads. For one event loop.

    Args:
        directory: The data directory, created if it is not there.
        synchronous: SQLite's setting: `full` loses nothing at a power cut, `normal` may lose the
            last commits, `off` may lose everything.
        clock: What file sets expire by.
        rules: What goes by itself, and when it is looked for.
        observer: Is told how much is stored and how much room is left.
        is_alone: Says whether the event loop has nothing to do but what calls.

    Raises:
        DirectoryRefused: The directory cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        *,
        synchronous: Synchronous = "full",
        clock: Clock = now_us,
        rules: UpkeepRules = EVERYTHING_STAYS,
        observer: Observer = UNOBSERVED,
        is_alone: IsAlone = never,
    ) -> None:
        self.directory = DataDirectory(directory, synchronous=synchronous, clock=clock)
        self.blobs = self.directory.blobs
        self.leases = self.directory.leases
        self.stored_bytes: int | None = None
        """As measured last by this process."""
        self.writing = self.directory.connect()
        self._near = self.directory.connect(readonly=True)
        self._writing_near = self.directory.connect(for_loop=True)
        self._is_alone = is_alone
        self._pace = Pace()
        self._writer = Threads(1, "pfs-write")
        self._scans = Threads(_SCAN_THREADS, "pfs-scan")
        self.blob_threads = Threads(_BLOB_THREADS, "pfs-blob")
        self._scan_connections = threading.local()
        self._opened: list[sqlite3.Connection] = [self._near, self._writing_near, self.writing]
        self._closed = False
        self._closing = False
        self._observer = observer
        self._room = Room(self.directory)
        self.upkeep = Upkeep(self, rules)

    async def close(self) -> None:
        """Let the work under way end and release the directory."""
        if self._closing:
            return
        self._closing = True
        await self.upkeep.close()
        self._closed = True
        for threads in (self._scans, self.blob_threads, self._writer):
            await asyncio.to_thread(threads.close)
        for connection in self._opened:
            connection.close()
        self.directory.close()

    def staging(self) -> Staging:
        """A place for the contents of one call."""
        return Staging(self.blobs, self.blob_threads, self)

    def check_room(self) -> None:
        """See that something may be added.

        Raises:
            StorageFull: There is no room on the disk.
        """
        self._room.check()

    def has_refused(self) -> None:
        """There was no room on the disk."""
        self._room.is_refusing = True

    def look_at_disk(self) -> None:
        """Tell how much there is, and is left."""
        self._room.look()
        self._observer.storage_seen(
            self.stored_bytes, self._room.free_bytes, is_full=self._room.is_full
        )

    async def suspect(self, hashes: Iterable[bytes]) -> None:
        """Have contents removed to which nothing may refer."""
        await self.free(collection.suspect, hashes)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Work with files, on a thread."""
        return await self.blob_threads.run(function, *args, **kwargs)

    def look_up(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Read one snapshot, on the event loop: for what costs microseconds."""
        return self.glance(partial(_in_snapshot, function), *args, **kwargs)

    def glance(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Read on the event loop with one statement, which is a snapshot by itself.

        To begin and end one costs as much as the look-up.
        """
        self._check_open()
        try:  # a context manager would take as long, too
            return function(self._near, *args, **kwargs)
        except sqlite3.OperationalError as error:
            raise failure_of(error) from error

    async def scan(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Read one snapshot, on a thread."""

        def call() -> T:
            with told_as_failures(), snapshot(self._scan_connection()) as connection:
                return function(connection, *args, **kwargs)

        self._check_open()
        return await self._scans.run(call)

    async def write(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function as one transaction that adds something, durable when this returns.

        Raises:
            StorageFull: There is no room on the disk but what is kept for `free`.
        """

        def call() -> T:
            self._room.check()
            with self._room.adding:
                return self._transact(self.writing, function, *args, **kwargs)

        self._check_open()
        return await self._writer.run(call)

    async def write_little(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same for what takes a fraction of a millisecond, besides what the disk takes.

        It is done on the event loop if that has nothing else to do, nobody else writes, and the
        disk has been quick.

        Raises:
            StorageFull: As for `write`.
        """
        self._check_open()
        if self._may_stay() and not self._room.is_full:
            with suppress(PfsTimeout), self._room.adding:  # somebody else may be writing
                return self._transact(self._writing_near, function, *args, **kwargs)
        return await self.write(function, *args, **kwargs)

    async def free_little(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """`free` for what takes as little, and in the same place."""
        self._check_open()
        if self._may_stay():
            with suppress(PfsTimeout, StorageFull):
                return self._transact(self._writing_near, function, *args, **kwargs)
        return await self.free(function, *args, **kwargs)

    def _may_stay(self) -> bool:
        """Whether a little may be written on the event loop."""
        return self._pace.allows_loop and self._is_alone()

    def _transact(
        self,
        connection: sqlite3.Connection,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        begun = time.perf_counter()
        try:
            with Transaction(connection):
                result = function(connection, *args, **kwargs)
        except BaseException:
            self._pace.failed(time.perf_counter() - begun)
            raise
        self._pace.took(time.perf_counter() - begun, on_loop=connection is self._writing_near)
        return result

    async def free(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """The same for what gives back room: on a full disk it has the reserve."""

        def call() -> T:
            try:
                return self._transact(self.writing, function, *args, **kwargs)
            except StorageFull:
                self._room.lend_to_deletes(self.writing)
                return self._transact(self.writing, function, *args, **kwargs)

        self._check_open()
        return await self._writer.run(call)

    def _check_open(self) -> None:
        if self._closed:
            raise PfsUnavailable("the embedded PFS is closed")

    def _scan_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._scan_connections, "it", None)
        if connection is None:
            connection = self.directory.connect(readonly=True)
            self._scan_connections.it = connection
            self._opened.append(connection)
        return connection


def _in_snapshot(
    function: Callable[Concatenate[sqlite3.Connection, P], T],
    connection: sqlite3.Connection,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    connection.execute("BEGIN")
    try:
        return function(connection, *args, **kwargs)
    finally:
        connection.execute("COMMIT")
