"""Uploads that are aborted, or that nobody goes on with, leave an empty commit each on a pachd."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from embedded_pfs.database import now_us
from pfs_client.failures import UploadNotFound
from pfs_client.limits.concurrency import for_each
from pfs_client.uploads import caretaking
from pfs_client.values import Commit, File, OriginKind
from tests.cluster.pachd import Pachd, serving_pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.test_uploads import PART, PATH, Process, process
from tests.pfs_contract.reading import head_of, read

AT_ONCE = 8


class Clock:
    """What file sets expire by."""

    later_us = 0

    def __call__(self) -> int:
        return now_us() + self.later_us


@dataclass(frozen=True, slots=True)
class Left:
    """What there is in a repo, and of file sets."""

    branches: list[str]
    commits: set[Commit]
    file_sets: int


async def left_on(pachd: Pachd) -> Left:
    def file_sets(connection: sqlite3.Connection) -> int:
        count: int = connection.execute("SELECT count(*) FROM file_set").fetchone()[0]
        return count

    infos = await pachd.pfs.list_branch(BRANCH.repo)
    commits = {info.commit async for info in pachd.pfs.list_commit(BRANCH.repo)}
    return Left([i.branch.name for i in infos], commits, await pachd.engine.write(file_sets))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pachd(tmp_path: Path, clock: Clock) -> AsyncIterator[Pachd]:
    async with serving_pachd(tmp_path / "pachd", clock=clock) as server:
        await server.pfs.create_repo(BRANCH.repo)
        await server.pfs.create_branch(BRANCH)
        server.wire.calls.clear()
        yield server


@pytest.fixture
async def one(pachd: Pachd) -> AsyncIterator[Process]:
    started = process(pachd)
    yield started
    await started.uploads.drain()
    await started.writes.drain()


@pytest.mark.parametrize("uploads", [100, pytest.param(500, marks=pytest.mark.thorough)])
async def test_uploads_that_end_leave_no_branch_no_file_set_and_an_empty_commit(
    pachd: Pachd, one: Process, clock: Clock, uploads: int
) -> None:
    before = await left_on(pachd)

    async def begin(number: int) -> None:
        upload = await one.begin()
        await asyncio.gather(one.send(upload, 1, b"x"), one.send(upload, 2, b"y"))
        if number % 2:
            await one.uploads.abort(upload)

    await for_each(range(uploads), begin, AT_ONCE)
    await one.uploads.drain()
    under_way = await left_on(pachd)
    assert len(under_way.branches) == len(before.branches) + uploads // 2
    assert under_way.file_sets == before.file_sets + 2 * uploads

    await one.caretaker(timedelta(0)).go_round()
    await one.writes.drain()
    clock.later_us += 31 * 60 * 1_000_000
    await pachd.engine.upkeep.round()
    after = await left_on(pachd)
    assert (after.branches, after.file_sets) == (before.branches, before.file_sets)
    left = after.commits - before.commits
    assert len(left) == uploads
    for commit in left:
        assert (await pachd.pfs.inspect_commit(commit)).origin is OriginKind.AUTO
        assert await pachd.pfs.walk_file(File(commit, "/")) == []


async def test_an_upload_that_another_gateway_aborts_while_it_is_completed(
    pachd: Pachd, one: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is first is not decided; the object is whole, and what is left of the upload goes."""
    before = await left_on(pachd)
    other = process(pachd)
    upload = await one.begin()
    await one.send(upload, 1)
    await one.send(upload, 2)
    gate = pachd.wire.hold("ComposeFileSet")
    completing = asyncio.create_task(one.complete(upload))
    await pachd.wire.came("ComposeFileSet")
    await other.uploads.abort(upload)
    await other.uploads.drain()
    gate.set()
    await completing
    await one.writes.drain()
    with pytest.raises(UploadNotFound):
        await other.uploads.find(BRANCH, PATH, upload.id)
    assert await read(pachd.pfs, await head_of(pachd.pfs, BRANCH), PATH) == 2 * PART
    monkeypatch.setattr(caretaking, "_KEPT_WITHOUT_RECORD", timedelta(0))
    await other.caretaker().go_round()
    after = await left_on(pachd)
    assert after.branches == before.branches
    left = len(after.commits) - len(before.commits)
    assert left <= 3  # the object's, and one of each branch: pachd made another for the late record
    await other.writes.drain()


async def test_a_part_that_comes_while_its_upload_is_completed_is_left_out(
    pachd: Pachd, one: Process
) -> None:
    upload = await one.begin()
    await one.send(upload, 1)
    await one.send(upload, 2, b"the end")
    gate = pachd.wire.hold("ComposeFileSet")
    completing = asyncio.create_task(one.complete(upload))
    await pachd.wire.came("ComposeFileSet")
    await process(pachd).send(upload, 2, b"another end")
    gate.set()
    await completing
    assert await read(pachd.pfs, await head_of(pachd.pfs, BRANCH), PATH) == PART + b"the end"
