"""How many statements and pages a call takes: of a small write, each is time that all wait for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from statistics import median

import pytest

from embedded_pfs import listings
from embedded_pfs.branch_rows import BRANCH_ROWS
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.directory import DataDirectory
from embedded_pfs.lineage import IS_HEAD
from embedded_pfs.tips import TIP
from pfs_client.values import AddFile, DeleteFile, File, FileInfo, Part
from tests.embedded_pfs.conftest import BRANCH

OF_THE_TRANSACTION = 2


@pytest.mark.parametrize(("path", "most"), [("/d/replaced", 9), ("/d/new", 11)])
async def test_a_small_write_takes_few_statements(pfs: EmbeddedPfs, path: str, most: int) -> None:
    await pfs.modify_file(BRANCH, [AddFile("/d/replaced", b"1")])
    statements: list[str] = []
    pfs.engine.writing.set_trace_callback(statements.append)
    await pfs.modify_file(BRANCH, [DeleteFile(path), AddFile(path, b"2")])
    pfs.engine.writing.set_trace_callback(None)
    assert len(statements) - OF_THE_TRANSACTION <= most, statements


_WAL_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24


async def test_a_small_write_that_replaces_a_file_writes_eight_pages(
    resting_pfs: EmbeddedPfs,
) -> None:
    """A leaf of each: four tables, and four indexes that go by what is new."""
    pfs = resting_pfs
    connection = pfs.engine.writing
    for number in range(20):
        await pfs.modify_file(BRANCH, [DeleteFile("/a"), AddFile("/a", b"%d" % number)])
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    wal = pfs.engine.directory.path / "pfs.sqlite-wal"
    pages = []
    for number in range(20, 31):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await pfs.modify_file(BRANCH, [DeleteFile("/a"), AddFile("/a", b"%d" % number)])
        frames_bytes = wal.stat().st_size - _WAL_HEADER_BYTES
        pages.append(frames_bytes // (page_bytes + _FRAME_HEADER_BYTES))
    # Where a page is full, it becomes two.
    assert median(pages) == 8, pages


def test_a_head_is_found_by_indexes_alone(directory: DataDirectory) -> None:
    """Whoever looks for one holds up the event loop, or all writes."""
    connection = directory.connect()
    named = f"{BRANCH_ROWS} WHERE project.name = ? AND repo.name = ? AND branch.name = ?"
    is_head = f"SELECT {IS_HEAD} FROM commit_ WHERE id = ?"  # noqa: S608
    for query, parameters in ((named, 3), (TIP, 3), (is_head, 1)):
        plan = connection.execute(f"EXPLAIN QUERY PLAN {query}", [1] * parameters).fetchall()
        steps = [step for *_, step in plan]
        assert not [s for s in steps if s.startswith("SCAN") and s != "SCAN CONSTANT ROW"], steps
    connection.close()


Listing = Callable[[sqlite3.Connection, File, Part], list[FileInfo]]


@pytest.mark.parametrize(
    ("listing", "part"),
    [
        (listings.walk_file, Part("", "/", files=300)),
        (listings.walk_file, Part("/1/", "/1", files=30)),
        (listings.list_file, Part("", "/", number=3)),
    ],
)
async def test_a_page_takes_as_few_statements_whatever_is_in_it(
    pfs: EmbeddedPfs, listing: Listing, part: Part
) -> None:
    names = [f"/{folder}/{number}" for folder in range(100) for number in range(5)]
    await pfs.modify_file(BRANCH, [AddFile(name, b"") for name in names])
    root = File((await pfs.inspect_branch(BRANCH)).head, "/")
    statements: list[str] = []

    def traced(connection: sqlite3.Connection) -> list[FileInfo]:
        connection.set_trace_callback(statements.append)
        page = listing(connection, root, part)
        connection.set_trace_callback(None)
        return page

    page = await pfs.engine.scan(traced)
    found = sum(info.is_file for info in page) if part.files else len(page)
    assert found == (part.files or part.number)
    assert len(statements) <= 3, statements
