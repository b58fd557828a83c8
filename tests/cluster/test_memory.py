"""What memory a gateway's process takes for large files, before a pachd in another process.

pachd sends messages of 19 MiB: what a download takes is one of them that is being sent, one that
has come, and what is on the way.
"""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.raw_http import Connection, send
from tests.servers import GatewayProcess, ServerProcess

pytestmark = pytest.mark.thorough

MIB = 1024 * 1024
SIZE = 200 * MIB
PACHDS_MESSAGE = 19 * MIB
CLIENTS = 8

_ANNOUNCED = re.compile(r"serving (\S+)")


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[GatewayProcess]:
    arguments = ("--serve", str(tmp_path), "--piece-bytes", str(PACHDS_MESSAGE))
    with (
        ServerProcess("bench.chunk_sizes", _ANNOUNCED, *arguments) as pachd,
        GatewayProcess(f"grpc://{pachd.address}") as gateway,
    ):
        assert send(gateway, "PUT", "/master.r", b"").status == 200
        yield gateway


def memory(gateway: GatewayProcess, kind: str = "VmRSS") -> int:
    """What it has resident, or `VmHWM` has had at most, in bytes."""
    for line in Path(f"/proc/{gateway.process.pid}/status").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(kind)


def settled_memory(gateway: GatewayProcess) -> int:
    """What it has resident once that changes no more."""
    last, quiet = memory(gateway), 0
    end = time.monotonic() + 30
    while quiet < 10 and time.monotonic() < end:
        time.sleep(0.1)
        quiet = quiet + 1 if abs(memory(gateway) - last) < MIB else 0
        last = memory(gateway)
    return last


def begin_upload(connection: Connection, key: str) -> None:
    connection.send(connection.head("PUT", f"/master.r/{key}", None, {"Content-Length": str(SIZE)}))


def test_uploads_side_by_side(gateway: GatewayProcess) -> None:
    before = memory(gateway)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Connection(gateway)) for _ in range(CLIENTS)]
        for number, connection in enumerate(connections):
            begin_upload(connection, str(number))
        for _ in range(SIZE // MIB):
            for connection in connections:
                connection.send(bytes(MIB))
        for connection in connections:
            assert connection.read().status == 200
    assert memory(gateway, "VmHWM") - before <= CLIENTS * 12 * MIB


def test_downloads_that_nobody_reads(gateway: GatewayProcess) -> None:
    with Connection(gateway) as connection:
        begin_upload(connection, "a")
        for _ in range(SIZE // MIB):
            connection.send(bytes(MIB))
        assert connection.read().status == 200
    before = memory(gateway)
    with contextlib.ExitStack() as stack:
        for _ in range(CLIENTS):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            client.connect((gateway.host, gateway.port))
            client.sendall(b"GET /master.r/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(15) == b"HTTP/1.1 200 OK"
        assert settled_memory(gateway) - before <= CLIENTS * 3 * PACHDS_MESSAGE
    assert send(gateway, "HEAD", "/master.r/a").status == 200


def test_downloads_beyond_what_there_is_memory_for(tmp_path: Path) -> None:
    """Four at a time, whoever asks: the others are told to come back."""
    arguments = ("--serve", str(tmp_path), "--piece-bytes", str(PACHDS_MESSAGE))
    options = ("--transfer-memory-bytes", str(120 * MIB), "--pfs-call-seconds", "5")
    with (
        ServerProcess("bench.chunk_sizes", _ANNOUNCED, *arguments) as pachd,
        GatewayProcess(f"grpc://{pachd.address}", *options) as gateway,
        contextlib.ExitStack() as stack,
    ):
        assert send(gateway, "PUT", "/master.r", b"").status == 200
        assert send(gateway, "PUT", "/master.r/a", bytes(SIZE)).status == 200
        before = memory(gateway)
        statuses = []
        clients = [stack.enter_context(socket.socket()) for _ in range(30)]
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            client.connect((gateway.host, gateway.port))
            client.sendall(b"GET /master.r/a HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for client in clients:
            client.settimeout(60)
            statuses.append(client.recv(12)[9:])
        assert sorted(statuses) == [b"200"] * 4 + [b"503"] * 26
        assert memory(gateway, "VmHWM") - before <= 4 * 3 * PACHDS_MESSAGE
        assert send(gateway, "HEAD", "/master.r/a").status == 200
