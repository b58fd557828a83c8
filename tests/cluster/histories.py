"""Histories that a gateway has read before a test begins to count."""

from __future__ import annotations

import asyncio

from pfs_client.history import chains
from pfs_client.history.index_file import IndexFile
from pfs_client.values import Branch
from tests.cluster.conftest import Cluster


async def read_history(cluster: Cluster, branch: Branch) -> None:
    """Have the gateway read a branch's history, without asking it for anything.

    Its state directory is `state`, beside the PFS's.
    """
    head = (await cluster.pachd.inspect_branch(branch)).head
    info = await cluster.pachd.inspect_commit(head, wait_finished=True)
    connection = IndexFile(cluster.engine.directory.path.parent / "state").connect()
    await asyncio.sleep(0.05)  # what the gateway has just written goes into its index by itself
    try:
        if chains.place_of(connection, head) is None:
            chains.begin(connection, info, None)
        async with asyncio.timeout(100):
            while chains.next_to_read(connection) is not None:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.02)
    finally:
        connection.close()
