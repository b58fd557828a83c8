"""How many statements a call takes. Each of a small write is time that every write waits for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from embedded_pfs import listings
from embedded_pfs.client import EmbeddedPfs
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
