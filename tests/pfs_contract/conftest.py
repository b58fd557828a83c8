from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from pachd_server.__main__ import Served, serving_embedded
from pachd_server.hazards import Hazards
from pachd_server.server import serving
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.values import Branch, Repo
from pfs_client.whole_pfs import WholePfs

PACHD = os.environ.get("PFS_TEST_ADDRESS")

REMOTE = ["grpc", "grpc, passed on", *(["pachd"] if PACHD else [])]


@pytest.fixture(params=["embedded", *REMOTE])
async def pfs(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WholePfs]:
    """Every PFS there is; `PFS_TEST_ADDRESS` names a pachd of yours, HOST:PORT."""
    if request.param == "embedded":
        client: WholePfs = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
        yield client
        await client.aclose()
    elif request.param == "grpc":
        async with harmful(tmp_path / "pfs") as served:
            client = WholePachdClient.open(PachdSettings(served.address, call_seconds=20))
            yield client
            await client.aclose()
    elif request.param == "grpc, passed on":
        async with passing_on(tmp_path / "pfs") as client:
            yield client
    else:
        client = WholePachdClient.open(PachdSettings(str(PACHD)))
        yield client
        await client.aclose()


@contextlib.asynccontextmanager
async def harmful(directory: Path) -> AsyncIterator[Served]:
    """A server that does harm as pachd does."""
    async with serving_embedded(
        directory, "127.0.0.1:0", synchronous="off", hazards=Hazards()
    ) as served:
        yield served


@contextlib.asynccontextmanager
async def passing_on(directory: Path) -> AsyncIterator[WholePfs]:
    """A client of a server that speaks for another server."""
    async with harmful(directory) as served:
        behind = WholePachdClient.open(PachdSettings(served.address, call_seconds=20))
        async with serving(behind, "127.0.0.1:0") as address:
            client = WholePachdClient.open(PachdSettings(address, call_seconds=20))
            yield client
            await client.aclose()
        await behind.aclose()


@pytest.fixture
async def repo(pfs: WholePfs) -> AsyncIterator[Repo]:
    repo = Repo(f"contract-{uuid.uuid4().hex[:12]}")
    await pfs.create_repo(repo)
    yield repo
    await pfs.delete_repo(repo, force=True)


@pytest.fixture
async def branch(pfs: WholePfs, repo: Repo) -> Branch:
    branch = Branch(repo, "master")
    await pfs.create_branch(branch)
    return branch
