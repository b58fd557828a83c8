"""Branches that a pipeline writes, which S3 has no words for."""

from __future__ import annotations

from embedded_pfs.client import EmbeddedPfs
from gateway.composition.choice import embedded_directory, is_embedded, pachd_settings
from gateway.settings import Settings
from pfs_client.pachd.whole_client import WholePachdClient
from pfs_client.values import Branch, Repo
from pfs_client.whole_pfs import WholePfs


async def make_output_branch(pfs_name: str, branch: Branch) -> None:
    """Have a branch written by a pipeline."""
    pfs = _opened(Settings(pfs=pfs_name, synchronous="off"))
    source = Branch(Repo("source"), "master")
    try:
        for repo in (source.repo, branch.repo):
            await pfs.create_repo(repo)
        await pfs.create_branch(source)
        await pfs.create_branch(branch, provenance=[source])
    finally:
        await pfs.aclose()


def _opened(settings: Settings) -> WholePfs:
    if is_embedded(settings):
        return EmbeddedPfs(embedded_directory(settings), synchronous="off")
    return WholePachdClient.open(pachd_settings(settings))
