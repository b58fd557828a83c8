"""DeleteBucket takes its turn: no write that was answered goes with its bucket."""

from __future__ import annotations

import asyncio

import pytest

from handlers.buckets import delete_bucket
from handlers.exchange import S3Request, Services
from pfs_client.limits.memory_budget import Share
from pfs_client.values import Branch, Repo
from tests.handlers.conftest import BRANCH


async def _nothing() -> dict[str, object]:
    raise AssertionError("there is no body")


@pytest.mark.parametrize("what", [BRANCH, BRANCH.repo])
async def test_a_bucket_is_not_deleted_while_a_group_is_committed_to_it(
    services: Services, what: Branch | Repo
) -> None:
    memory = Share(services.memory)
    request = S3Request("master.r", "", {}, {}, {}, _nothing, services, memory)
    async with services.writes.turn_at(what):
        deleting = asyncio.create_task(delete_bucket(request))
        await asyncio.sleep(0.1)
        assert not deleting.done()
        assert (await services.pfs.inspect_branch(BRANCH)).branch == BRANCH
    assert (await deleting).status == 204
    assert await services.pfs.list_repo() == []
