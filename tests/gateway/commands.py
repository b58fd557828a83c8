"""Commands of the gateway, run as a person does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO


def run(
    *arguments: str | Path, output: int | IO[bytes] = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", *map(str, arguments)],
        env={**os.environ, **environment},
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )


def said(*arguments: str | Path) -> str:
    """What a command prints that does what it was asked."""
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
