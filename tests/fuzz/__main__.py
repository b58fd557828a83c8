"""`make fuzz`: the tests in this folder, over and over, each round with another seed."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

_PYTEST = (
    "-m", "pytest", "-m", "", "-n", "2", "--dist", "loadgroup", "-q", "--timeout", "1800",
)  # fmt: skip


def main() -> int:
    """Fuzz until the time is over or a test fails."""
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=None)
    asked = parser.parse_args()
    seed = secrets.randbelow(2**32) if asked.seed is None else asked.seed
    end = time.monotonic() + asked.seconds
    while True:
        print(f"Fuzzing with seed {seed}", flush=True)
        status = _round(seed)
        if status:
            print(f"Failed. The same again: make fuzz SEED={seed} SECONDS=1")
            return status
        if time.monotonic() > end:
            return 0
        seed += 1


def _round(seed: int) -> int:
    return subprocess.run(
        [sys.executable, *_PYTEST, f"--hypothesis-seed={seed}", Path(__file__).parent],
        env={**os.environ, "FUZZ_SEED": str(seed)},
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
