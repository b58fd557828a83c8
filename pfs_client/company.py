"""Whether whoever asks has the event loop to itself, which decides how small things are done."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

IsAlone: TypeAlias = Callable[[], bool]


def never() -> bool:
    """There may always be somebody else."""
    return False
