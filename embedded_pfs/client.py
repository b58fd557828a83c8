"""The embedded PFS as a PfsClient: which thread does what.

Point look-ups run on the event loop, where they cost microseconds against a thread hop's hundred.
Scans have threads with read connections of their own. All writes of a process go through one
thread and one connection; SQLite's lock orders those of several processes.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from embedded_pfs import branches, changes, commits, contents, file_sets, files
from embedded_pfs.blobs import INLINE_MAX_BYTES
from embedded_pfs.database import Synchronous, told_as_pfs_errors, transaction
from embedded_pfs.directory import DataDirectory
from embedded_pfs.names import stored_path
from embedded_pfs.staging import Staging
from embedded_pfs.streams import BlobStream, MemoryStream
from embedded_pfs.threads import Threads
from pfs_client.failures import FileNotFound, PfsUnavailable
from pfs_client.interface import ByteStream, Changes, PfsClient
from pfs_client.values import (
    Branch,
    BranchInfo,
    Commit,
    CommitInfo,
    File,
    FileInfo,
    ProjectInfo,
    Repo,
    RepoInfo,
)

P = ParamSpec("P")
T = TypeVar("T")

_VERSION = "embedded 1"
_SCAN_THREADS = 4
_BLOB_THREADS = 8
_POLL_SECONDS = 0.02


class EmbeddedPfs(PfsClient):
    """A PFS in this process. Create and use it on one event loop.

    Args:
        directory: The data directory, created if it is not there.
        synchronous: SQLite's setting: `full` loses nothing at a power cut, `normal` may lose the
            last commits, `off` may lose everything.

    Raises:
        DirectoryRefused: The directory cannot be used.
    """

    supports_conditions = True
    finishes_commits_at_once = True
    small_file_bytes = INLINE_MAX_BYTES

    def __init__(self, directory: Path, *, synchronous: Synchronous = "full") -> None:
        self._directory = DataDirectory(directory, synchronous=synchronous)
        self._blobs = self._directory.blobs
        self._near = self._directory.connect(readonly=True)
        self._writing = self._directory.connect()
        self._writer = Threads(1, "pfs-write")
        self._scans = Threads(_SCAN_THREADS, "pfs-scan")
        self._blob_threads = Threads(_BLOB_THREADS, "pfs-blob")
        self._scan_connections = threading.local()
        self._opened: list[sqlite3.Connection] = [self._near, self._writing]
        self._closed = False

    async def get_version(self) -> str:
        """Say which PFS this is."""
        self._look_up(lambda connection: connection.execute("SELECT 1 FROM project").fetchone())
        return _VERSION

    async def aclose(self) -> None:
        """Let the work under way end and release the directory."""
        if self._closed:
            return
        self._closed = True
        for threads in (self._scans, self._blob_threads, self._writer):
            await asyncio.to_thread(threads.close)
        for connection in self._opened:
            connection.close()
        self._directory.close()

    async def list_project(self) -> list[ProjectInfo]:
        """All projects, by name."""
        return self._look_up(branches.list_projects)

    async def create_project(self, name: str, description: str = "") -> None:
        """Create a project."""
        await self._write(branches.create_project, name, description)

    async def list_repo(self) -> list[RepoInfo]:
        """All repos of all projects."""
        return await self._scan(branches.list_repos)

    async def inspect_repo(self, repo: Repo) -> RepoInfo:
        """One repo."""
        return await self._scan(branches.inspect_repo, repo)

    async def create_repo(self, repo: Repo, description: str = "") -> None:
        """Create a repo, without branches."""
        await self._write(branches.create_repo, repo, description)

    async def delete_repo(
        self, repo: Repo, *, force: bool = False, expect_no_branches: bool = False
    ) -> bool:
        """Delete a repo with all in it."""
        return await self._write(
            branches.delete_repo, repo, force=force, expect_no_branches=expect_no_branches
        )

    async def list_branch(self, repo: Repo) -> list[BranchInfo]:
        """All branches of a repo."""
        return await self._scan(branches.list_branches, repo)

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, with its head as it is now."""
        return self._look_up(branches.inspect_branch, branch)

    async def create_branch(
        self,
        branch: Branch,
        *,
        head: Commit | None = None,
        provenance: Iterable[Branch] = (),
    ) -> None:
        """Create a branch. One whose head is an existing commit copies that commit's file list."""
        await self._write(branches.create_branch, branch, head, tuple(provenance))

    async def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> None:
        """Delete a branch, if asked only while its head is the expected one."""
        await self._write(branches.delete_branch, branch, expected_head)

    async def start_commit(self, branch: Branch) -> Commit:
        """Open a commit at a branch's head."""
        return await self._write(branches.start_commit, branch)

    async def finish_commit(self, commit: Commit) -> None:
        """Close an open commit."""
        await self._write(commits.finish_commit, commit)

    async def inspect_commit(self, commit: Commit, *, wait_finished: bool = False) -> CommitInfo:
        """One commit, if asked for only once it has finished."""
        while True:
            info = self._look_up(commits.inspect, commit)
            if info.finished is not None or not wait_finished:
                return info
            await asyncio.sleep(_POLL_SECONDS)

    async def modify_file(self, branch: Branch, changes_: Changes) -> None:
        """Apply changes as one commit."""
        async with Staging(self._blobs, self._blob_threads) as staging:
            staged = await staging.take(changes_)
            more = await self._write(changes.modify_branch, self._blobs, branch, staged)
            await staging.settle(more)

    async def create_file_set(self, changes_: Changes) -> str:
        """Store files outside any commit."""
        async with Staging(self._blobs, self._blob_threads) as staging:
            staged = await staging.take(changes_)
            file_set_id, more = await self._write(file_sets.create, self._blobs, staged)
            await staging.settle(more)
        return file_set_id

    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Keep a file set for longer."""
        await self._write(file_sets.renew, file_set_id, ttl_seconds)

    async def inspect_file(self, file: File) -> FileInfo:
        """One file."""
        return self._look_up(files.inspect_file, file)

    async def list_file(
        self, directory: File, *, after: str = "", number: int = 0, reverse: bool = False
    ) -> list[FileInfo]:
        """What stands in a directory."""
        return await self._scan(files.list_file, directory, after, number, reverse)

    async def walk_file(
        self, directory: File, *, after: str = "", number: int = 0, reverse: bool = False
    ) -> list[FileInfo]:
        """Everything at and below a path."""
        return await self._scan(files.walk_file, directory, after, number, reverse)

    async def get_file(
        self, file: File, *, offset: int = 0, size_bytes: int | None = None
    ) -> ByteStream:
        """Open a file for reading."""
        if offset < 0:
            raise ValueError("a negative offset crashes pachd; it is never sent")
        content, _ = self._look_up(files.find_file, file)
        end = (
            content.size_bytes
            if size_bytes is None
            else min(offset + size_bytes, content.size_bytes)
        )
        small = self._look_up(contents.small_content, content.hash, content.size_bytes)
        if small is not None:
            return MemoryStream(small[offset:end])
        try:
            descriptor = await self._blob_threads.run(self._blobs.open, content.hash)
        except FileNotFoundError as error:
            raise FileNotFound(f"the content of {stored_path(file.path)} is gone") from error
        return BlobStream(descriptor, offset, end, self._blob_threads)

    def _look_up(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        self._check_open()
        with told_as_pfs_errors():
            return function(self._near, *args, **kwargs)

    async def _scan(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def call() -> T:
            with told_as_pfs_errors():
                return function(self._scan_connection(), *args, **kwargs)

        self._check_open()
        return await self._scans.run(call)

    async def _write(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def call() -> T:
            with transaction(self._writing):
                return function(self._writing, *args, **kwargs)

        self._check_open()
        return await self._writer.run(call)

    def _check_open(self) -> None:
        if self._closed:
            raise PfsUnavailable("the embedded PFS is closed")

    def _scan_connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._scan_connections, "it", None)
        if connection is None:
            connection = self._directory.connect(readonly=True)
            self._scan_connections.it = connection
            self._opened.append(connection)
        return connection
