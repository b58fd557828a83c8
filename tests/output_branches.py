"""Branches that a pipeline writes, which S3 has no words for."""

from __future__ import annotations

from gateway.composition import open_pfs
from gateway.settings import Settings
from pfs_client.values import Branch, Repo


async def make_output_branch(pfs_name: str, branch: Branch) -> None:
    """Have a branch written by a pipeline."""
    pfs = open_pfs(Settings(pfs=pfs_name, synchronous="off"))
    source = Branch(Repo("source"), "master")
    try:
        for repo in (source.repo, branch.repo):
            await pfs.create_repo(repo)
        await pfs.create_branch(source)
        await pfs.create_branch(branch, provenance=[source])
    finally:
        await pfs.aclose()
