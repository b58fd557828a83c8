"""Commands whose output has no room, as where it goes to a file on a full disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.commands import run
from tests.raw_http import send
from tests.servers import GatewayProcess

FULL = Path("/dev/full")
BUCKET = "master.kept"


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PFS with one object."""
    with GatewayProcess(tmp_path_factory.mktemp("stored") / "pfs") as gateway:
        assert send(gateway, "PUT", f"/{BUCKET}").status == 200
        assert send(gateway, "PUT", f"/{BUCKET}/a", bytes(100_000)).status == 200
    return gateway.pfs


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "--version",
        "contract",
        "keys new",
        "check",
        "compact --yes",
        "backup {}",
        "export --all {}",
        f"log {BUCKET}",
        f"cat {BUCKET}/a --at 0d",
        "log --help",
    ],
)
def test_it_is_told_in_one_line(stored: str, tmp_path: Path, command: str, unbuffered: str) -> None:
    arguments = command.format(tmp_path / "to").split()
    with FULL.open("wb") as full:
        done = run("--pfs", stored, *arguments, output=full, PYTHONUNBUFFERED=unbuffered)
    assert done.stderr == (
        "Error: no room to write the output or a temporary file: No space left on device\n"
    )
    assert done.returncode == 2
