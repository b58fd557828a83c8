"""What the embedded PFS has lost is an error of the server, until it is healed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.embedded_pfs.harm import cut, remove
from tests.gateway.commands import run
from tests.raw_http import send
from tests.servers import GatewayProcess

CONTENT = os.urandom(300_000)


def check(directory: Path) -> subprocess.CompletedProcess[str]:
    return run("--pfs", f"embedded:{directory}", "check")


@pytest.mark.parametrize("harm", [remove, cut])
def test_a_lost_content_is_a_logged_500_until_the_same_bytes_are_put(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    directory = tmp_path / "pfs"
    with GatewayProcess(directory) as gateway:
        send(gateway, "PUT", "/master.r", b"")
        send(gateway, "PUT", "/master.r/a", CONTENT)
        assert send(gateway, "HEAD", "/master.r/a").status == 200
        (blob,) = [file for file in (directory / "blobs").rglob("*") if file.is_file()]
        harm(blob)
        answer = send(gateway, "GET", "/master.r/a")
        assert (answer.status, b"<Code>InternalError</Code>" in answer.body) == (500, True)
        assert b"Storing the same again repairs it" in answer.body
        assert send(gateway, "HEAD", "/master.r/a").status == 500
        assert any(blob.parent.name + blob.name in line for line in gateway.log)
        checked = check(directory)
        assert checked.returncode == 1
        assert "lost: default/r@master:/a" in checked.stdout
        assert send(gateway, "PUT", "/master.r/a", CONTENT).status == 200
        assert send(gateway, "GET", "/master.r/a").body == CONTENT
        assert send(gateway, "HEAD", "/master.r/a").status == 200
        checked = check(directory)
        assert checked.returncode == 0
        assert "everything is there" in checked.stdout


def test_check_makes_no_directory_that_was_mistyped(tmp_path: Path) -> None:
    checked = check(tmp_path / "typo")
    assert checked.returncode == 2
    assert "there is no embedded PFS" in checked.stderr
