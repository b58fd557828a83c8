"""What a pachd was once asked through its official SDK, asked of the embedded PFS."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.servers import PfsProcess

QUESTIONNAIRE = Path(__file__).with_name("pachd_golden.py")
SDK = Path(__file__).parents[2] / ".build" / "clients" / "pachyderm-sdk"


def test_the_official_sdk_gets_the_answers_that_pachd_gave(tmp_path: Path) -> None:
    if not (SDK / "ready").exists():
        pytest.skip("pachyderm-sdk is not installed; `make test` installs it")
    with PfsProcess(tmp_path / "pfs") as pfs:
        asked = subprocess.run(
            [SDK / "bin" / "python", QUESTIONNAIRE, pfs.address.removeprefix("grpc://")],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert asked.stdout == "121 of 121 answers agree\n"
