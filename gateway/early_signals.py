"""Signals that come before anything is served: the process ends at once, which is no failure.

This stands alone, because it is needed while the rest is being imported, which takes a second. The
first process of a container would not even notice SIGTERM until somebody takes it.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_quietly_if_told() -> None:
    """End with status 0 at the first SIGINT or SIGTERM, until somebody else takes them."""
    for number in _SIGNALS:
        signal.signal(number, _end)


def end_as_usual() -> None:
    """Have the signals do what they do in every program: commands have something to break off."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(sig: int, frame: FrameType | None) -> None:
    for number in _SIGNALS:  # a second one must not disturb what the first has begun
        signal.signal(number, signal.SIG_DFL)
    sys.exit(0)
