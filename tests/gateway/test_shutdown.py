"""How a gateway ends: what it has accepted is answered, what it has answered is there, and soon."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.measures import MIB, await_true
from tests.raw_http import Answer, Connection, send
from tests.servers import BACKENDS, GatewayProcess, PfsProcess, running_gateway

BUCKET = "master.r"
SIGNALS = [signal.SIGINT, signal.SIGTERM]
WORKERS = [(), ("--workers", "2")]
CLIENTS = 6
WAITS = (
    "stopping: 1 request has up to 20 s to end; press Ctrl-C or send SIGTERM again to stop at once"
)


@pytest.fixture(params=WORKERS, ids=["one process", "two workers"])
def gateway(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GatewayProcess]:
    """One whose temporary files go where they can be seen."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    with GatewayProcess(tmp_path / "pfs", *request.param) as gateway:
        assert send(gateway, "PUT", f"/{BUCKET}").status == 200
        yield gateway
    assert list((tmp_path / "pfs" / "staging").iterdir()) == []


def begin_put(connection: Connection, key: str, body: bytes = b"0123456789") -> bytes:
    """Send the first half of a PUT, once the gateway has begun to serve it; gives the other."""
    half = len(body) // 2
    headers = {"Content-Length": str(len(body)), "Expect": "100-continue"}
    connection.send(connection.head("PUT", f"/{BUCKET}/{key}", None, headers))
    assert connection.is_told_to_continue()
    connection.send(body[:half])
    return body[half:]


def is_refused(gateway: GatewayProcess) -> bool:
    """Whether nobody can connect."""
    try:
        socket.create_connection((gateway.host, gateway.port), 5).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False  # it ended while this one was waiting to be accepted: the next is refused
    return False


def tell(gateway: GatewayProcess, signal_: signal.Signals) -> None:
    """Send a signal, and wait until it is heard."""
    gateway.process.send_signal(signal_)
    await_true(lambda: is_refused(gateway))


@pytest.mark.parametrize("signal_", SIGNALS)
def test_what_is_accepted_is_answered_and_nobody_else_gets_in(
    gateway: GatewayProcess, signal_: signal.Signals, tmp_path: Path
) -> None:
    with Connection(gateway) as idle, Connection(gateway) as busy:
        assert idle.request("GET", f"/{BUCKET}").status == 200
        rest = begin_put(busy, "slow")
        tell(gateway, signal_)
        assert idle.is_closed()
        assert gateway.process.poll() is None  # it waits for the one that is busy
        await_true(lambda: WAITS in "".join(gateway.log))
        busy.send(rest)
        answer = busy.read()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert busy.is_closed()
    assert gateway.process.wait(40) == 0
    assert list((tmp_path / "temporary").iterdir()) == []
    with GatewayProcess(tmp_path / "pfs") as again:
        assert send(again, "GET", f"/{BUCKET}/slow").body == b"0123456789"


def test_a_head_that_has_begun_is_a_request_that_is_accepted(gateway: GatewayProcess) -> None:
    with Connection(gateway) as first, Connection(gateway) as later, Connection(gateway) as busy:
        later.request("GET", f"/{BUCKET}")
        rest = begin_put(busy, "slow")
        heads = {c: c.head("PUT", f"/{BUCKET}/k", b"1") + b"1" for c in (first, later)}
        for connection, head in heads.items():
            connection.send(head[:30])
        time.sleep(0.3)  # nothing tells that half a head has come
        tell(gateway, signal.SIGTERM)
        for connection, head in heads.items():
            connection.send(head[30:])
            answer = connection.read()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
        busy.send(rest)
        assert busy.read().status == 200
    assert gateway.process.wait(40) == 0


def test_who_has_just_connected_is_answered(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs") as gateway, Connection(gateway) as busy:
        send(gateway, "PUT", f"/{BUCKET}")
        rest = begin_put(busy, "slow")
        with Connection(gateway) as new, Connection(gateway) as silent:
            time.sleep(0.1)  # until both are accepted
            tell(gateway, signal.SIGTERM)
            answer = new.request("GET", "/-/ready")
            assert (answer.status, answer.body) == (503, b"The gateway is ending\n")
            assert answer.headers["connection"] == "close"
            assert silent.is_closed()
        busy.send(rest)
        assert busy.read().status == 200
        assert gateway.process.wait(40) == 0


class Writer:
    """A client that writes one object after the other for as long as it is let."""

    def __init__(self, gateway: GatewayProcess, number: int) -> None:
        self.answered: dict[str, bytes] = {}
        self.unknown: set[str] = set()
        self.refused: list[Answer] = []
        self._gateway = gateway
        self._number = number
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                with Connection(self._gateway) as connection:
                    self._write(connection)

    def _write(self, connection: Connection) -> None:
        """Write until the gateway ends the connection."""
        is_open = True
        while is_open:
            count = len(self.answered)
            key = f"{self._number}-{count}"
            body = key.encode() * (1 if count % 5 else 300_000)
            self.unknown.add(key)
            answer = connection.request("PUT", f"/{BUCKET}/{key}", body)
            is_open = answer.headers.get("connection") != "close"
            if answer.status != 200:
                self.refused.append(answer)
                continue
            self.unknown.discard(key)
            self.answered[key] = body


@pytest.mark.parametrize("options", WORKERS, ids=["one process", "two workers"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_every_write_that_was_answered_is_there(
    tmp_path: Path, backend: str, options: tuple[str, ...]
) -> None:
    with contextlib.ExitStack() as stack:
        pfs: Path | str = tmp_path / "pfs"
        if backend == "grpc":
            pfs = stack.enter_context(PfsProcess(tmp_path / "pfs")).address
        gateway = stack.enter_context(GatewayProcess(pfs, *options))
        send(gateway, "PUT", f"/{BUCKET}")
        writers = [Writer(gateway, number) for number in range(CLIENTS)]
        await_true(lambda: all(len(writer.answered) > 10 for writer in writers), seconds=60)
        begun = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(40) == 0
        assert time.monotonic() - begun < 10
        for writer in writers:
            writer.thread.join()
            assert writer.refused == []
        again = stack.enter_context(GatewayProcess(pfs))
        for writer in writers:
            for key, body in writer.answered.items():
                assert send(again, "GET", f"/{BUCKET}/{key}").body == body, key
        listed = send(again, "GET", f"/{BUCKET}?list-type=2").texts("Contents", "Key")
        known = {key for writer in writers for key in (*writer.answered, *writer.unknown)}
        assert set(listed) <= known


@pytest.mark.parametrize("signal_", SIGNALS)
def test_a_second_signal_ends_it_at_once(
    gateway: GatewayProcess, signal_: signal.Signals, tmp_path: Path
) -> None:
    assert send(gateway, "PUT", f"/{BUCKET}/before", b"1").status == 200
    with Connection(gateway) as busy:
        begin_put(busy, "slow", bytes(4 * MIB))
        tell(gateway, signal.SIGTERM)
        begun = time.monotonic()
        gateway.process.send_signal(signal_)
        assert gateway.process.wait(40) == -signal_
        assert time.monotonic() - begun < 10
        with pytest.raises(ConnectionError):
            busy.read()
    assert list((tmp_path / "temporary").iterdir()) == []
    with GatewayProcess(tmp_path / "pfs") as again:
        assert send(again, "GET", f"/{BUCKET}/before").body == b"1"
        assert send(again, "GET", f"/{BUCKET}/slow").status == 404


@pytest.mark.parametrize("options", WORKERS, ids=["one process", "two workers"])
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_does_not_end_in_time_is_told(
    tmp_path: Path, backend: str, options: tuple[str, ...]
) -> None:
    sole = () if options else ("--sole-writer",)
    with contextlib.ExitStack() as stack:
        pfs: Path | str = tmp_path / "pfs"
        if backend == "grpc":
            pfs = stack.enter_context(PfsProcess(tmp_path / "pfs")).address
        gateway = stack.enter_context(
            GatewayProcess(pfs, "--shutdown-seconds", "1", *options, *sole)
        )
        send(gateway, "PUT", f"/{BUCKET}")
        assert send(gateway, "PUT", f"/{BUCKET}/large", bytes(32 * MIB)).status == 200
        putting = stack.enter_context(Connection(gateway))
        begin_put(putting, "slow", bytes(4 * MIB))
        reading = stack.enter_context(Connection(gateway))
        reading.send(reading.head("GET", f"/{BUCKET}/large"))
        assert reading.socket.recv(15) == b"HTTP/1.1 200 OK"
        begun = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        answer = putting.read()
        assert (answer.status, answer.code) == (503, "ServiceUnavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert gateway.process.wait(40) == 0
        assert time.monotonic() - begun < 6
        assert length_of_rest(reading) < 32 * MIB
        assert "Traceback" not in "".join(gateway.log)
        again = stack.enter_context(GatewayProcess(pfs))
        assert send(again, "GET", f"/{BUCKET}/slow").status == 404
        assert send(again, "HEAD", f"/{BUCKET}/large").status == 200


def length_of_rest(connection: Connection) -> int:
    """How much comes before the connection ends."""
    size = 0
    with contextlib.suppress(ConnectionResetError):
        while data := connection.socket.recv(MIB):
            size += len(data)
    return size


def test_a_request_may_take_as_long_as_it_is_given(tmp_path: Path) -> None:
    for gateway in running_gateway("embedded", tmp_path / "pfs", "--shutdown-seconds", "6"):
        send(gateway, "PUT", f"/{BUCKET}")
        with Connection(gateway) as connection:
            rest = begin_put(connection, "slow")
            tell(gateway, signal.SIGTERM)
            for byte in rest:
                time.sleep(0.6)
                connection.send(bytes([byte]))
            assert connection.read().status == 200
        assert gateway.process.wait(40) == 0
