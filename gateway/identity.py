"""For whom a request is served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from handlers.exchange import Services


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. What is known, shared or cached for one is never shown to another."""

    name: str


ANYBODY = Identity("")
"""Whoever reaches a gateway that has no users."""

ServicesOf: TypeAlias = Callable[[Identity], Services]
"""Gives what requests of an identity work with."""
