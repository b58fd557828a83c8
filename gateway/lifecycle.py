"""How far one process that serves has come: whether it is about to end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Lifecycle:
    """One process that serves.

    Once it `is_draining` it takes nothing new: each connection ends with the answer to what it has
    brought.
    """

    is_draining: bool = False
