"""Many files, and a file that is larger than the memory that a move may take."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, Change
from tests.moving.states import BUCKET, SOURCE, was
from tests.servers import PfsProcess

FILES = 10_000
PIECES = 1000
PIECE_BYTES = 1024 * 1024
MEMORY_KB = 500_000
"""More than this process takes, whose size a child has before it is the command."""

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(900)]


def moved(*arguments: str | Path) -> None:
    """Run a command, which may take no more memory than it may."""
    process = subprocess.Popen([sys.executable, "-m", "gateway", *map(str, arguments)])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    assert used.ru_maxrss < MEMORY_KB < PIECES * PIECE_BYTES / 1024


async def large_changes() -> AsyncIterator[Change]:
    for _ in range(PIECES):
        yield AddFile("/large", os.urandom(PIECE_BYTES))


async def test_a_large_file_and_many_are_there_and_back_in_little_memory(tmp_path: Path) -> None:
    source = EmbeddedPfs(tmp_path / "source", synchronous="off")
    await source.create_repo(SOURCE.repo)
    await source.create_branch(SOURCE)
    await source.modify_stream(SOURCE, large_changes())
    many = [AddFile(f"/many/{number}", b"%d" % number) for number in range(FILES)]
    await source.modify_file(SOURCE, many)
    expected = [one.files for one in await was(source, SOURCE)]
    await source.aclose()
    back = tmp_path / "back"
    with PfsProcess(tmp_path / "pachd") as pachd:
        steps: tuple[tuple[str | Path, ...], ...] = (
            (f"embedded:{tmp_path / 'source'}", "export", BUCKET, tmp_path / "out", "--history"),
            (pachd.address, "import", tmp_path / "out"),
            (pachd.address, "export", BUCKET, tmp_path / "again", "--history"),
            (f"embedded:{back}", "import", tmp_path / "again"),
        )
        for pfs, *arguments in steps:
            await asyncio.to_thread(moved, "--pfs", pfs, *arguments)
    returned = EmbeddedPfs(back, synchronous="off")
    assert [one.files for one in await was(returned, SOURCE)] == expected
    await returned.aclose()
