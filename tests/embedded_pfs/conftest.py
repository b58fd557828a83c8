from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.directory import DataDirectory
from pfs_client.values import Branch, Repo

BRANCH = Branch(Repo("r"), "master")


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[DataDirectory]:
    """A data directory that is new."""
    opened = DataDirectory(tmp_path, synchronous="off")
    yield opened
    opened.close()


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    """A PFS with one branch, which is empty."""
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    await client.create_repo(BRANCH.repo)
    await client.create_branch(BRANCH)
    yield client
    await client.aclose()
