"""Whether a recorded history of one object can have happened one operation after the other.

An exact search (Wing and Gong's, with Lowe's memory of what has been tried): each operation takes
effect at one moment between its call and its answer, and each read sees what the last write before
it left. An operation without an answer may have taken effect at any time after its call, or never.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

NEVER = math.inf


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on the object. Its value is what it wrote or read; None is no object."""

    is_write: bool
    value: str | None
    called: float
    answered: float = NEVER


def is_linearizable(history: Iterable[Operation], first: str | None = None) -> bool:
    """Search for an order that explains the history.

    Args:
        history: All operations; reads without an answer may be left out.
        first: What was there before.
    """
    operations = sorted(
        (o for o in history if o.is_write or o.answered != NEVER), key=lambda o: o.called
    )
    tried: set[_State] = set()
    todo: list[_State] = [(0, 0, first)]
    while todo:
        state = _without_beginning(todo.pop())
        if state in tried:
            continue
        tried.add(state)
        following = _following(operations, state)
        if following is None:
            return True
        todo.extend(following)
    return False


_State: TypeAlias = "tuple[int, int, str | None]"
"""All operations before the first number are placed, of the rest those in the second, bit by bit.

The third is what the object is then.
"""


def _without_beginning(state: _State) -> _State:
    start, placed, value = state
    while placed & 1:
        start, placed = start + 1, placed >> 1
    return start, placed, value


def _following(operations: Sequence[Operation], state: _State) -> list[_State] | None:
    """What can come next; None if everything that has an answer is placed."""
    start, placed, value = state
    left = [
        (1 << at, operations[start + at])
        for at in range(len(operations) - start)
        if not placed >> at & 1
    ]
    deadline = min((o.answered for _, o in left), default=NEVER)
    if deadline == NEVER:
        return None
    return [
        (start, placed | bit, operation.value)
        for bit, operation in left
        if operation.called <= deadline and (operation.is_write or operation.value == value)
    ]
