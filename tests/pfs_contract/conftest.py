from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, Repo


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[PfsClient]:
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    yield client
    await client.aclose()


@pytest.fixture
async def repo(pfs: PfsClient) -> AsyncIterator[Repo]:
    repo = Repo(f"contract-{uuid.uuid4().hex[:12]}")
    await pfs.create_repo(repo)
    yield repo
    await pfs.delete_repo(repo, force=True)


@pytest.fixture
async def branch(pfs: PfsClient, repo: Repo) -> Branch:
    branch = Branch(repo, "master")
    await pfs.create_branch(branch)
    return branch
