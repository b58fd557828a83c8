"""Concurrent writers and readers, through two gateways on one backend, see one order of things.

Every PUT has a body of its own; GET, HEAD and a listing each say which one is there. The histories
of single keys are recorded and checked.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.servers import SlowPfsProcess
from pfs_client.values import small_file_hash
from s3_wire.etags import etag_of
from tests.linearizability.checker import NEVER, Operation, is_linearizable
from tests.raw_http import Connection, send
from tests.servers import GatewayProcess, PfsProcess

BUCKET = "master.shared"
KEYS = ("a", "dir/b", "dir/c")
CLIENTS = 8
SECONDS = 4.0


@pytest.fixture(params=["embedded", "grpc", "like pachd"])
def gateways(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[GatewayProcess]]:
    """Two processes on one PFS."""
    with ExitStack() as stack:
        pfs: Path | str = tmp_path / "pfs"
        if request.param == "grpc":
            pfs = stack.enter_context(PfsProcess(tmp_path / "pfs")).address
        elif request.param == "like pachd":
            pfs = stack.enter_context(SlowPfsProcess(tmp_path / "pfs", 0.1)).address
        started = [stack.enter_context(GatewayProcess(pfs)) for _ in range(2)]
        assert send(started[0], "PUT", f"/{BUCKET}").status == 200
        yield started


class Client:
    """One client that does this and that, and writes down what it saw."""

    def __init__(self, number: int, gateway: GatewayProcess, until: float) -> None:
        self.history: list[tuple[str, Operation]] = []
        self.etags: dict[str, str] = {}
        self.failed: list[int] = []
        self._number = number
        self._gateway = gateway
        self._until = until
        self._draw = random.Random(number)  # noqa: S311

    def run(self) -> None:
        """Go on until it is time."""
        with Connection(self._gateway) as connection:
            while time.monotonic() < self._until:
                key = self._draw.choice(KEYS)
                kind = self._draw.choice(
                    [self._put, self._get, self._head, self._list, self._delete]
                )
                kind(connection, key)

    def _put(self, connection: Connection, key: str) -> None:
        value = f"{self._number}-{len(self.history)}"
        self.etags[etag_of(small_file_hash(value.encode()))] = value
        called = time.monotonic()
        answer = connection.request("PUT", f"/{BUCKET}/{key}", value.encode())
        self._wrote(key, value, called, answer.status == 200, answer.status)

    def _delete(self, connection: Connection, key: str) -> None:
        called = time.monotonic()
        answer = connection.request("DELETE", f"/{BUCKET}/{key}")
        self._wrote(key, None, called, answer.status == 204, answer.status)

    def _get(self, connection: Connection, key: str) -> None:
        called = time.monotonic()
        answer = connection.request("GET", f"/{BUCKET}/{key}")
        if answer.status == 404:
            self._read(key, None, called)
        elif answer.status == 200:
            self._read(key, answer.body.decode(), called)
        else:
            self.failed.append(answer.status)

    def _head(self, connection: Connection, key: str) -> None:
        called = time.monotonic()
        answer = connection.request("HEAD", f"/{BUCKET}/{key}")
        if answer.status in (200, 404):
            self._read(key, answer.headers.get("etag"), called)
        else:
            self.failed.append(answer.status)

    def _list(self, connection: Connection, key: str) -> None:
        called = time.monotonic()
        answer = connection.request("GET", f"/{BUCKET}?list-type=2")
        if answer.status != 200:
            self.failed.append(answer.status)
            return
        listed = dict(
            zip(answer.texts("Contents", "Key"), answer.texts("Contents", "ETag"), strict=True)
        )
        for each in KEYS:
            self._read(each, listed.get(each), called)

    def _wrote(
        self, key: str, value: str | None, called: float, succeeded: bool, status: int
    ) -> None:
        answered = time.monotonic() if succeeded else NEVER
        self.history.append((key, Operation(True, value, called, answered)))
        if not succeeded:
            self.failed.append(status)

    def _read(self, key: str, value: str | None, called: float) -> None:
        self.history.append((key, Operation(False, value, called, time.monotonic())))


def test_single_keys_are_linearizable(gateways: list[GatewayProcess]) -> None:
    until = time.monotonic() + SECONDS
    clients = [Client(number, gateways[number % 2], until) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [status for client in clients for status in client.failed]
    values = {etag: value for client in clients for etag, value in client.etags.items()}
    for key in KEYS:
        history = [
            Operation(o.is_write, values.get(o.value or "", o.value), o.called, o.answered)
            for client in clients
            for name, o in client.history
            if name == key
        ]
        assert len(history) > 20
        assert sum(o.is_write for o in history) > 5
        assert is_linearizable(history), key
