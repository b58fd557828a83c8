"""A gateway, a network and a pachd on one event loop, where everything can be counted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError

from gateway.app import create_app
from gateway.settings import Settings
from pachd_server.hazards import Hazards
from tests.cluster.fault_proxy import FaultProxy
from tests.cluster.invariants import assert_harmless
from tests.cluster.pachd import Pachd, serving_pachd
from tests.cluster.wire import Wire

SETTLE_SECONDS = 60.0


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Gateway:
    """A gateway on this event loop, and boto3 to speak to it.

    Args:
        endpoint: Where it is.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.port = int(endpoint.rpartition(":")[2])
        self._threads = ThreadPoolExecutor(32)
        self._boto3 = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="anything",
            config=Config(
                retries={"total_max_attempts": 1}, read_timeout=60, max_pool_connections=32
            ),
        )

    @property
    def requests(self) -> int:
        """How many requests the gateway has under way."""
        return sum("S3Protocol._run" in str(task.get_coro()) for task in asyncio.all_tasks())

    async def s3(self, operation: str, **parameters: Any) -> Any:
        """An S3 operation as boto3 does it, once."""
        return await self.in_thread(partial(getattr(self._boto3, operation), **parameters))

    async def refusal(self, operation: str, **parameters: Any) -> tuple[int, str, bool]:
        """How an operation fails: status, code, and whether it says when to try again."""
        with pytest.raises(ClientError) as refused:
            await self.s3(operation, **parameters)
        answer = refused.value.response
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        is_promised = "retry-after" in answer["ResponseMetadata"]["HTTPHeaders"]
        return status, answer["Error"]["Code"], is_promised

    async def content_of(self, key: str, bucket: str = "master.r") -> bytes | None:
        """An object's bytes; None where there is none."""
        try:
            got = await self.s3("get_object", Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return None
        return cast(bytes, await self.in_thread(got["Body"].read))

    async def in_thread(self, call: Callable[[], Any]) -> Any:
        """Do what blocks, in a thread that no server needs."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def close(self) -> None:
        self._boto3.close()
        self._threads.shutdown()


class Cluster(Gateway):
    """A gateway, and everything that it stands before.

    Args:
        server: The pachd.
        proxy: The network between the two.
        endpoint: The gateway's.
    """

    def __init__(self, server: Pachd, proxy: FaultProxy, endpoint: str) -> None:
        super().__init__(endpoint)
        self.server = server
        self.proxy = proxy
        self.engine = server.engine
        self.wire = server.wire
        self.finishing = server.finishing
        self.pachd = server.pfs
        self.tasks = 0

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


@pytest.fixture
def options() -> dict[str, Any]:
    """Settings of the gateway, for tests to override."""
    return {}


@pytest.fixture
def hazards() -> Hazards:
    """What ends the pachd, for tests to override."""
    return Hazards()


@pytest.fixture
async def cluster(
    tmp_path: Path, options: dict[str, Any], hazards: Hazards, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Cluster]:
    async with serving_pachd(tmp_path / "pfs", hazards=hazards) as server:
        proxy = FaultProxy(server.address)
        await proxy.start()
        settings = Settings(pfs=f"grpc://{proxy.address}", **{"pfs_call_seconds": 10.0, **options})
        async with running_in_process(settings, monkeypatch) as endpoint:
            cluster = Cluster(server, proxy, endpoint)
            await cluster.s3("create_bucket", Bucket="master.r")
            await _calm(server.wire)
            cluster.tasks = len(asyncio.all_tasks())
            server.wire.calls.clear()
            yield cluster
            server.finishing.release()
            cluster.close()
        await proxy.stop()
    assert_harmless(server.wire)


@pytest.fixture
async def pachd_server(tmp_path: Path) -> AsyncIterator[Pachd]:
    """A pachd without a gateway."""
    async with serving_pachd(tmp_path / "pfs") as server:
        yield server


class Gateways:
    """Gateways with settings of a test's own, until it ends."""

    def __init__(self, stack: contextlib.AsyncExitStack, patches: pytest.MonkeyPatch) -> None:
        self._stack = stack
        self._patches = patches

    async def start(self, **settings: Any) -> Gateway:
        running = running_in_process(Settings(**settings), self._patches)
        gateway = Gateway(await self._stack.enter_async_context(running))
        self._stack.callback(gateway.close)
        return gateway


@pytest.fixture
async def gateways(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateways]:
    async with contextlib.AsyncExitStack() as stack:
        yield Gateways(stack, monkeypatch)


async def _calm(wire: Wire) -> None:
    """Wait until what a start leaves running has ended."""
    count = -1
    while wire.active or count != len(asyncio.all_tasks()):
        count = len(asyncio.all_tasks())
        await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def running_in_process(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[str]:
    """A gateway on this event loop; gives where it is."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(settings),
        http="gateway.http.protocol:S3Protocol",
        lifespan="on",
        log_config=None,
        proxy_headers=False,
        date_header=False,
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
