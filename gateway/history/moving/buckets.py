"""Which buckets a PFS has."""

from __future__ import annotations

from handlers.addressing import bucket_of
from pfs_client.whole_pfs import WholePfs


async def all_buckets(pfs: WholePfs) -> list[str]:
    """All branches, as buckets; none that holds a gateway's own state."""
    repos = await pfs.list_repo()
    branches = [branch for repo in repos for branch in repo.branches if not branch.is_hidden]
    return sorted(bucket_of(branch) for branch in branches)
