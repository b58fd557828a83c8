"""How far one process that serves has come: what it reads again, and whether it is about to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Lifecycle:
    """One process that serves.

    Once it `is_draining` it takes nothing new: each connection ends with the answer to what it has
    brought. `requests_now` says how many requests are being served.
    """

    is_draining: bool = False
    requests_now: int = 0
    _reloads: list[Callable[[], None]] = field(default_factory=list)

    def on_reload(self, read_again: Callable[[], None]) -> None:
        """Have something called at each `reload`. It logs what it cannot read."""
        self._reloads.append(read_again)

    def reload(self) -> None:
        """Read all files again that may have been exchanged: certificates, tokens."""
        for read_again in self._reloads:
            read_again()
