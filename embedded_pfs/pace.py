"""How quick the writes of one process are, which decides where the next one is made.

Two threads that wake each other take a fifth of a small write's time. So one that nobody else would
have to wait for is made on the event loop, as long as the disk is quick: one write that was slow is
enough, and many have to be quick again.
"""

from __future__ import annotations

QUICK_SECONDS = 0.01
"""SQLite's log is folded into the database in some writes, which then take some milliseconds."""

QUICK_WRITES = 100


class Pace:
    """The writes of one process; each tells how long it took."""

    def __init__(self) -> None:
        self._quick_in_a_row = 0

    @property
    def is_quick(self) -> bool:
        """Whether the next write will be, as far as anybody can say."""
        return self._quick_in_a_row >= QUICK_WRITES

    def took(self, seconds: float) -> None:
        """A write has ended."""
        self._quick_in_a_row = self._quick_in_a_row + 1 if seconds < QUICK_SECONDS else 0
