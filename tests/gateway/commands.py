"""Commands of the gateway, run as a person does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def said(*arguments: str | Path) -> str:
    """What a command prints that does what it was asked."""
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
