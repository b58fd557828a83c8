"""A gateway whose disk is full says so, takes deletes, and goes on once there is room."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.commands import said
from tests.raw_http import send
from tests.servers import GatewayProcess
from tests.small_disk import fill, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 48) as at:
        yield at


def metric(gateway: GatewayProcess, name: str) -> float:
    text = send(gateway, "GET", "/-/metrics").body.decode()
    found = re.search(rf"^s3gateway_{name} (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def until_it_is(gateway: GatewayProcess, said: str) -> str:
    """What `/-/ready` says, once it says so."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        answer = send(gateway, "GET", "/-/ready")
        assert answer.status == 200
        if said in answer.body.decode():
            return answer.body.decode()
        time.sleep(0.2)
    raise AssertionError(answer.body)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_is_told_and_can_be_emptied(disk: Path, workers: str) -> None:
    directory = disk / "pfs"
    with GatewayProcess(directory, "--workers", workers) as gateway:
        assert send(gateway, "PUT", "/master.r", b"").status == 200
        stored = 0
        while (
            answer := send(gateway, "PUT", f"/master.r/{stored}", os.urandom(1_000_000))
        ).status == 200:
            stored += 1
        assert answer.status == 503
        assert b"no room to store more" in answer.body
        filler = fill(disk)
        assert "full" in until_it_is(gateway, "full")
        assert metric(gateway, "storage_full") == 1
        assert metric(gateway, "free_bytes") < 5_000_000
        for number in range(stored):
            assert send(gateway, "DELETE", f"/master.r/{number}").status == 204
        assert send(gateway, "GET", "/master.r?list-type=2").status == 200
    assert "MB freed" in said("--pfs", f"embedded:{directory}", "compact", "--yes")
    with GatewayProcess(directory, "--workers", workers) as gateway:
        assert send(gateway, "PUT", "/master.r/new", os.urandom(1_000_000)).status == 200
        filler.unlink()
        assert until_it_is(gateway, "ready\n") == "ready\n"
        assert metric(gateway, "storage_full") == 0
        assert metric(gateway, "stored_bytes") > 0
