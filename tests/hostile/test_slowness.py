"""Who does nothing, or next to nothing, holds nothing for long.

Row 8 of `docs/negative-cases.md`.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.conftest import BUCKET, CONTENT, KEY
from tests.hostile.in_process import serving
from tests.hostile.measures import await_true, descriptors
from tests.raw_http import Connection, send
from tests.servers import GatewayProcess

# The gateway waits a second for anything; what holds on to it is let go soon after.
SOON_SECONDS = 4
GET = f"GET /{BUCKET}/{KEY} HTTP/1.1\r\nHost: localhost\r\n"


def is_let_go(connection: Connection, seconds: float = SOON_SECONDS) -> bool:
    """Whether the server ends a connection on which nothing more is sent."""
    end = time.monotonic() + seconds
    with contextlib.suppress(ConnectionResetError):
        while time.monotonic() < end:
            readable = select.select([connection.socket], [], [], 0.1)[0]
            if readable and not connection.socket.recv(65536):
                return True
        return False
    return True


@pytest.mark.parametrize("sent", ["", "\r\n", "G", GET, GET + "X: ", f"{GET}\r\n\r\n"])
def test_a_request_that_is_not_finished_is_given_up(target: GatewayProcess, sent: str) -> None:
    with Connection(target) as connection:
        connection.send(sent.encode())
        assert is_let_go(connection)


@pytest.mark.parametrize("after", ["", "\r\n", "\r\n\r\n", "G", GET])
def test_an_idle_connection_is_closed(target: GatewayProcess, after: str) -> None:
    with Connection(target) as connection:
        assert connection.request("GET", f"/{BUCKET}/{KEY}").body == CONTENT
        connection.send(after.encode())
        assert is_let_go(connection)


@pytest.mark.parametrize("drip", [GET + "X: " + "a" * 1000, "\r\n" * 1000])
@pytest.mark.parametrize("first", [False, True])
def test_a_head_that_drips_is_given_up(target: GatewayProcess, drip: str, first: bool) -> None:
    with Connection(target) as connection:
        if not first:
            connection.request("GET", f"/{BUCKET}/{KEY}")
        begun = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for character in drip:
                connection.send(character.encode())
                if connection.has_answer():
                    break
                time.sleep(0.02)
        assert time.monotonic() - begun < SOON_SECONDS


@pytest.mark.parametrize("headers", [{"Content-Length": "10"}, {"Transfer-Encoding": "chunked"}])
def test_a_body_that_makes_no_progress_is_given_up(
    target: GatewayProcess, headers: dict[str, str]
) -> None:
    with Connection(target) as connection:
        connection.send(connection.head("PUT", f"/{BUCKET}/slow", None, headers))
        answer = connection.read()
        assert (answer.status, answer.code) == (400, "RequestTimeout")
        assert connection.is_closed()


def test_a_body_that_makes_progress_is_waited_for(target: GatewayProcess) -> None:
    with Connection(target) as connection:
        connection.send(connection.head("PUT", f"/{BUCKET}/slow", None, {"Content-Length": "5"}))
        for character in "hello":
            time.sleep(0.4)
            connection.send(character.encode())
        assert connection.read().status == 200
        assert connection.request("DELETE", f"/{BUCKET}/slow").status == 204


@pytest.fixture
def large(target: GatewayProcess) -> Iterator[str]:
    """An object larger than all buffers on the way."""
    path = f"/{BUCKET}/large"
    assert send(target, "PUT", path, bytes(32 * 1024 * 1024)).status == 200
    yield path
    assert send(target, "DELETE", path).status == 204


@pytest.mark.parametrize("requests", [1, 50])
def test_a_client_that_reads_nothing_is_let_go(
    target: GatewayProcess, large: str, requests: int
) -> None:
    before = descriptors(target.process.pid)
    with Connection(target) as connection:
        connection.send(connection.head("GET", large) * requests)
        await_true(lambda: descriptors(target.process.pid) > before)
        await_true(lambda: descriptors(target.process.pid) <= before, SOON_SECONDS)


async def test_a_client_that_reads_nothing_is_let_go_when_its_connection_is_idle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits to be written, and is too little to stop the writer, keeps no connection open."""
    async with serving(
        tmp_path / "pfs",
        monkeypatch,
        send_buffer_bytes=4096,
        keep_alive_seconds=1,
        write_idle_seconds=1.0,
    ) as gateway:
        await gateway.request("PUT", "/master.b", b"")
        await gateway.request("PUT", "/master.b/k", bytes(100_000))
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, gateway.address)
        await asyncio.get_running_loop().sock_sendall(
            client, b"GET /master.b/k HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-39999\r\n\r\n"
        )
        await gateway.until(lambda: gateway.connections == 1)
        await asyncio.sleep(0.5)
        assert gateway.connections == 1
        await gateway.until(lambda: gateway.connections == 0, seconds=SOON_SECONDS)
        client.close()


def test_connections_are_limited_and_idle_ones_make_room(tmp_path: Path) -> None:
    options = ("--max-connections", "20", "--head-seconds", "1", "--keep-alive-seconds", "1")
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        assert send(gateway, "GET", "/").status == 200  # the PFS has opened its files
        before = descriptors(gateway.process.pid)
        many = [Connection(gateway) for _ in range(200)]
        try:
            refused = many[-1].read()
            assert (refused.status, refused.code) == (503, "SlowDown")
            assert int(refused.headers["retry-after"]) >= 1
            assert many[-1].is_closed()
            await_true(lambda: descriptors(gateway.process.pid) < before + 20)
            assert send(gateway, "GET", "/").status == 200
        finally:
            for connection in many:
                connection.socket.close()


def test_a_gateway_may_open_what_its_connections_need(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with GatewayProcess(tmp_path / "pfs", "--max-connections", "500") as gateway:
            allowed, _ = resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert allowed == min(1756, hard)


def test_a_gateway_that_runs_out_of_descriptors_recovers(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--head-seconds", "1") as gateway:
        assert send(gateway, "PUT", "/master.b", b"").status == 200
        held = descriptors(gateway.process.pid)
        limits = (held + 10, held + 10)
        resource.prlimit(gateway.process.pid, resource.RLIMIT_NOFILE, limits)
        many = [Connection(gateway) for _ in range(50)]
        time.sleep(0.5)
        for connection in many:
            connection.socket.close()
        await_true(lambda: descriptors(gateway.process.pid) <= held + 1)
        assert send(gateway, "PUT", "/master.b/k", b"1").status == 200
        assert send(gateway, "GET", "/master.b/k").body == b"1"
