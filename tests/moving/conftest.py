from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from gateway.history.moving import exporting
from pachd_server.__main__ import serving_embedded
from pachd_server.hazards import Hazards
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.whole_pfs import WholePfs
from tests.moving.states import BATCH_FILES, commit_history

KINDS = ("embedded", "pachd")


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a commit of a few files in several parts."""
    monkeypatch.setattr(exporting, "BATCH_FILES", BATCH_FILES)


@contextlib.asynccontextmanager
async def opened(kind: str, directory: Path, *, harmful: bool = True) -> AsyncIterator[WholePfs]:
    """A PFS on this machine, or one that is served as pachd is and does its harm."""
    if kind == "embedded":
        pfs: WholePfs = EmbeddedPfs(directory, synchronous="off")
        yield pfs
        await pfs.aclose()
        return
    hazards = Hazards() if harmful else None
    async with serving_embedded(
        directory, "127.0.0.1:0", synchronous="off", hazards=hazards
    ) as served:
        pfs = WholePachdClient.open(PachdSettings(served.address, call_seconds=20))
        yield pfs
        await pfs.aclose()


@pytest.fixture
async def source(tmp_path: Path) -> AsyncIterator[WholePfs]:
    """An embedded PFS with the history."""
    async with opened("embedded", tmp_path / "source") as pfs:
        await commit_history(pfs)
        yield pfs


@pytest.fixture(params=KINDS)
async def destination(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WholePfs]:
    """An empty PFS of each kind."""
    async with opened(request.param, tmp_path / "destination") as pfs:
        yield pfs
