"""What clients did at the same time, and whether it could have been done one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.fuzz.model import Model

Seen: TypeAlias = object
"""What a client was answered, comparable with what the model answers."""

Apply: TypeAlias = Callable[[Model], Seen]


@dataclass(frozen=True)
class Event:
    """One request of one client."""

    what: str
    apply: Apply
    seen: Seen
    began: float
    ended: float


def has_an_order(start: Model, events: Sequence[Event]) -> bool:
    """Whether there is an order in which the model answers what was seen.

    In it, what had ended comes before what had not begun (linearizability). Searched depth first;
    a set of events done that led to a state once is not tried again.
    """
    tried: set[object] = set()

    def search(model: Model, left: frozenset[int]) -> bool:
        state = (left, model.frozen())
        if state in tried:
            return False
        tried.add(state)
        if not left:
            return True
        first_end = min(events[i].ended for i in left)
        for i in sorted(left):
            if events[i].began > first_end:
                continue
            following = model.copy()
            if events[i].apply(following) == events[i].seen and search(following, left - {i}):
                return True
        return False

    return search(start, frozenset(range(len(events))))


def told(events: Sequence[Event]) -> str:
    """A history to read, in the order of beginnings."""
    lines = sorted(events, key=lambda event: event.began)
    begin = lines[0].began
    return "\n".join(
        f"{1000 * (e.began - begin):8.2f} to {1000 * (e.ended - begin):8.2f} ms: {e.what}: {e.seen}"
        for e in lines
    )
