from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded_pfs.grpc_server import serving
from pfs_client.grpc_channel import GrpcSettings
from pfs_client.grpc_client import GrpcPfs
from pfs_client.values import Branch, Repo
from tests.cluster.wire import Wire

BRANCH = Branch(Repo("r"), "master")


@dataclass
class Remote:
    """A PFS behind its wire, with an empty branch."""

    pfs: GrpcPfs
    wire: Wire


@pytest.fixture
async def remote(tmp_path: Path) -> AsyncIterator[Remote]:
    wire = Wire()
    async with serving(tmp_path / "pfs", "127.0.0.1:0", synchronous="off", interceptors=[wire]) as (
        _,
        address,
    ):
        pfs = GrpcPfs(GrpcSettings(address))
        await pfs.create_repo(BRANCH.repo)
        await pfs.create_branch(BRANCH)
        wire.calls.clear()
        yield Remote(pfs, wire)
        await pfs.aclose()
