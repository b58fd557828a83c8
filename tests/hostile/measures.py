"""What a gateway's process holds, as its operating system counts it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

MIB = 1024 * 1024


def memory_bytes(process: int) -> int:
    """Memory of a process that is in RAM."""
    status = Path(f"/proc/{process}/status").read_text()
    match = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert match
    return int(match[1]) * 1024


def peak_bytes(process: int) -> int:
    """The most memory that a process has ever had."""
    match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert match
    return int(match[1]) * 1024


def descriptors(process: int) -> int:
    """How many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{process}/fd"))


def await_true(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition.

    Raises:
        AssertionError: It does not come true.
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


@contextmanager
def at_most(process: int, *, seconds: float, growth_bytes: int = 64 * MIB) -> Iterator[None]:
    """See that a server spends no more time and memory than this on what is done to it."""
    Path(f"/proc/{process}/clear_refs").write_text("5")  # the peak begins anew
    before, begun = peak_bytes(process), time.monotonic()
    yield
    assert time.monotonic() - begun < seconds
    assert peak_bytes(process) - before < growth_bytes
