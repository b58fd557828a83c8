"""Why a request was slow: its client, its turn to commit, or PFS."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.gateway.test_operation import metrics_of
from tests.hostile.measures import await_true
from tests.raw_http import Connection, send
from tests.servers import GatewayProcess, PfsProcess

BUCKET = "master.slow"
SLOW_SECONDS = 0.5
LARGE = bytes(32 * 1024**2)  # more than all the sockets between hold


def phases_of(gateway: GatewayProcess, operation: str) -> dict[str, float]:
    """Where the time of an operation has gone, once all of it is counted."""
    samples = metrics_of(send(gateway, "GET", "/-/metrics"))
    if f's3gateway_request_seconds_sum{{operation="{operation}"}}' not in samples:
        return {}
    start = f's3gateway_request_phase_seconds_total{{operation="{operation}",phase="'
    found = {
        name.removeprefix(start)[:-2]: seconds
        for name, seconds in samples.items()
        if name.startswith(start)
    }
    total = samples[f's3gateway_request_seconds_sum{{operation="{operation}"}}']
    assert sum(found.values()) <= total + 0.01
    return found


@pytest.fixture
def gateway(own_gateway: GatewayProcess) -> GatewayProcess:
    assert send(own_gateway, "PUT", f"/{BUCKET}").status == 200
    return own_gateway


def test_a_client_that_sends_slowly(gateway: GatewayProcess) -> None:
    with Connection(gateway) as connection:
        connection.send(connection.head("PUT", f"/{BUCKET}/a", None, {"Content-Length": "10"}))
        time.sleep(SLOW_SECONDS)
        connection.send(b"0123456789")
        assert connection.read().status == 200
    phases = phases_of(gateway, "PutObject")
    assert phases["receive"] >= SLOW_SECONDS * 0.9
    assert 0 < phases["commit"] < SLOW_SECONDS
    assert phases.get("queue", 0) < SLOW_SECONDS


def test_a_client_that_goes_away_in_the_middle_of_its_body(gateway: GatewayProcess) -> None:
    with Connection(gateway) as connection:
        connection.send(connection.head("PUT", f"/{BUCKET}/a", None, {"Content-Length": "10"}))
        connection.send(b"01234")
        time.sleep(SLOW_SECONDS)
    await_true(lambda: "receive" in phases_of(gateway, "PutObject"))
    assert phases_of(gateway, "PutObject")["receive"] >= SLOW_SECONDS * 0.9


def test_a_client_that_reads_slowly(gateway: GatewayProcess) -> None:
    assert send(gateway, "PUT", f"/{BUCKET}/a", LARGE).status == 200
    with Connection(gateway) as connection:
        connection.send(connection.head("GET", f"/{BUCKET}/a"))
        time.sleep(SLOW_SECONDS)
        assert connection.read().body == LARGE
    phases = phases_of(gateway, "GetObject")
    assert phases["send"] >= SLOW_SECONDS * 0.5
    assert phases["send"] > sum(seconds for name, seconds in phases.items() if name != "send")


def test_calls_to_pachd(tmp_path: Path) -> None:
    with PfsProcess(tmp_path / "pfs") as pfs, GatewayProcess(pfs.address) as gateway:
        send(gateway, "PUT", f"/{BUCKET}")
        send(gateway, "PUT", f"/{BUCKET}/a", b"hello")
        assert send(gateway, "GET", f"/{BUCKET}/a").status == 200
        assert phases_of(gateway, "GetObject")["pfs"] > 0
        # What a commit's calls take is the commit's, and not counted twice.
        assert phases_of(gateway, "PutObject")["commit"] > 0
