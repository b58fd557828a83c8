"""What each of the tools is taken through, and how its program says what came of it.

`nothing` is 0 B or a table without rows, `a little` is 5 B or one row. A table of 20 MiB has random
numbers, which no format makes smaller.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial

from tests.clients import steps

MIB = 1024 * 1024
SIZES = {"nothing": 0, "a little": 5, "20 MiB": 20 * MIB, "200 MiB": 200 * MIB}
STREAM = "stream of unknown size"
MOVE = "move"
COLUMNS = (*(f"write and read {size}" for size in SIZES), STREAM, MOVE)

NUMBER_BYTES = 8

Step = tuple[str, Callable[[], object]]


def each_size(write_and_read: Callable[[int], object]) -> Iterator[Step]:
    """A step for each size, in bytes."""
    for name, size in SIZES.items():
        yield f"write and read {name}", partial(write_and_read, size)


def random_numbers(size: int) -> bytes:
    """Numbers of 64 bits that take so many bytes, or a little more."""
    return os.urandom(-(-size // NUMBER_BYTES) * NUMBER_BYTES)


def run(own_steps: Callable[[str], Iterator[Step]]) -> None:
    """Make the bucket, and take the steps in it."""
    steps.make_bucket()
    steps.print_outcomes(steps.run_steps(own_steps(steps.bucket()), code_of))


def code_of(error: Exception) -> str:
    """The S3 error code in what a tool says, or its exception's name."""
    return "NotImplemented" if "NotImplemented" in str(error) else type(error).__name__
