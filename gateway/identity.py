"""For whom a request is served."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from handlers.exchange import Services


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. What is known, shared or cached for one is never shown to another.

    `name` is who that is in logs. `token` is the Pachyderm token that goes with every call to
    pachd; those who have none share the gateway's own services.
    """

    name: str
    token: str = field(default="", repr=False)


ANYBODY = Identity("")
"""Whoever reaches a gateway that has no users, and the gateway itself."""

ServicesOf: TypeAlias = Callable[[Identity], Services]
"""Gives what requests of an identity work with."""
