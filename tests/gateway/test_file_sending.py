"""Large objects of the embedded PFS, which the system sends by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.in_process import serving
from tests.raw_http import Connection
from tests.servers import GatewayProcess

SIZE = 24 * 1024 * 1024
CONTENT = os.urandom(SIZE)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    options = ("--write-idle-seconds", "0.5", "--log-level", "debug")
    with GatewayProcess(tmp_path_factory.mktemp("large") / "pfs", *options) as gateway:
        with Connection(gateway) as connection:
            assert connection.request("PUT", "/master.r").status == 200
            assert connection.request("PUT", "/master.r/big", CONTENT).status == 200
            assert connection.request("PUT", "/master.r/small", b"small").status == 200
        yield gateway


def descriptors(gateway: GatewayProcess) -> int:
    return len(list(Path(f"/proc/{gateway.process.pid}/fd").iterdir()))


def failures(gateway: GatewayProcess) -> list[str]:
    return [line for line in gateway.log if "Traceback" in line or "ERROR" in line]


@pytest.mark.parametrize(
    ("asked", "offset", "size"),
    [
        (None, 0, SIZE),
        ("bytes=0-", 0, SIZE),
        (f"bytes=1-{SIZE - 2}", 1, SIZE - 2),
        ("bytes=-9000000", SIZE - 9_000_000, 9_000_000),
        ("bytes=123-123", 123, 1),
    ],
)
def test_bytes_arrive_as_they_are(
    large: GatewayProcess, asked: str | None, offset: int, size: int
) -> None:
    headers = {} if asked is None else {"Range": asked}
    with Connection(large) as connection:
        for _ in range(2):  # the connection goes on
            answer = connection.request("GET", "/master.r/big", headers=headers)
            assert answer.status == (200 if asked is None else 206)
            assert answer.body == CONTENT[offset : offset + size]
    assert not failures(large)


def test_answers_come_in_the_order_of_requests(large: GatewayProcess) -> None:
    with Connection(large) as connection:
        for name in ("big", "small", "big", "small"):
            connection.send(connection.head("GET", f"/master.r/{name}"))
        got = [connection.read().body for _ in range(4)]
    assert got == [CONTENT, b"small", CONTENT, b"small"]


def test_a_client_that_reads_slowly_gets_everything(large: GatewayProcess) -> None:
    with Connection(large) as connection:
        connection.send(connection.head("GET", "/master.r/big"))
        received = bytearray()
        while len(received) < SIZE + received[:2000].find(b"\r\n\r\n") + 4:
            received += connection.socket.recv(256 * 1024)
            time.sleep(0.005)
    assert received.partition(b"\r\n\r\n")[2] == CONTENT


def test_a_client_that_reads_nothing_is_let_go(large: GatewayProcess) -> None:
    with Connection(large) as connection:
        connection.request("GET", "/master.r/small")
        before = descriptors(large)
        connection.send(connection.head("GET", "/master.r/big"))
        end = time.monotonic() + 20
        while descriptors(large) >= before and time.monotonic() < end:
            time.sleep(0.05)
        assert descriptors(large) < before
    assert not failures(large)


def test_clients_that_go_away_leave_nothing_open(large: GatewayProcess) -> None:
    before = descriptors(large)
    for _ in range(40):
        with Connection(large) as connection:
            connection.send(connection.head("GET", "/master.r/big"))
            connection.socket.recv(1000)
    end = time.monotonic() + 20
    while descriptors(large) > before and time.monotonic() < end:
        time.sleep(0.05)
    assert descriptors(large) <= before
    assert not failures(large)


@pytest.mark.parametrize("range_", [None, "bytes=1000000-9999999"])
async def test_the_system_sends_every_byte_of_a_large_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, range_: str | None
) -> None:
    sent: list[int] = []

    def counted(*arguments: int) -> int:
        sent.append(sendfile(*arguments))
        return sent[-1]

    sendfile = os.sendfile
    monkeypatch.setattr("gateway.http.socket_writer.os.sendfile", counted)
    async with serving(tmp_path / "pfs", monkeypatch) as gateway:
        await gateway.request("PUT", "/master.r")
        await gateway.request("PUT", "/master.r/big", CONTENT)
        headers = {} if range_ is None else {"Range": range_}
        answer = await gateway.request("GET", "/master.r/big", headers=headers)
    body = answer.partition(b"\r\n\r\n")[2]
    assert body == (CONTENT if range_ is None else CONTENT[1_000_000:10_000_000])
    assert sum(sent) == len(body)
