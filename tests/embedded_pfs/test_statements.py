"""How many statements a small write takes: each is time that every write waits for."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, Branch, DeleteFile, Repo

BRANCH = Branch(Repo("r"), "master")
OF_THE_TRANSACTION = 2


@pytest.mark.parametrize(("path", "most"), [("/d/replaced", 10), ("/d/new", 12)])
async def test_a_small_write_takes_few_statements(tmp_path: Path, path: str, most: int) -> None:
    pfs = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    await pfs.modify_file(BRANCH, [AddFile("/d/replaced", b"1")])
    statements: list[str] = []
    pfs.engine.writing.set_trace_callback(statements.append)
    await pfs.modify_file(BRANCH, [DeleteFile(path), AddFile(path, b"2")])
    pfs.engine.writing.set_trace_callback(None)
    await pfs.aclose()
    assert len(statements) - OF_THE_TRANSACTION <= most, statements
