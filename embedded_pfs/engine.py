"""The embedded PFS at work: which thread does what.

Point look-ups run on the event loop, where they cost microseconds against a thread hop's hundred.
Scans have threads with read connections of their own. All writes of a process go through one thread
and one connection; SQLite's lock orders those of several processes.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from embedded_pfs import contents, files
from embedded_pfs.blobs import StoredContent
from embedded_pfs.database import (
    Clock,
    Synchronous,
    failure_of,
    now_us,
    told_as_failures,
    transaction,
)
from embedded_pfs.directory import DataDirectory
from embedded_pfs.names import stored_path
from embedded_pfs.staging import Staging
from embedded_pfs.streams import BlobStream, MemoryStream
from embedded_pfs.threads import Threads
from pfs_client.failures import FileNotFound, PfsUnavailable
from pfs_client.interface import ByteStream
from pfs_client.values import File

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

    Raises:
        DirectoryRefused: The directory cannot be used.
    """

    def __init__(
        self, directory: Path, *, synchronous: Synchronous = "full", clock: Clock = now_us
    ) -> None:
        self.directory = DataDirectory(directory, synchronous=synchronous, clock=clock)
        self.blobs = self.directory.blobs
        self.writing = self.directory.connect()
        self._near = self.directory.connect(readonly=True)
        self._writer = Threads(1, "pfs-write")
        self._scans = Threads(_SCAN_THREADS, "pfs-scan")
        self._blob_threads = Threads(_BLOB_THREADS, "pfs-blob")
        self._scan_connections = threading.local()
        self._opened: list[sqlite3.Connection] = [self._near, self.writing]
        self._closed = False

    async def close(self) -> None:
        """Let the work under way end and release the directory."""
        if self._closed:
            return
        self._closed = True
        for threads in (self._scans, self._blob_threads, self._writer):
            await asyncio.to_thread(threads.close)
        for connection in self._opened:
            connection.close()
        self.directory.close()

    def staging(self) -> Staging:
        """A place for the contents of one call."""
        return Staging(self.blobs, self._blob_threads)

    def look_up(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Read, on the event loop: for what costs microseconds."""
        self._check_open()
        try:  # a context manager would take as long as the look-up
            return function(self._near, *args, **kwargs)
        except sqlite3.OperationalError as error:
            raise failure_of(error) from error

    async def scan(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Read, on a thread."""

        def call() -> T:
            with told_as_failures():
                return function(self._scan_connection(), *args, **kwargs)

        self._check_open()
        return await self._scans.run(call)

    async def write(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a function as one transaction, durable when this returns."""

        def call() -> T:
            with transaction(self.writing):
                return function(self.writing, *args, **kwargs)

        self._check_open()
        return await self._writer.run(call)

    async def open_file(self, file: File, offset: int, size_bytes: int | None) -> ByteStream:
        """Open a file for reading.

        Raises:
            CommitNotFound: There is no such commit, or no such repo.
            CommitNotFinished: It is open, and so is what it is based on.
            FileSetNotFound: It stands for a file set that is not there, or no longer.
            FileNotFound: Nothing stands at the path, or compaction has taken its content.
            NotAFile: A directory stands there.
        """
        content, _ = self.look_up(files.find_file, file)
        return await self._open_content(content, file.path, offset, size_bytes)

    async def _open_content(
        self, content: StoredContent, path: str, offset: int, size_bytes: int | None
    ) -> ByteStream:
        end = content.size_bytes
        if size_bytes is not None:
            end = min(offset + size_bytes, end)
        small = self.look_up(contents.small_content, content.hash, content.size_bytes)
        if small is not None:
            return MemoryStream(small[offset:end])
        try:
            descriptor = await self._blob_threads.open(
                partial(self.blobs.open, content.hash), os.close
            )
        except FileNotFoundError as error:
            raise FileNotFound(f"the content of {stored_path(path)} is gone") from error
        return BlobStream(descriptor, offset, end, self._blob_threads)

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
