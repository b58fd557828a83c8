"""A reader's machine: an empty home, and this project's commands on its path."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

RUN_SECONDS = 300


def machine(home: Path) -> dict[str, str]:
    """The environment of a new machine."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "S3GATEWAY_"))}
    bin_ = str(Path(sys.executable).parent)
    return {**kept, "HOME": str(home), "PATH": f"{bin_}:{kept['PATH']}"}


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a command that must succeed; gives what it prints."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_shell(script: str, folder: Path) -> str:
    """Run what a reader pastes into a terminal, on a machine whose home is the folder."""
    return run(["bash", "-euo", "pipefail", "-c", script], folder, machine(folder))


def run_python(program: str, folder: Path) -> str:
    """Run a program of a page, likewise."""
    return run([sys.executable, "-c", program], folder, machine(folder))
