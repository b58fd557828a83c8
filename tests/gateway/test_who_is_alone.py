"""The embedded PFS knows whether the gateway serves anything but the request that asks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from gateway.asgi import Receive, Scope, Send
from gateway.composition.choice import open_pfs
from gateway.guards.overload import Overload
from gateway.lifecycle import Lifecycle
from gateway.settings import Settings


async def nothing_comes() -> dict[str, object]:
    raise AssertionError("nobody asks")


async def nobody_listens(_message: object) -> None:
    raise AssertionError("nobody answers")


async def serve(layer: Overload) -> None:
    await layer({"type": "http"}, nothing_comes, nobody_listens)


async def test_requests_are_counted_while_they_are_served() -> None:
    lifecycle = Lifecycle()
    seen: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(lifecycle.requests_now)
        if len(seen) < 3:
            await serve(layer)
        seen.append(lifecycle.requests_now)
        raise ValueError("it fails")

    layer = Overload(app, max_requests=3, lifecycle=lifecycle)
    with pytest.raises(ValueError, match="it fails"):
        await serve(layer)
    assert seen == [1, 2, 3, 3]
    assert lifecycle.requests_now == 0


@pytest.mark.parametrize(("requests", "is_alone"), [(0, True), (1, True), (2, False), (9, False)])
async def test_a_request_is_alone_while_no_other_is_served(
    tmp_path: Path, requests: int, is_alone: bool
) -> None:
    lifecycle = Lifecycle()
    pfs = open_pfs(Settings(pfs=f"embedded:{tmp_path}"), lifecycle=lifecycle)
    assert isinstance(pfs, EmbeddedPfs)
    lifecycle.requests_now = requests
    assert pfs.engine._is_alone() is is_alone
    await pfs.aclose()


async def test_who_serves_nothing_knows_of_nobody(tmp_path: Path) -> None:
    pfs = open_pfs(Settings(pfs=f"embedded:{tmp_path}"))
    assert isinstance(pfs, EmbeddedPfs)
    assert not pfs.engine._is_alone()
    await pfs.aclose()
