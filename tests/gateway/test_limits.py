"""Each limit: up to it all is well, beyond it S3's answer comes, and others do not feel it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.gateway.test_operation import metrics_of
from tests.hostile.measures import MIB, await_true
from tests.hostile.test_aborted import reset
from tests.raw_http import Answer, Connection, send
from tests.servers import BACKENDS, GatewayProcess, PfsProcess, running_gateway

BUCKET = "master.r"
PAGES = ("/-/health", "/-/ready", "/-/metrics")

Start = Callable[..., GatewayProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a gateway with a bucket."""
    with ExitStack() as stack:

        def started(backend: str, *options: str) -> GatewayProcess:
            pfs: Path | str = tmp_path / "pfs"
            if backend == "grpc":
                pfs = stack.enter_context(PfsProcess(tmp_path / "pfs")).address
            gateway = stack.enter_context(GatewayProcess(pfs, *options))
            assert send(gateway, "PUT", f"/{BUCKET}").status == 200
            return gateway

        yield started


def begin_put(gateway: GatewayProcess, key: str, size_bytes: int = 10) -> Connection:
    """A PUT that the gateway has begun to serve and nothing of whose body has come."""
    connection = Connection(gateway)
    headers = {"Content-Length": str(size_bytes), "Expect": "100-continue"}
    connection.send(connection.head("PUT", f"/{BUCKET}/{key}", None, headers))
    assert connection.is_told_to_continue()
    return connection


def begin_get(gateway: GatewayProcess, key: str) -> Connection:
    """A GET whose answer has begun, and is not read."""
    connection = Connection(gateway)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.send(connection.head("GET", f"/{BUCKET}/{key}", headers={"Connection": "close"}))
    assert connection.socket.recv(15) == b"HTTP/1.1 200 OK"
    return connection


def is_told_to_slow_down(answer: Answer) -> bool:
    return (answer.status, answer.code) == (503, "SlowDown") and int(
        answer.headers["retry-after"]
    ) > 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_requests_at_a_time(start: Start, backend: str) -> None:
    gateway = start(backend, "--max-requests", "3")
    with Connection(gateway) as idle:
        held = [begin_put(gateway, str(number)) for number in range(2)]
        assert idle.request("GET", f"/{BUCKET}").status == 200  # the third
        held.append(begin_put(gateway, "2"))
        assert is_told_to_slow_down(idle.request("GET", f"/{BUCKET}"))
        assert is_told_to_slow_down(send(gateway, "PUT", f"/{BUCKET}/k", b"1"))
        assert [idle.request("GET", page).status for page in PAGES] == [200] * 3
        held[0].send(b"0123456789")
        assert held[0].read().status == 200
        held[0].socket.close()
        assert idle.request("HEAD", f"/{BUCKET}/0").status == 200
        assert idle.request("HEAD", f"/{BUCKET}/k").status == 404
        samples = metrics_of(idle.request("GET", "/-/metrics"))
        assert samples['s3gateway_errors_total{code="SlowDown"}'] == 2
        for connection in held[1:]:
            reset(connection.socket)
        await_true(lambda: idle.request("GET", f"/{BUCKET}").status == 200)


@pytest.mark.parametrize("backend", BACKENDS)
def test_requests_that_are_broken_off_leave_their_places(start: Start, backend: str) -> None:
    gateway = start(backend, "--max-requests", "4")
    assert send(gateway, "PUT", f"/{BUCKET}/large", bytes(3 * MIB)).status == 200
    for number in range(60):
        with Connection(gateway) as connection:
            if number % 2:
                connection.send(connection.head("GET", f"/{BUCKET}/large"))
            else:
                headers = {"Content-Length": str(3 * MIB)}
                connection.send(connection.head("PUT", f"/{BUCKET}/k", None, headers))
                connection.send(bytes(MIB))
            reset(connection.socket)
    await_true(lambda: send(gateway, "GET", f"/{BUCKET}").status == 200)
    held = [begin_put(gateway, str(number)) for number in range(4)]  # all four are free
    for connection in held:
        connection.socket.close()


def test_connections(start: Start) -> None:
    gateway = start("embedded", "--max-connections", "5", "--admin-port", "0")
    (line,) = (line for line in gateway.log if line.startswith("Metrics"))
    with ExitStack() as stack:
        held = [stack.enter_context(Connection(gateway)) for _ in range(5)]
        assert [c.request("GET", f"/{BUCKET}").status for c in held] == [200] * 5
        with Connection(gateway) as sixth:
            assert is_told_to_slow_down(sixth.read())
            assert sixth.is_closed()
        assert [c.request("GET", f"/{BUCKET}").status for c in held] == [200] * 5
        s3_port, gateway.port = gateway.port, int(line.rpartition(":")[2].partition("/")[0])
        assert [send(gateway, "GET", page).status for page in PAGES] == [200] * 3
        gateway.port = s3_port
        held[0].socket.close()
        await_true(lambda: send_or_none(gateway) == 200)


def send_or_none(gateway: GatewayProcess) -> int | None:
    """A request's status; None where the gateway ends the connection before it has come."""
    with contextlib.suppress(ConnectionError):
        return send(gateway, "GET", f"/{BUCKET}").status
    return None


def test_a_head(start: Start) -> None:
    gateway = start("embedded", "--max-head-bytes", "2000")
    not_counted = len("GET  HTTP/1.1\r\n\r\n")
    with Connection(gateway) as connection:
        bare = len(connection.head("GET", f"/{BUCKET}", headers={"x": ""})) - not_counted
    statuses = {}
    for more in (0, 1):
        with Connection(gateway) as connection:
            headers = {"x": "y" * (2000 - bare + more)}
            statuses[more] = connection.request("GET", f"/{BUCKET}", headers=headers).status
    assert statuses == {0: 200, 1: 400}


@pytest.mark.parametrize("size_bytes", [2000, 2001])
@pytest.mark.parametrize("framing", ["length", "chunked", "aws-chunked"])
def test_an_object(start: Start, framing: str, size_bytes: int) -> None:
    gateway = start("embedded", "--max-object-bytes", "2000")
    body, headers = bytes(size_bytes), {}
    if framing == "aws-chunked":
        headers = {
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-decoded-content-length": str(size_bytes),
        }
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (size_bytes, body)
    elif framing == "chunked":
        headers = {"Transfer-Encoding": "chunked"}
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (size_bytes, body)
    answer = send(gateway, "PUT", f"/{BUCKET}/k", body, headers)
    if size_bytes == 2000:
        assert answer.status == 200
    else:
        assert (answer.status, answer.code) == (400, "EntityTooLarge")
        assert answer.texts("MaxSizeAllowed") == ["2000"]
        assert send(gateway, "HEAD", f"/{BUCKET}/k").status == 404


def trickle(connection: Connection, size_bytes: int, pause_seconds: float) -> Answer:
    """Send a body byte by byte until an answer comes."""
    with contextlib.suppress(BrokenPipeError):
        for _ in range(size_bytes):
            connection.send(b"x")
            time.sleep(pause_seconds)
            if connection.has_answer():
                break
    return connection.read()


@pytest.mark.parametrize(("least", "status"), [("0", 200), ("2", 200), ("20", 400)])
def test_a_body_that_trickles(start: Start, least: str, status: int) -> None:
    gateway = start("embedded", "--body-idle-seconds", "1", "--min-bytes-per-second", least)
    with begin_put(gateway, "k", 10) as connection:
        answer = trickle(connection, 10, 0.3)
        assert answer.status == status
        if status == 400:
            assert answer.code == "RequestTimeout"
        assert send(gateway, "HEAD", f"/{BUCKET}/k").status == (200 if status == 200 else 404)


def read_slowly(connection: Connection, bytes_per_second: int, seconds: float) -> int:
    """Read a part of an answer at a rate; says how much came before the connection ended."""
    size, end = 0, time.monotonic() + seconds
    with contextlib.suppress(ConnectionResetError):
        while time.monotonic() < end and (data := connection.socket.recv(bytes_per_second // 20)):
            size += len(data)
            time.sleep(0.05)
    return size


def drained(connection: Connection) -> int:
    size = 0
    with contextlib.suppress(ConnectionResetError):
        while data := connection.socket.recv(MIB):
            size += len(data)
    return size


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("closes", [False, True], ids=["kept alive", "closed"])
def test_an_answer_that_is_read_slowly_is_read_whole(
    start: Start, backend: str, closes: bool
) -> None:
    gateway = start(backend, "--write-idle-seconds", "1")
    size = (1 if closes else 12) * MIB - MIB // 10
    assert send(gateway, "PUT", f"/{BUCKET}/k", bytes(size)).status == 200
    with Connection(gateway) as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        headers = {"Connection": "close"} if closes else {}
        connection.send(connection.head("GET", f"/{BUCKET}/k", headers=headers))
        read = read_slowly(connection, 60_000, 5.0)
        assert read < size / 2
        if not closes:
            connection.send(connection.head("GET", "/-/health", headers={"Connection": "close"}))
        assert read + drained(connection) > size


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_answer_that_is_hardly_read_is_cut(start: Start, backend: str) -> None:
    gateway = start(backend, "--write-idle-seconds", "1", "--min-bytes-per-second", "200000")
    assert send(gateway, "PUT", f"/{BUCKET}/k", bytes(16 * MIB)).status == 200
    with begin_get(gateway, "k") as connection:
        read_slowly(connection, 20_000, 4.0)
        assert drained(connection) < 12 * MIB


def test_downloads_from_pachd_at_a_time(start: Start) -> None:
    options = ("--transfer-memory-bytes", str(70 * MIB), "--pfs-call-seconds", "2")
    gateway = start("grpc", *options)
    for key in "ab":
        assert send(gateway, "PUT", f"/{BUCKET}/{key}", bytes(40 * MIB)).status == 200
    assert send(gateway, "PUT", f"/{BUCKET}/small", b"small").status == 200
    with begin_get(gateway, "a") as first, begin_get(gateway, "b") as second:
        assert is_told_to_slow_down(send(gateway, "GET", f"/{BUCKET}/a"))
        span = {"Range": "bytes=5-9"}
        assert is_told_to_slow_down(send(gateway, "GET", f"/{BUCKET}/b", headers=span))
        assert send(gateway, "GET", f"/{BUCKET}/small").body == b"small"
        assert send(gateway, "HEAD", f"/{BUCKET}/a").status == 200
        with Connection(gateway) as waiting:
            waiting.send(waiting.head("GET", f"/{BUCKET}/a"))
            threading.Timer(0.5, reset, [first.socket]).start()
            assert waiting.read().body == bytes(40 * MIB)
        assert drained(second) >= 40 * MIB
    assert send(gateway, "GET", f"/{BUCKET}/b", headers=span).body == bytes(5)


def test_uploads_at_a_time(start: Start) -> None:
    options = ("--transfer-memory-bytes", str(7 * MIB), "--pfs-call-seconds", "1")
    gateway = start("grpc", *options)
    with ExitStack() as stack:
        held = [stack.enter_context(begin_put(gateway, str(n), 3 * MIB)) for n in range(2)]
        for connection in held:
            connection.send(bytes(2 * MIB))
        time.sleep(0.5)  # nothing tells that they have begun
        assert is_told_to_slow_down(send(gateway, "PUT", f"/{BUCKET}/2", bytes(3 * MIB)))
        assert send(gateway, "PUT", f"/{BUCKET}/small", b"small").status == 200
        for connection in held:
            connection.send(bytes(MIB))
            assert connection.read().status == 200
    assert send(gateway, "PUT", f"/{BUCKET}/2", bytes(3 * MIB)).status == 200


def test_small_bodies_at_a_time(tmp_path: Path) -> None:
    options = ("--write-memory-bytes", str(MIB), "--pfs-call-seconds", "1")
    for gateway in running_gateway("grpc", tmp_path / "pfs", *options):
        assert send(gateway, "PUT", f"/{BUCKET}").status == 200
        with begin_put(gateway, "held", 900_000) as held:
            assert is_told_to_slow_down(send(gateway, "PUT", f"/{BUCKET}/a", bytes(200_000)))
            assert send(gateway, "PUT", f"/{BUCKET}/a", bytes(100_000)).status == 200
            held.send(bytes(900_000))
            assert held.read().status == 200
        assert send(gateway, "PUT", f"/{BUCKET}/a", bytes(200_000)).status == 200
