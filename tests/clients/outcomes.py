"""What a client program printed: one JSON line a step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import GatewayProcess

ROOT = Path(__file__).parents[2]
BUILD = ROOT / ".build" / "clients"
RUN_SECONDS = 240


@dataclass(frozen=True)
class Outcome:
    """How one step went."""

    step: str
    outcome: str
    code: str = ""
    message: str = ""


def run_steps(
    command: list[str], gateway: GatewayProcess, bucket: str, **environment: str
) -> dict[str, Outcome]:
    """Run a client program against a gateway; gives its steps by name."""
    done = subprocess.run(
        command,
        env={**os.environ, "ENDPOINT": gateway.endpoint, "BUCKET": bucket, **environment},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    outcomes = [Outcome(**json.loads(line)) for line in done.stdout.splitlines()]
    return {outcome.step: outcome for outcome in outcomes}


def go_program(name: str) -> Path:
    """Build a Go client; skips where there is no Go."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed")
    source, program = Path(__file__).parent / name, BUILD / name
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=source, check=True)
    return program
