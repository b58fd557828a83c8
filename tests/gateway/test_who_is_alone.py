"""The embedded PFS knows whether the gateway serves anything but the request that asks it."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import uvicorn
from prometheus_client.parser import text_string_to_metric_families
from uvicorn.server import ServerState

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.pace import QUICK_WRITES
from gateway.asgi import Receive, Scope, Send
from gateway.composition.choice import open_pfs
from gateway.composition.root import Composition
from gateway.http.protocol import S3Protocol
from gateway.identity import ANYBODY
from gateway.lifecycle import Lifecycle
from gateway.observing.metrics import Metrics
from gateway.observing.request_observer import RequestObserver
from gateway.settings import Settings
from pfs_client.observer import UNOBSERVED
from tests.pfs_client.groups import until
from tests.raw_http import Connection, send
from tests.servers import GatewayProcess


class Counting:
    """An app that notes how many requests there are when it is called."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.lifecycle = Lifecycle()
        self.observer = RequestObserver(Metrics(), None)
        self.seen: list[int] = []

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        self.seen.append(self.lifecycle.requests_now)
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


async def test_requests_of_one_turn_are_counted_before_the_first_is_looked_at() -> None:
    app, state = Counting(), ServerState()
    config = cast("uvicorn.Config", SimpleNamespace(loaded_app=app))
    server = await asyncio.get_running_loop().create_server(
        lambda: S3Protocol(config, state), "127.0.0.1", 0
    )
    clients = [socket.create_connection(server.sockets[0].getsockname()) for _ in range(3)]
    await until(lambda: len(state.connections) == len(clients))
    for expected in ([3, 3, 3], [1]):
        asking = clients[: len(expected)]
        for client in asking:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await until(lambda: app.seen and not app.lifecycle.requests_now)
        assert app.seen == expected
        app.seen.clear()
        for client in asking:
            assert client.recv(4096).startswith(b"HTTP/1.1 204 ")
    for client in clients:
        client.close()
    server.close()
    await server.wait_closed()


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


@pytest.mark.parametrize("is_embedded", [True, False])
async def test_writes_of_the_embedded_pfs_know_it_too(tmp_path: Path, is_embedded: bool) -> None:
    """On pachd a group asks for the current task, and begins as one of its own."""
    lifecycle = Lifecycle()
    pfs = f"embedded:{tmp_path / 'pfs'}" if is_embedded else "grpc://127.0.0.1:1"
    settings = Settings(pfs=pfs, state_dir=str(tmp_path / "state"))
    composition = Composition(settings, UNOBSERVED, lifecycle)
    await composition.open()
    writes = composition.services_of(ANYBODY).writes
    assert writes._queues._is_alone() is is_embedded
    lifecycle.requests_now = 2
    assert not writes._queues._is_alone()
    await composition.close()


async def test_who_serves_nothing_knows_of_nobody(tmp_path: Path) -> None:
    pfs = open_pfs(Settings(pfs=f"embedded:{tmp_path}"))
    assert isinstance(pfs, EmbeddedPfs)
    assert not pfs.engine._is_alone()
    await pfs.aclose()


def test_requests_that_come_together_share_a_commit_where_lone_ones_go_at_once(
    tmp_path: Path,
) -> None:
    with GatewayProcess(tmp_path / "pfs") as gateway, ExitStack() as stack:
        assert send(gateway, "PUT", "/master.together").status == 200
        clients = [stack.enter_context(Connection(gateway)) for _ in range(8)]
        for _ in range(QUICK_WRITES + 1):  # now it writes on the event loop
            assert clients[0].request("PUT", "/master.together/lone", b"1").status == 200
        for client in clients[1:]:
            assert client.request("GET", "/master.together/lone").status == 200
        before = groups_of(gateway)
        gateway.process.send_signal(signal.SIGSTOP)
        for number, client in enumerate(clients):
            client.send(client.head("PUT", f"/master.together/{number}", b"1") + b"1")
        gateway.process.send_signal(signal.SIGCONT)
        assert [client.read().status for client in clients] == [200] * len(clients)
        assert groups_of(gateway) == before + 1


def groups_of(gateway: GatewayProcess) -> float:
    """How many commits it has made for requests."""
    page = send(gateway, "GET", "/-/metrics").body.decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    samples = families["s3gateway_group_requests"].samples
    return next(sample.value for sample in samples if sample.name.endswith("_count"))
