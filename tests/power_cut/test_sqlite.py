"""What is asked of SQLite, and that it does it: its own calls, as the system sees them."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.database import Transaction
from pfs_client.values import Branch, Repo
from tests.pfs_contract.reading import head_of, put, read

BRANCH = Branch(Repo("r"), "master")


async def test_the_connection_that_writes_syncs_each_commit(tmp_path: Path) -> None:
    pfs = EmbeddedPfs(tmp_path)
    execute = pfs.engine.writing.execute
    assert execute("PRAGMA synchronous").fetchone() == (2,)
    assert execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert execute("PRAGMA foreign_keys").fetchone() == (1,)
    await pfs.aclose()


@pytest.mark.parametrize(("given", "level"), [("off", 0), ("normal", 1), ("full", 2)])
async def test_synchronous_is_what_was_asked_for(tmp_path: Path, given: str, level: int) -> None:
    pfs = EmbeddedPfs(tmp_path, synchronous=given)  # type: ignore[arg-type]
    assert pfs.engine.writing.execute("PRAGMA synchronous").fetchone() == (level,)
    await pfs.aclose()


async def test_readers_and_a_writer_do_not_wait_for_each_other(tmp_path: Path) -> None:
    pfs = EmbeddedPfs(tmp_path)
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    await put(pfs, BRANCH, "/a", b"1")
    other = sqlite3.connect(tmp_path / "pfs.sqlite", isolation_level=None)
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM file").fetchone() == (1,)
    async with asyncio.timeout(10):
        await put(pfs, BRANCH, "/b", b"1")  # while somebody reads
    assert other.execute("SELECT count(*) FROM file").fetchone() == (1,)
    other.execute("COMMIT")
    with Transaction(other):
        async with asyncio.timeout(10):
            assert (
                await read(pfs, await head_of(pfs, BRANCH), "/b") == b"1"
            )  # while somebody writes
    other.close()
    await pfs.aclose()


WRITES = """
import asyncio, os, sys
from pathlib import Path
from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, Branch, Repo

async def main():
    pfs = EmbeddedPfs(Path(sys.argv[1]))
    branch = Branch(Repo("r"), "master")
    await pfs.create_repo(branch.repo)
    await pfs.create_branch(branch)
    for number in range(5):
        os.write(1, b"begin %d\\n" % number)
        await pfs.modify_file(branch, [AddFile(f"/{number}", os.urandom((number % 2) * 100_000))])
        os.write(1, b"answer %d\\n" % number)
    await pfs.aclose()

asyncio.run(main())
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_what_was_written_is_synced_before_it_is_answered(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    asked = "trace=openat,close,write,pwrite64,fsync,fdatasync"
    traced = subprocess.run(
        ["strace", "-f", "-y", "-o", str(trace), "-e", asked, sys.executable, "-c", WRITES,
         str(tmp_path / "pfs")],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if "ptrace" in traced.stderr:
        pytest.skip(f"nothing can be traced here: {traced.stderr.strip()}")
    assert traced.returncode == 0, traced.stderr
    answers = 0
    unsynced: set[str] = set()
    for line in trace.read_text().splitlines():
        if '"answer' in line:
            answers += 1
            assert not unsynced, f"answer {answers}"
        for call, file in re.findall(r"(\w+)\(\d+<(/[^>]*)>", line):
            if str(tmp_path / "pfs") not in file or file.endswith("-shm"):
                continue
            if call in ("write", "pwrite64"):
                unsynced.add(file)
            elif call in ("fsync", "fdatasync"):
                unsynced.discard(file)
    assert answers == 5
