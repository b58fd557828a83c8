"""How far one process that serves has come: what it reads again, and whether it is about to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Lifecycle:
    """One process that serves.

    Once it `is_draining` it takes nothing new: each connection ends with the answer to what it has
    brought. `requests_now` says how many requests have come and are not answered: also those of
    which nothing has been looked at, as they came in this turn of the event loop.
    """

    is_draining: bool = False
    requests_now: int = 0
    _reloads: list[Callable[[], None]] = field(default_factory=list)

    def serves_one(self) -> bool:
        """Whether whoever asks is the only request that has come, or none of them."""
        return self.requests_now <= 1

    def on_reload(self, read_again: Callable[[], None]) -> None:
        """Have something called at each `reload`. It logs what it cannot read."""
        self._reloads.append(read_again)

    def reload(self) -> None:
        """Read all files again that may have been exchanged: certificates, tokens."""
        for read_again in self._reloads:
            read_again()
