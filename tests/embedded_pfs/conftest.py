from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.directory import DataDirectory
from embedded_pfs.upkeep import UpkeepRules
from pfs_client.values import Branch, Repo

BRANCH = Branch(Repo("r"), "master")
SELDOM = UpkeepRules(seconds_between=1_000_000)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DataDirectory]:
    """A data directory that is new."""
    opened = DataDirectory(tmp_path, synchronous="off")
    yield opened
    opened.close()


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    """A PFS with one branch, which is empty."""
    async with with_branch(EmbeddedPfs(tmp_path / "pfs", synchronous="off")) as client:
        yield client


@pytest.fixture
async def resting_pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    """The same, whose upkeep has had its first round and rests."""
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off", rules=SELDOM)
    async with with_branch(client):
        await client.engine.upkeep.round()
        yield client


@asynccontextmanager
async def with_branch(client: EmbeddedPfs) -> AsyncIterator[EmbeddedPfs]:
    await client.create_repo(BRANCH.repo)
    await client.create_branch(BRANCH)
    yield client
    await client.aclose()
