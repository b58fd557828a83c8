from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pfs_client.values import Branch, Repo
from tests.cluster.pachd import Pachd, serving_pachd

BRANCH = Branch(Repo("r"), "master")


@pytest.fixture
def call_seconds() -> float:
    """How long a call may take, for tests to override."""
    return 20


@pytest.fixture
async def pachd(tmp_path: Path, call_seconds: float) -> AsyncIterator[Pachd]:
    """A pachd with one branch."""
    async with serving_pachd(tmp_path / "pachd", call_seconds=call_seconds) as server:
        await server.pfs.create_repo(BRANCH.repo)
        await server.pfs.create_branch(BRANCH)
        server.wire.calls.clear()
        yield server
