from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded_pfs.database import Clock, now_us
from pfs_client.values import Branch, Repo
from tests.cluster.pachd import Pachd, serving_pachd

if TYPE_CHECKING:
    from tests.pfs_client.upload_processes import Process

BRANCH = Branch(Repo("r"), "master")


@pytest.fixture
def call_seconds() -> float:
    """How long a call may take, for tests to override."""
    return 20


@pytest.fixture
def clock() -> Clock:
    """What file sets expire by, for tests to override."""
    return now_us


@pytest.fixture
async def pachd(tmp_path: Path, call_seconds: float, clock: Clock) -> AsyncIterator[Pachd]:
    """A pachd with one branch."""
    async with serving_pachd(tmp_path / "pachd", call_seconds=call_seconds, clock=clock) as server:
        await server.pfs.create_repo(BRANCH.repo)
        await server.pfs.create_branch(BRANCH)
        server.wire.calls.clear()
        yield server


@pytest.fixture
async def one(pachd: Pachd) -> AsyncIterator[Process]:
    """A gateway that is left in peace at the end."""
    from tests.pfs_client.upload_processes import process  # it needs what stands here

    started = process(pachd)
    yield started
    await started.uploads.drain()
    await started.writes.drain()
