"""A gateway, a network and a pachd on one event loop, where everything can be counted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config

from embedded_pfs.engine import Engine
from embedded_pfs.grpc_server import serving
from gateway.app import create_app
from gateway.settings import Settings
from pfs_client.grpc_channel import GrpcSettings
from pfs_client.grpc_client import GrpcPfs
from tests.cluster.fault_proxy import FaultProxy
from tests.cluster.wire import Wire

SETTLE_SECONDS = 20.0


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Cluster:
    """Everything there is."""

    engine: Engine
    wire: Wire
    proxy: FaultProxy
    pachd: GrpcPfs
    endpoint: str
    tasks: int = 0

    @property
    def port(self) -> int:
        """The gateway's."""
        return int(self.endpoint.rpartition(":")[2])

    async def s3(self, operation: str, **parameters: Any) -> Any:
        """An S3 operation as boto3 does it, once."""
        return await self.in_thread(partial(getattr(self._boto3, operation), **parameters))

    @property
    def requests(self) -> int:
        """How many requests the gateway has under way."""
        return sum("run_asgi" in str(task.get_coro()) for task in asyncio.all_tasks())

    async def in_thread(self, call: Callable[[], Any]) -> Any:
        """Do what blocks, in a thread that no server needs."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def __post_init__(self) -> None:
        self._threads = ThreadPoolExecutor(32)
        self._boto3 = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="anything",
            config=Config(
                retries={"total_max_attempts": 1}, read_timeout=60, max_pool_connections=32
            ),
        )

    async def settle(self) -> None:
        """Wait until nothing runs that is not always there.

        Raises:
            AssertionError: Something keeps running.
        """
        end = asyncio.get_running_loop().time() + SETTLE_SECONDS
        while self.wire.active or len(asyncio.all_tasks()) > self.tasks:
            if asyncio.get_running_loop().time() > end:
                left = "\n".join(map(repr, asyncio.all_tasks()))
                raise AssertionError(f"{self.wire.active} calls and these tasks are left:\n{left}")
            await asyncio.sleep(0.02)

    def close(self) -> None:
        self._boto3.close()
        self._threads.shutdown()


@pytest.fixture
def options() -> dict[str, Any]:
    """Settings of the gateway, for tests to override."""
    return {}


@pytest.fixture
async def cluster(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Cluster]:
    wire = Wire()
    async with serving(tmp_path / "pfs", "127.0.0.1:0", synchronous="off", interceptors=[wire]) as (
        engine,
        address,
    ):
        proxy = FaultProxy(address)
        await proxy.start()
        pachd = GrpcPfs(GrpcSettings(address))
        settings = Settings(pfs=f"grpc://{proxy.address}", **{"pfs_call_seconds": 2.0, **options})
        async with _gateway(settings, monkeypatch) as endpoint:
            cluster = Cluster(engine, wire, proxy, pachd, endpoint)
            await cluster.s3("create_bucket", Bucket="master.r")
            await _calm(wire)
            cluster.tasks = len(asyncio.all_tasks())
            wire.calls.clear()
            yield cluster
            cluster.close()
        await pachd.aclose()
        await proxy.stop()


async def _calm(wire: Wire) -> None:
    """Wait until what a start leaves running has ended."""
    count = -1
    while wire.active or count != len(asyncio.all_tasks()):
        count = len(asyncio.all_tasks())
        await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def _gateway(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    monkeypatch.setattr("gateway.http_protocol.process_settings", lambda: settings)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(settings),
        http="gateway.http_protocol:S3Protocol",
        lifespan="on",
        log_config=None,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    serving_task = asyncio.create_task(server.serve(sockets=[listener]))
    await _until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving_task


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
