"""Every read is of one moment, whatever is written meanwhile."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from embedded_pfs.branch_cache import BranchCache
from embedded_pfs.client import EmbeddedPfs
from pfs_client.failures import CommitNotFound, HeadMoved
from pfs_client.values import AddFile, Branch, Commit, CommitInfo, File, Repo
from tests.pfs_contract.reading import head_of, put, read

BRANCH = Branch(Repo("r"), "master")


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    client.engine.upkeep._task.cancel()  # only the test reads here
    await client.create_repo(BRANCH.repo)
    await client.create_branch(BRANCH)
    await put(client, BRANCH, "/d/f", b"1")
    # Upkeep also reads: the next round comes when a test has long ended.
    await client.engine.upkeep.round()
    yield client
    await client.aclose()


class Meanwhile:
    """A connection between each two of whose statements somebody else writes."""

    def __init__(self, connection: sqlite3.Connection, write: Callable[[], None]) -> None:
        self._connection = connection
        self._write = write

    def execute(self, statement: str, *arguments: Any) -> sqlite3.Cursor:
        cursor = self._connection.execute(statement, *arguments)
        if not statement.startswith(("BEGIN", "COMMIT", "PRAGMA")):
            self._write()
        return cursor


async def _commits(pfs: EmbeddedPfs, head: Commit) -> list[CommitInfo]:
    return [info async for info in pfs.list_commit(head.repo)]


READS: dict[str, Callable[[EmbeddedPfs, Commit], Awaitable[object]]] = {
    "list_repo": lambda pfs, head: pfs.list_repo(),
    "inspect_repo": lambda pfs, head: pfs.inspect_repo(head.repo),
    "list_branch": lambda pfs, head: pfs.list_branch(head.repo),
    "inspect_branch": lambda pfs, head: pfs.inspect_branch(BRANCH),
    "inspect_commit": lambda pfs, head: pfs.inspect_commit(head),
    "list_commit": _commits,
    "inspect_file": lambda pfs, head: pfs.inspect_file(File(head, "/d/f")),
    "inspect_directory": lambda pfs, head: pfs.inspect_directory(File(head, "/")),
    "list_file": lambda pfs, head: pfs.list_file(File(head, "/d")),
    "walk_file": lambda pfs, head: pfs.walk_file(File(head, "/")),
    "get_file": lambda pfs, head: read(pfs, head, "/d/f"),
}


@pytest.mark.parametrize("name", READS)
async def test_a_read_sees_nothing_of_what_is_written_while_it_lasts(
    pfs: EmbeddedPfs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    head = await head_of(pfs, BRANCH)
    before = await READS[name](pfs, head)
    other = sqlite3.connect(
        tmp_path / "pfs" / "pfs.sqlite", isolation_level=None, check_same_thread=False
    )
    wrote = 0

    def write() -> None:
        # The whole repo goes while somebody looks at it, and others come.
        nonlocal wrote
        wrote += 1
        if wrote == 1:
            for table in ("branch", "commit_", "line", "repo", "file"):
                other.execute(f"DELETE FROM {table}")  # noqa: S608 - of these
        other.execute("INSERT INTO repo VALUES (?, 1, ?, '', 1)", (wrote + 100, f"new{wrote}"))

    scan = pfs.engine._scan_connection
    monkeypatch.setattr(pfs.engine, "_near", Meanwhile(pfs.engine._near, write))
    monkeypatch.setattr(pfs.engine, "_scan_connection", lambda: Meanwhile(scan(), write))
    monkeypatch.setattr(pfs, "_branches", BranchCache())
    assert await READS[name](pfs, head) == before
    assert wrote
    other.close()


async def test_a_commit_that_goes_while_it_is_inspected_is_there_or_not(pfs: EmbeddedPfs) -> None:
    head = await head_of(pfs, BRANCH)
    statements: list[str] = []
    pfs.engine._near.set_trace_callback(statements.append)
    await pfs.inspect_commit(head)
    pfs.engine._near.set_trace_callback(None)
    assert len(statements) == 1
    await pfs.drop_commit(head)
    with pytest.raises(CommitNotFound):
        await pfs.inspect_commit(head)


async def test_a_branch_with_an_open_head_goes_only_while_nothing_is_in_it(
    pfs: EmbeddedPfs,
) -> None:
    new = Branch(BRANCH.repo, "new")
    await pfs.create_branch(new)
    opened = await pfs.start_commit(new)
    await put(pfs, new, "/written-after-the-look", b"1")
    with pytest.raises(HeadMoved):
        await pfs.delete_branch(new, expected_head=opened)
    assert await read(pfs, opened, "/written-after-the-look") == b"1"
    await pfs.delete_branch(new)


async def test_a_branch_with_an_open_head_that_is_empty_goes(pfs: EmbeddedPfs) -> None:
    new = Branch(BRANCH.repo, "new")
    await pfs.create_branch(new)
    await pfs.delete_branch(new, expected_head=await pfs.start_commit(new))
    assert [info.branch for info in await pfs.list_branch(BRANCH.repo)] == [BRANCH]


@pytest.mark.parametrize("before", [b"", b"small", os.urandom(100_000)])
@pytest.mark.parametrize("after", [b"", b"more"])
async def test_nothing_can_be_appended(pfs: EmbeddedPfs, before: bytes, after: bytes) -> None:
    await put(pfs, BRANCH, "/f", before)
    await pfs.modify_file(BRANCH, [AddFile("/f", after)])
    assert await read(pfs, await head_of(pfs, BRANCH), "/f") == before + after
