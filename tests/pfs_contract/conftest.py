from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from pachd_server.server import serving
from pfs_client.interface import PfsClient
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.client import PachdClient
from pfs_client.values import Branch, Repo

PACHD = os.environ.get("PFS_TEST_ADDRESS")


@pytest.fixture(params=["embedded", "grpc", *(["pachd"] if PACHD else [])])
async def pfs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PfsClient]:
    """Every PFS there is; `PFS_TEST_ADDRESS` names a pachd of yours, HOST:PORT."""
    if request.param == "embedded":
        client: PfsClient = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
        yield client
        await client.aclose()
    elif request.param == "grpc":
        async with serving(tmp_path / "pfs", "127.0.0.1:0", synchronous="off") as (_, address):
            client = PachdClient(PachdSettings(address, call_seconds=20))
            yield client
            await client.aclose()
    else:
        client = PachdClient(PachdSettings(str(PACHD)))
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
