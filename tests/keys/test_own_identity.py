"""What the gateway does in the background, where each request has a token of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from gateway.settings import Settings
from pachd_server.__main__ import Served, serving_embedded
from pachd_server.users import Role, Users
from pfs_client.repo_removal import MARK
from pfs_client.values import Branch, Repo
from tests.cluster.conftest import running_in_process
from tests.keys.signer import Key, Signer

GATEWAY, OWNER = "gateway0123456789abcdef", "owner0123456789abcdef"
REPO = Repo("images")


class Calls(grpc.aio.ServerInterceptor):
    """Which calls came, with which token."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: Any
    ) -> Any:
        token = dict(details.invocation_metadata).get("authn-token", "")
        self.seen.append((details.method.rpartition("/")[2], token))
        return await continuation(details)


@dataclass
class At:
    """Where a gateway is."""

    host: str
    port: int


async def is_gone(served: Served) -> bool:
    return REPO not in [info.repo for info in await served.pfs.list_repo()]


def users() -> Users:
    known = Users()
    known.add(GATEWAY, "robot:gateway")
    known.add(OWNER, "user:owner@example.com")
    for name in ("robot:gateway", "user:owner@example.com"):
        known.grant(name, REPO, Role.REPO_OWNER)
    return known


@asynccontextmanager
async def deleting(directory: Path, calls: Calls) -> AsyncIterator[Served]:
    """A pachd with a repo whose deletion a gateway began, and did not end."""
    async with serving_embedded(
        directory, "127.0.0.1:0", synchronous="off", users=users(), interceptors=[calls]
    ) as served:
        await served.pfs.create_repo(REPO)
        await served.pfs.create_branch(Branch(REPO, MARK))
        yield served


async def test_the_gateway_s_own_token_goes_on_with_a_deletion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls()
    async with deleting(tmp_path, calls) as served:
        given = Settings(pfs=f"grpc://{served.address}", pachd_keys=True, pfs_token=GATEWAY)
        async with running_in_process(given, monkeypatch):
            async with asyncio.timeout(60):
                while not await is_gone(served):  # noqa: ASYNC110 - a PFS tells nobody
                    await asyncio.sleep(0.02)
    assert {token for method, token in calls.seen if method == "DeleteRepo"} == {GATEWAY}


async def test_without_a_token_of_its_own_the_gateway_asks_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = Calls()
    async with deleting(tmp_path, calls) as served:
        given = Settings(pfs=f"grpc://{served.address}", pachd_keys=True)
        async with running_in_process(given, monkeypatch) as endpoint:
            host, _, port = endpoint.partition("://")[2].rpartition(":")
            asked = Signer(Key(OWNER, OWNER)).send
            for _ in range(3):
                answer = await asyncio.to_thread(asked, At(host, int(port)), "GET", "/")
                assert answer.status == 200
        assert not await is_gone(served)
    # It greets pachd, which needs no token; all else is for who asked.
    assert {method for method, token in calls.seen if token != OWNER} == {"GetVersion"}
