"""How quick the writes of one process are, which decides where the next one is made.

Two threads that wake each other take a fifth of a small write's time. So one that nobody else would
have to wait for is made on the event loop, as long as the disk is quick: one write that was slow is
enough, and many have to be quick again. Now and then one goes to the thread all the same, and folds
SQLite's log into the database: that may take long, and is never done on the event loop.
"""

from __future__ import annotations

import threading

QUICK_SECONDS = 0.01
"""What a write may take that folds SQLite's log."""

QUICK_WRITES = 100
MOST_ON_LOOP = 25
"""How many go without one on the thread. With 64 KiB each they make the log 3 MiB longer."""


class Pace:
    """The writes of one process; each tells how long it took."""

    def __init__(self) -> None:
        self._quick_in_a_row = 0
        self._on_loop_in_a_row = 0
        self._lock = threading.Lock()

    @property
    def allows_loop(self) -> bool:
        """Whether the next may be made on the event loop: it is quick, as far as can be said."""
        return self._quick_in_a_row >= QUICK_WRITES and self._on_loop_in_a_row < MOST_ON_LOOP

    def took(self, seconds: float, *, on_loop: bool = False) -> None:
        """A write has ended well."""
        with self._lock:  # the event loop and the thread both tell
            self._quick_in_a_row = self._quick_in_a_row + 1 if seconds < QUICK_SECONDS else 0
            self._on_loop_in_a_row = self._on_loop_in_a_row + 1 if on_loop else 0

    def failed(self, seconds: float) -> None:
        """One was refused, or lost: it may have been slow, and never shows that the disk is not."""
        with self._lock:
            if seconds >= QUICK_SECONDS:
                self._quick_in_a_row = 0
