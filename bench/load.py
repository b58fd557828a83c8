"""The load generator (`bench/load`, in Go), and what it measured."""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.servers import BUILD

PROGRAM = BUILD / "load"


@dataclass(frozen=True, slots=True)
class Load:
    """What to send: `connections` at once, for so many seconds.

    Headers may stand behind a URL, each behind a tab.
    """

    method: str
    urls: Sequence[str]
    connections: int
    seconds: float
    body_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of it."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


class Failed(Exception):
    """Some requests were not answered as they should be."""


def run(load: Load) -> Measured:
    """Send.

    Raises:
        Failed: As it says.
    """
    return _measure(
        load.method, load.urls, load.connections, load.body_bytes, "-seconds", str(load.seconds)
    )


def transfer_seconds(method: str, urls: Sequence[str], size_bytes: int) -> float:
    """How long bodies of a size take, one for each URL, all at once.

    Raises:
        Failed: As it says.
    """
    return _measure(method, urls, len(urls), size_bytes, "-transfer").seconds


def median(measured: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(measured)


def _measure(
    method: str, urls: Sequence[str], connections: int, size_bytes: int, *more: str
) -> Measured:
    with tempfile.NamedTemporaryFile("w", suffix=".urls") as file:
        file.write("\n".join(urls))
        file.flush()
        arguments = {
            "-method": method,
            "-urls": file.name,
            "-connections": str(connections),
            "-size": str(size_bytes),
        }
        options = [part for pair in arguments.items() for part in pair]
        done = subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *options, *more], capture_output=True, text=True, check=True
        )
    result = json.loads(done.stdout)
    if result["failed"] or not result["requests"]:
        raise Failed(f"{method} {urls[0]}: {done.stdout} {done.stderr}")
    return Measured(result["requests"], result["seconds"], result["p50_ms"], result["p99_ms"])
