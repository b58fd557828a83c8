"""Requests that are slow for a reason show it as `docs/operating.md` says."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.raw_http import Connection, send
from tests.servers import GatewayProcess, ServerProcess

PAUSE_SECONDS = 0.7
BUCKET = "master.slow"
JSON = ("--log-format", "json")
_PFS = re.compile(r"(grpc://\S+)")


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[GatewayProcess]:
    with GatewayProcess(tmp_path / "pfs", *JSON) as gateway:
        send(gateway, "PUT", f"/{BUCKET}")
        yield gateway


@pytest.fixture
def on_slow_pachd(tmp_path: Path) -> Iterator[GatewayProcess]:
    """On a PFS that takes as long as pachd was measured to, and twice that."""
    arguments = ["--address", "127.0.0.1:0", "--directory", str(tmp_path / "pfs")]
    arguments += ["--latency", "2", "--synchronous", "off"]
    with (
        ServerProcess("pachd_server", _PFS, *arguments) as pachd,
        GatewayProcess(pachd.address, *JSON) as gateway,
    ):
        send(gateway, "PUT", f"/{BUCKET}")
        yield gateway


def line_of(gateway: GatewayProcess, request_id: str) -> dict[str, Any]:
    """The request's line in the access log."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for text in list(gateway.output):
            if request_id in text:
                line: dict[str, Any] = json.loads(text)
                return line
        time.sleep(0.02)
    raise AssertionError(gateway.output)


def test_a_client_that_reads_slowly(embedded: GatewayProcess) -> None:
    send(embedded, "PUT", f"/{BUCKET}/large", bytes(30_000_000))
    with socket.create_connection((embedded.host, embedded.port), 30) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.sendall(f"GET /{BUCKET}/large HTTP/1.0\r\n\r\n".encode())
        head = client.recv(1000)
        time.sleep(PAUSE_SECONDS)
        while client.recv(1 << 20):
            pass
    found = re.search(rb"x-amz-request-id: (\w+)", head)
    assert found is not None
    line = line_of(embedded, found[1].decode())
    assert line["seconds"] - line["answer_seconds"] > 0.8 * PAUSE_SECONDS
    assert line["answer_seconds"] < 0.5 * PAUSE_SECONDS


def test_a_body_that_comes_slowly(embedded: GatewayProcess) -> None:
    with Connection(embedded) as client:
        client.send(f"PUT /{BUCKET}/a HTTP/1.1\r\nhost: localhost\r\n".encode())
        client.send(b"content-length: 10\r\n\r\n12345")
        time.sleep(PAUSE_SECONDS)
        client.send(b"67890")
        answer = client.read()
    line = line_of(embedded, answer.headers["x-amz-request-id"])
    assert line["answer_seconds"] > 0.8 * PAUSE_SECONDS
    assert (line["received_bytes"], line["pfs_calls"]) == (10, 0)


def test_a_slow_pachd(on_slow_pachd: GatewayProcess) -> None:
    send(on_slow_pachd, "PUT", f"/{BUCKET}/a", b"x")
    answer = send(on_slow_pachd, "GET", f"/{BUCKET}/a")  # and waits for that commit
    line = line_of(on_slow_pachd, answer.headers["x-amz-request-id"])
    assert line["pfs_seconds"] > 0.8 * line["answer_seconds"] > 0
    metrics = send(on_slow_pachd, "GET", "/-/metrics").body.decode()
    sums = re.findall(r'^s3gateway_pfs_call_seconds_sum\{method="(\w+)"\} (\S+)', metrics, re.M)
    seconds = {method: float(value) for method, value in sums}
    longest = sorted(seconds, key=lambda method: seconds[method])[-2:]
    assert "InspectCommit" in longest  # pachd may keep an InspectFile waiting for it as long


def test_a_write_that_waits_for_a_commit(on_slow_pachd: GatewayProcess) -> None:
    def put(number: int) -> str:
        answer = send(on_slow_pachd, "PUT", f"/{BUCKET}/{number}", b"x")
        assert answer.status == 200
        return answer.headers["x-amz-request-id"]

    with ThreadPoolExecutor(30) as writers:
        ids = list(writers.map(put, range(90)))
    lines = [line_of(on_slow_pachd, one) for one in ids]
    waited = [one for one in lines if one["pfs_seconds"] < 0.5 * one["answer_seconds"]]
    assert len(waited) > len(lines) / 2
    metrics = send(on_slow_pachd, "GET", "/-/metrics").body.decode()
    (groups,) = re.findall(r"^s3gateway_group_requests_count (\S+)", metrics, re.M)
    assert float(groups) < len(ids) / 2
