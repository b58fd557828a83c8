"""The README's tour, as a reader pastes it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.raw_http import send
from tests.servers import GatewayProcess

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = dict(re.findall(r"```(\w+) tour\n(.*?)```", README, re.DOTALL))
ENDPOINT = "127.0.0.1:30655"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with an empty home, and this project's commands on its path."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    bin_ = str(Path(sys.executable).parent)
    return {**environment, "HOME": str(tmp_path), "PATH": f"{bin_}:{environment['PATH']}"}


def run(command: list[str], folder: Path, machine: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=machine, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_tour(own_gateway: GatewayProcess, tmp_path: Path, machine: dict[str, str]) -> None:
    here = f"{own_gateway.host}:{own_gateway.port}"
    shell = "set -e\n" + BLOCKS["sh"].replace(ENDPOINT, here)
    said = run(["bash", "-c", shell], tmp_path, machine)
    assert "make_bucket: master.images" in said
    assert "greetings/hello.txt" in said
    assert "hello\n" in said
    assert "remove_bucket: master.images" in said
    python = BLOCKS["python"].replace(ENDPOINT, here)
    said = run([sys.executable, "-c", python], tmp_path, machine)
    assert [line.split()[0] for line in said.splitlines()] == ["v1/hello.txt", "v1/weights.bin"]


def test_the_tour_of_minio_go(own_gateway: GatewayProcess, tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("Go is not installed")
    here = f"{own_gateway.host}:{own_gateway.port}"
    assert send(own_gateway, "PUT", "/master.models", b"").status == 200
    module = ROOT / "tests" / "clients" / "go"
    for name in ("go.mod", "go.sum"):
        shutil.copy(module / name, tmp_path)
    (tmp_path / "main.go").write_text(BLOCKS["go"].replace(ENDPOINT, here))
    (tmp_path / "hello.txt").write_text("hello\n")
    said = run(["go", "run", "."], tmp_path, dict(os.environ))
    assert said == "v1/go.txt 6\n"


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
