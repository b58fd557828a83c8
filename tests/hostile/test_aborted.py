"""Transfers that their clients break off leave nothing behind, however many there are.

Row 9 of `docs/negative-cases.md`.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pachd_server.__main__ import serving_embedded
from tests.cluster.wire import Wire
from tests.hostile.in_process import serving
from tests.hostile.measures import MIB, await_true, descriptors, memory_bytes
from tests.raw_http import send
from tests.servers import BACKENDS, EMBEDDED, GatewayProcess, running_gateway

TIMES = 500
AT_ONCE = 25
LARGE_BYTES = 3 * MIB
GROWTH_BYTES = 48 * MIB
OPENED_LATER = 15
"""Descriptors that are opened when they are first needed, as for one more thread that reads, and
stay so; far fewer than the transfers that are broken off."""
GIVEN_BACK = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MALLOC_MMAP_THRESHOLD_": "65536",
}
"""Environment in which memory that is free goes back to the system, so that it is not counted."""

RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: a socket that is closed so sends a reset."""

Address = tuple[str, int]
Abort = Callable[[Address], Awaitable[None]]


async def client(address: Address, request: bytes) -> socket.socket:
    """A client that reads little, on a socket that has sent this."""
    loop = asyncio.get_running_loop()
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
    connection.setblocking(False)
    await loop.sock_connect(connection, address)
    await loop.sock_sendall(connection, request)
    return connection


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


GET = b"GET /master.b/large HTTP/1.1\r\nHost: localhost\r\n\r\n"
PUT = b"PUT /master.b/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n"
CHUNKED = b"PUT /master.b/new HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


async def reset_while_reading(address: Address) -> None:
    connection = await client(address, GET)
    await asyncio.get_running_loop().sock_recv(connection, 1000)
    reset(connection)


async def close_while_reading(address: Address) -> None:
    connection = await client(address, GET)
    await asyncio.get_running_loop().sock_recv(connection, 1000)
    connection.close()


async def reset_before_reading(address: Address) -> None:
    reset(await client(address, GET * 3))


async def reset_while_writing(address: Address) -> None:
    reset(await client(address, PUT % b"new" + bytes(200_000)))


async def close_while_writing(address: Address) -> None:
    (await client(address, PUT % b"large" + bytes(1_200_000))).close()


async def end_while_writing(address: Address) -> None:
    connection = await client(address, CHUNKED + b"20000\r\n" + bytes(70_000))
    connection.shutdown(socket.SHUT_WR)
    while await asyncio.get_running_loop().sock_recv(connection, 65536):
        pass
    connection.close()


async def reset_while_waiting(address: Address) -> None:
    body = b"PUT /master.b/small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
    reset(await client(address, body))


ABORTS: list[Abort] = [
    reset_while_reading,
    close_while_reading,
    reset_before_reading,
    reset_while_writing,
    close_while_writing,
    end_while_writing,
    reset_while_waiting,
]


async def many_times(abort: Abort, address: Address, times: int = TIMES) -> None:
    for _ in range(times // AT_ONCE):
        async with asyncio.timeout(60):
            await asyncio.gather(*(abort(address) for _ in range(AT_ONCE)))


@asynccontextmanager
async def pfs_of(backend: str, directory: Path, wire: Wire) -> AsyncIterator[Path | str]:
    if backend == EMBEDDED:
        yield directory
    else:
        async with serving_embedded(
            directory, "127.0.0.1:0", synchronous="off", interceptors=[wire]
        ) as served:
            yield f"grpc://{served.address}"


@pytest.mark.parametrize("abort", ABORTS, ids=lambda abort: abort.__name__)
@pytest.mark.parametrize("backend", BACKENDS)
async def test_nothing_is_left_of_aborted_transfers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str, abort: Abort
) -> None:
    wire = Wire()
    async with (
        pfs_of(backend, tmp_path / "pfs", wire) as pfs,
        serving(pfs, monkeypatch, body_idle_seconds=5.0) as gateway,
    ):
        await gateway.request("PUT", "/master.b", b"")
        await gateway.request("PUT", "/master.b/large", bytes(LARGE_BYTES))
        await many_times(abort, gateway.address, AT_ONCE * 4)  # what is kept for later is there
        await gateway.until(lambda: not gateway.connections and not wire.active)
        await gateway.request("GET", "/master.b/large")
        tasks, held = len(asyncio.all_tasks()), descriptors_here()
        await many_times(abort, gateway.address)
        await gateway.until(lambda: not gateway.connections)
        await gateway.until(lambda: not wire.active)
        await gateway.until(lambda: len(asyncio.all_tasks()) <= tasks)
        await gateway.until(lambda: descriptors_here() <= held + OPENED_LATER)
        answer = await gateway.request("GET", "/master.b/large")
        assert answer.endswith(bytes(LARGE_BYTES))
        assert b" 404 " in await gateway.request("HEAD", "/master.b/new")


def descriptors_here() -> int:
    gc.collect()
    return descriptors(os.getpid())


@pytest.mark.parametrize(
    "backend",
    [EMBEDDED, pytest.param("grpc", marks=[pytest.mark.thorough, pytest.mark.timeout(300)])],
)
def test_a_process_is_as_it_was_after_aborted_transfers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    for name, value in GIVEN_BACK.items():
        monkeypatch.setenv(name, value)
    for gateway in running_gateway(backend, tmp_path / "pfs", "--cache-bytes", "0"):
        check_process(gateway)


def check_process(gateway: GatewayProcess) -> None:
    address, pid = (gateway.host, gateway.port), gateway.process.pid
    assert send(gateway, "PUT", "/master.b", b"").status == 200
    assert send(gateway, "PUT", "/master.b/large", bytes(LARGE_BYTES)).status == 200
    held = descriptors(pid)
    memory = 0
    for times in (AT_ONCE * 4, TIMES):
        memory = memory_bytes(pid)
        for abort in ABORTS:
            asyncio.run(many_times(abort, address, times))
            await_true(lambda: descriptors(pid) <= held + OPENED_LATER, seconds=60)
    await_true(lambda: memory_once_more(pid, address) - memory < GROWTH_BYTES, seconds=60)
    assert send(gateway, "GET", "/master.b/large").body == bytes(LARGE_BYTES)
    assert send(gateway, "HEAD", "/master.b/new").status == 404


def memory_once_more(pid: int, address: Address) -> int:
    """What a process has after some more transfers: only then is memory that is free given back."""
    asyncio.run(many_times(close_while_reading, address, AT_ONCE))
    return memory_bytes(pid)
