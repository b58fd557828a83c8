"""When files changed, as gateways on a pachd of ours say, and as it was."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

from embedded_pfs import listings
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.group_commit.pachd_committer import PachdCommitter
from pfs_client.history import chains
from pfs_client.history.index_file import IndexFile
from pfs_client.history.indexed_times import IndexedTimes
from pfs_client.interface import PfsClient
from pfs_client.observer import Observer
from pfs_client.values import ALL, SMALL_FILE_BYTES, Branch, Commit, File, FileInfo
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import until


class Seen(Observer):
    """Counts what histories cost."""

    def __init__(self) -> None:
        self.read = self.unread = self.approximated = 0

    def history_commit_read(self) -> None:
        self.read += 1

    def histories_unread(self, number: int) -> None:
        self.unread = number

    def times_approximated(self, files: int) -> None:
        self.approximated += files


class Timed:
    """A gateway's times and writes.

    Args:
        pfs: What it stands before.
        directory: Its state directory; None for a temporary one.
        more: How it differs from the usual.
    """

    def __init__(self, pfs: PfsClient, directory: Path | None = None, **more: Any) -> None:
        self.pfs = pfs
        self.seen = Seen()
        self.file = IndexFile(directory)
        settings = {"max_bytes": 1024**3, "wait_seconds": 60.0, **more}
        self.times = IndexedTimes(pfs, self.file, observer=self.seen, **settings)
        committer = PachdCommitter(pfs, own_commits=self.times.own)
        self.writes = GroupedWrites(pfs, committer, inline_bytes=SMALL_FILE_BYTES, wait_seconds=20)

    async def listed(self, branch: Branch = BRANCH) -> dict[str, datetime | None]:
        """What a list says."""
        info = await self.pfs.inspect_branch(branch)
        files = await _files(self.pfs, info.head)
        times = await self.times.of_files(info, files)
        return {file.path: time for file, time in zip(files, times, strict=True)}

    async def told(self, path: str, branch: Branch = BRANCH) -> datetime | None:
        """What a HEAD says."""
        info = await self.pfs.inspect_branch(branch)
        return await self.times.of_file(info, await self.pfs.inspect_file(File(info.head, path)))

    async def all_is_read(self) -> None:
        """Wait until what we wrote is known, and no history is left to read."""
        await self.writes.drain()
        await self.times.own.drain()
        connection = self.file.connect(readonly=True)
        await until(lambda: chains.next_to_read(connection) is None)
        connection.close()

    async def close(self) -> None:
        await self.writes.drain()
        await self.times.aclose()


@contextlib.asynccontextmanager
async def timed(pfs: PfsClient, directory: Path | None = None, **more: Any) -> AsyncIterator[Timed]:
    """A gateway while the body runs."""
    gateway = Timed(pfs, directory, **more)
    try:
        yield gateway
    finally:
        await gateway.close()


async def truth(pachd: Pachd, branch: Branch = BRANCH) -> dict[str, datetime | None]:
    """When files changed, as the PFS behind the wire knows, which does not tell it there."""
    head = (await pachd.pfs.inspect_branch(branch)).head
    found = await pachd.engine.scan(listings.walk_file, File(head, "/"), ALL)
    return {file.path: file.changed for file in found if file.is_file}


async def _files(pfs: PfsClient, commit: Commit) -> list[FileInfo]:
    return [info for info in await pfs.walk_file(File(commit, "/")) if info.is_file]
