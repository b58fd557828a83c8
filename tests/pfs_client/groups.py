"""Groups of writes that a test puts together, and what came of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.group_commit.pachd_committer import PachdCommitter
from pfs_client.values import SMALL_FILE_BYTES, AddFile, Branch, Change, Commit, File
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_contract.reading import head_of, paths, read

LARGE = bytes(1_000_001)


def writes_to(pachd: Pachd, wait_seconds: float = 20, **options: Any) -> GroupedWrites:
    """The writes of a gateway that has just been started."""
    committer = PachdCommitter(pachd.pfs, **options)
    return GroupedWrites(
        pachd.pfs, committer, inline_bytes=SMALL_FILE_BYTES, wait_seconds=wait_seconds
    )


async def body(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def put(
    writes: GroupedWrites, path: str, content: bytes = b"1", branch: Branch = BRANCH, **more: Any
) -> bytes:
    """A PUT."""
    written = await writes.put_file(
        branch, path, body(content), declared_size_bytes=len(content), **more
    )
    return written.hash


async def others_write(pachd: Pachd, *changes: str | Change) -> Commit:
    """What somebody else commits, finished."""
    adds = [AddFile(c, b"other") if isinstance(c, str) else c for c in changes]
    await pachd.pfs.modify_file(BRANCH, adds)
    return await head_of(pachd.pfs, BRANCH)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what nobody tells of."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def waiting(writes: GroupedWrites) -> int:
    """How many writes wait for the next group."""
    queue = writes._queues.kept.get(BRANCH)
    return len(queue._pending) if queue else 0


@contextlib.asynccontextmanager
async def one_group(
    pachd: Pachd, writes: GroupedWrites, *calls: Awaitable[Any]
) -> AsyncIterator[list[asyncio.Future[Any]]]:
    """Have writes arrive, in order, while a commit is under way, so that they share the next.

    They go when the body ends.
    """
    gate = pachd.wire.hold("ModifyFile")
    before = pachd.wire.count()["ModifyFile"]
    first = asyncio.ensure_future(put(writes, "/first-of-all"))
    await pachd.wire.came("ModifyFile", before + 1)
    arrived: list[asyncio.Future[Any]] = []
    for call in calls:
        arrived.append(asyncio.ensure_future(call))
        await until(lambda: waiting(writes) == len(arrived))
    try:
        yield arrived
    finally:
        gate.set()
    await first


async def results(futures: list[asyncio.Future[Any]]) -> list[Any]:
    """What each came to: its result, or the class of its failure."""
    done = await asyncio.gather(*futures, return_exceptions=True)
    return [type(one) if isinstance(one, BaseException) else one for one in done]


async def files_of(pachd: Pachd) -> list[str]:
    """The files at HEAD, but for `one_group`'s own."""
    found = await pachd.pfs.walk_file(File(await head_of(pachd.pfs, BRANCH), "/"))
    listed = paths([info for info in found if info.is_file])
    return [path for path in listed if path != "/first-of-all"]


async def content_of(pachd: Pachd, path: str) -> bytes:
    """A file's bytes at HEAD."""
    return await read(pachd.pfs, await head_of(pachd.pfs, BRANCH), path)


def sent_paths(pachd: Pachd) -> list[str]:
    """The paths of all files that came in commits."""
    sent = [message for call in pachd.wire.of("ModifyFile") for message in call.messages]
    return [m.add_file.path or m.copy_file.dst for m in sent if not m.HasField("delete_file")]
