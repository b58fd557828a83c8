"""What is built and handed to people, and environments to install it into."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNTIME_LOCK = ROOT / "requirements" / "runtime.txt"
LOCKED = ("--no-deps", "--require-hashes", "-r")


@dataclass(frozen=True, slots=True)
class Distributions:
    """The files that a release has."""

    wheel: Path
    sdist: Path


class Installed:
    """An environment outside the checkout.

    Args:
        folder: Where it is to be.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)

    @property
    def command(self) -> Path:
        """The gateway's."""
        return self._folder / "bin" / "s3gateway"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self._folder / "bin" / "python"

    def pip_install(self, *arguments: str | Path) -> None:
        """Install something."""
        pip = (self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        subprocess.run([*pip, *arguments], check=True)

    def said(self, *command: str | Path) -> str:
        """What a command says, run where nothing of the checkout can be found."""
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def environment() -> dict[str, str]:
    """This one without what tests of this project set."""
    ours = ("S3GATEWAY_", "COV", "PYTHON", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
