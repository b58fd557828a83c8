"""All benchmarks, or some: `python -m bench [PART]…`, each a module here or a few.

Each prints tables in Markdown, with the two things that a figure compares measured in turns in the
same run. Nothing here fails on a slow machine: what must not regress is counted by tests.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable

from bench import backups, cluster, growth, keys, parts, small, transfers


def _growth(quick: bool) -> None:
    if quick:
        growth.measure((1_000, 10_000), (1, 100))
    else:
        growth.measure((1_000, 10_000, 100_000, 1_000_000), (1, 100, 10_000))


PARTS: dict[str, Callable[[bool], None]] = {
    "small": lambda quick: small.measure(1.0 if quick else 4.0),
    "cluster": lambda quick: cluster.measure(1.0 if quick else 4.0),
    "transfers": lambda quick: transfers.measure((64,) if quick else (256, 1024)),
    "parts": lambda quick: parts.measure(64 if quick else 256),
    "growth": _growth,
    "keys": lambda quick: keys.measure(*((1.0, 64) if quick else (4.0, 256))),
    "backups": lambda quick: backups.measure((10_000,) if quick else (10_000, 300_000)),
}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--quick", action="store_true", help="less of everything")
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.release()}")
    for part in asked.parts or PARTS:
        PARTS[part](asked.quick)


if __name__ == "__main__":
    main()
