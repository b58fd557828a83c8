"""The systemd unit: systemd takes it, it may do little, and its words are the gateway's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.observing.tracing import CLOSE_SECONDS
from gateway.settings import Settings
from tests.packaging.distributions import ROOT

UNIT = ROOT / "deploy" / "systemd" / "s3gateway.service"
LINES = [line.split("=", 1) for line in UNIT.read_text().splitlines() if "=" in line]
MAX_EXPOSURE = 20  # of 100


def values(name: str) -> list[str]:
    return [value for key, value in LINES if key == name]


def value(name: str) -> str:
    (found,) = values(name)
    return found


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd is not installed")
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit, with a program that is here."""
    program = str(Path(sys.executable).with_name("s3gateway"))
    text = UNIT.read_text().replace(value("ExecStart"), program)
    copy = tmp_path / UNIT.name
    copy.write_text(text)
    return copy


def said(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_systemd_takes_it(analyze: str, unit: Path) -> None:
    assert said(analyze, "verify", "--man=no", unit) == (0, "")
    unit.write_text(unit.read_text().replace("PrivateTmp=yes", "PrivateTemp=yes"))
    assert "PrivateTemp" in said(analyze, "verify", "--man=no", unit)[1]


def test_it_may_do_little(analyze: str, unit: Path) -> None:
    check = (analyze, "security", "--offline=yes", f"--threshold={MAX_EXPOSURE}")
    status, text = said(*check, unit)
    assert status == 0, text
    unit.write_text(unit.read_text().replace("SystemCallFilter", "#SystemCallFilter"))
    assert said(*check, unit)[0] != 0


def test_its_settings_are_the_gateways() -> None:
    given = dict(pair.split("=", 1) for pair in values("Environment"))
    assert given.keys() <= Settings().to_environment().keys()
    settings = Settings.from_environment(given)
    assert settings.pfs == f"embedded:/var/lib/{value('StateDirectory')}"
    assert settings.host == "127.0.0.1"
    # For requests, for their commits, and for the last traces.
    needed = 2 * settings.shutdown_seconds + CLOSE_SECONDS
    assert needed < int(value("TimeoutStopSec")) < 2 * needed
