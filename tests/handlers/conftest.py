"""What handlers work with, on an embedded PFS with one bucket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from handlers.exchange import Limits, Services
from pfs_client.group_commit.committer import EmbeddedCommitter
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.history.change_times import KnownTimes
from pfs_client.limits.memory_budget import MemoryBudget
from pfs_client.limits.transfers import Transfers
from pfs_client.reading.commit_cache import direct_reads
from pfs_client.repo_removal import Background, RepoRemoval
from pfs_client.uploads.uploads import Uploads
from pfs_client.values import Branch, Repo

BRANCH = Branch(Repo("r"), "master")


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    pfs = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    writes = GroupedWrites(pfs, EmbeddedCommitter(pfs), inline_bytes=1000)
    reads = direct_reads(pfs, 0, 0)
    removal = RepoRemoval(pfs, writes.turn_at, Background(), few_commits=None)
    limits, memory = Limits(1, 1, 1), MemoryBudget(1000)
    uploads = Uploads(pfs, writes, Transfers(pfs))
    yield Services(pfs, reads, KnownTimes(), writes, limits, memory, removal, uploads)
    await pfs.aclose()
