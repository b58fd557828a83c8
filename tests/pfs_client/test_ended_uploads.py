"""Uploads that are aborted, completed, or that nobody goes on with, leave nothing on a pachd."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from datetime import timedelta

import pytest

from embedded_pfs.database import now_us
from pfs_client.failures import UploadNotFound
from pfs_client.limits.concurrency import for_each
from pfs_client.uploads import caretaking
from pfs_client.uploads.beginnings import SHARED
from pfs_client.values import AddFile, Branch, Commit, File
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.upload_processes import PART, PATH, Process, process
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


async def assert_nothing_is_left(pachd: Pachd, before: Left) -> None:
    """Nothing came but objects, and the one empty commit that all uploads begin with."""
    after = await left_on(pachd)
    assert after.branches == [SHARED, *before.branches]
    assert after.file_sets == before.file_sets
    head = await head_of(pachd.pfs, BRANCH)
    objects = {info.commit async for info in pachd.pfs.list_commit(BRANCH.repo, newest=head)}
    [shared] = after.commits - before.commits - objects
    assert await head_of(pachd.pfs, Branch(BRANCH.repo, SHARED)) == shared
    assert await pachd.pfs.walk_file(File(shared, "/")) == []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("uploads", [100, pytest.param(500, marks=pytest.mark.thorough)])
async def test_uploads_that_end_leave_no_branch_no_file_set_and_no_commit(
    pachd: Pachd, one: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch, uploads: int
) -> None:
    before = await left_on(pachd)

    async def begin(number: int) -> None:
        upload = await one.begin()
        await asyncio.gather(one.send(upload, 1, b"x"), one.send(upload, 2, b"y"))
        if number % 3 == 1:
            await one.uploads.abort(upload)
        elif number % 3 == 2:
            await one.complete(upload)

    await for_each(range(uploads), begin, AT_ONCE)
    await one.uploads.drain()
    await one.writes.drain()
    under_way = await left_on(pachd)
    aborted = len(range(1, uploads, 3))
    assert len(under_way.branches) == len(before.branches) + 1 + uploads - aborted
    assert under_way.file_sets >= before.file_sets + 2 * uploads

    monkeypatch.setattr(caretaking, "KEPT_AFTER_COMPLETION", timedelta(0))
    await one.caretaker(timedelta(0)).go_round()
    clock.later_us += 31 * 60 * 1_000_000
    await pachd.engine.upkeep.round()
    await assert_nothing_is_left(pachd, before)


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
    assert after.branches == [SHARED, *before.branches]
    left = len(after.commits) - len(before.commits)
    # The object's, the one where uploads begin, and one that pachd made for the late record.
    assert left <= 3
    await other.writes.drain()


async def test_the_commit_that_pachd_makes_for_a_late_record_is_dropped_behind_its_branch(
    pachd: Pachd, one: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the one that all uploads begin with never is."""
    upload = await one.begin()
    part = await one.send(upload, 1, b"x")
    await one.uploads.abort(upload)
    await one.uploads.drain()
    await pachd.pfs.modify_file(upload.branch, [AddFile(part.path, b"")])
    late = await pachd.pfs.inspect_head(upload.branch)
    assert late.parent is not None
    monkeypatch.setattr(caretaking, "_KEPT_WITHOUT_RECORD", timedelta(0))
    pachd.wire.calls.clear()
    await one.caretaker().go_round()
    assert upload.branch.name not in await one.names()
    methods = [call.method for call in pachd.wire.calls]
    assert "DropCommit" not in methods[: methods.index("DeleteBranch")]
    dropped = [call.messages[0].commit for call in pachd.wire.of("DropCommit")]
    assert [commit.id for commit in dropped] == [late.commit.id, late.parent.id]
    assert {commit.branch.name for commit in dropped} == {upload.branch.name}


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
