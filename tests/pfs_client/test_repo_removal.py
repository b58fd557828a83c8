"""What becomes of a repo whose commits PFS does not drop: the first ones of branches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pachd_server.hazards import Hazards
from pfs_client.repo_removal import MARK, Background, RepoRemoval
from pfs_client.values import Branch
from tests.cluster.pachd import Pachd, serving_pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import writes_to

FEW = 5
DEADLY = 4 * FEW + 2


@pytest.fixture
async def pachd(tmp_path: Path) -> AsyncIterator[Pachd]:
    async with serving_pachd(tmp_path, hazards=Hazards(deadly_commits=DEADLY)) as server:
        await server.pfs.create_repo(BRANCH.repo)
        yield server


async def remove(pachd: Pachd, first_commits: int) -> bool:
    """Whether a repo goes with so many commits, the mark's among them."""
    for number in range(first_commits - 1):
        branch = Branch(BRANCH.repo, f"b{number}")
        await pachd.pfs.create_branch(branch)
        await pachd.pfs.delete_branch(branch)
    await pachd.pfs.create_branch(Branch(BRANCH.repo, MARK))
    background, is_done = Background(), asyncio.Event()
    RepoRemoval(pachd.pfs, writes_to(pachd).turn_at, background, FEW).begin(BRANCH.repo)

    async def tell() -> None:
        is_done.set()

    background.begin(tell)  # they go one after the other
    await is_done.wait()
    return not await pachd.pfs.list_repo()


async def test_a_harmless_number_of_first_commits_goes_with_the_repo(pachd: Pachd) -> None:
    assert await remove(pachd, 4 * FEW)
    assert not pachd.wire.of("DropCommit")


async def test_more_first_commits_than_are_harmless_keep_the_repo(
    pachd: Pachd, caplog: pytest.LogCaptureFixture
) -> None:
    assert not await remove(pachd, 4 * FEW + 1)
    assert not pachd.wire.of("DeleteRepo")
    assert "default/r stays, without buckets" in caplog.text
