"""The checker finds what is wrong, and only that."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.linearizability.checker import NEVER, Operation, is_linearizable


def write(value: str | None, called: float, answered: float = NEVER) -> Operation:
    return Operation(True, value, called, answered)


def read(value: str | None, called: float, answered: float) -> Operation:
    return Operation(False, value, called, answered)


@pytest.mark.parametrize(
    "history",
    [
        [],
        [read(None, 0, 1)],
        [write("a", 0, 1), read("a", 2, 3)],
        [write("a", 0, 5), read(None, 1, 2), read("a", 3, 4)],
        [write("a", 0, 5), write("b", 0, 5), read("a", 6, 7)],
        [write("a", 0, 5), write("b", 0, 5), read("b", 6, 7)],
        [write("a", 0, 1), write(None, 2, 3), read(None, 4, 5)],
        [write("a", 0, 1), write("b", 2), read("a", 3, 4), read("b", 5, 6)],
        [write("a", 0, 1), write("b", 2), read("a", 3, 4)],
        [write("a", 0, 9), read("a", 1, 8), read(None, 2, 3), read("a", 4, 5)],
    ],
)
def test_what_can_have_happened(history: list[Operation]) -> None:
    assert is_linearizable(history)


@pytest.mark.parametrize(
    "history",
    [
        [read("a", 0, 1)],
        [write("a", 0, 1), read(None, 2, 3)],  # a lost write
        [write("a", 0, 1), write("b", 2, 3), read("a", 4, 5)],  # a stale read
        [write("a", 0, 9), read("a", 1, 2), read(None, 3, 4)],  # back in time
        [write("a", 0, 1), write("b", 0, 9), read("b", 2, 3), read("a", 4, 5)],
        [write("a", 0, 1), write(None, 2, 3), read("a", 4, 5)],  # a removal that came back
        [write("a", 0, 5), write("b", 0, 5), read("a", 6, 7), read("b", 8, 9)],  # no order for both
        [write("a", 0, 1), write("b", 2), read("b", 3, 4), read("a", 5, 6)],
        [write("a", 4, 5), read("a", 1, 2)],  # before it was written
    ],
)
def test_what_cannot_have_happened(history: list[Operation]) -> None:
    assert not is_linearizable(history)


def by_trying_all_orders(history: list[Operation]) -> bool:
    """The definition itself, for few operations."""
    optional = [o for o in history if o.answered == NEVER]
    fixed = [o for o in history if o.answered != NEVER]
    return any(
        _explains(order)
        for size in range(len(optional) + 1)
        for some in itertools.combinations(optional, size)
        for order in itertools.permutations([*fixed, *some])
    )


def _explains(order: tuple[Operation, ...]) -> bool:
    value = None
    for at, operation in enumerate(order):
        if any(later.answered < operation.called for later in order[at + 1 :]):
            return False
        if operation.is_write:
            value = operation.value
        elif operation.value != value:
            return False
    return True


def test_it_agrees_with_the_definition_on_random_histories() -> None:
    draw = random.Random(4)  # noqa: S311
    outcomes = []
    for _ in range(1500):
        history = []
        for _ in range(draw.randint(1, 5)):
            called = draw.randint(0, 6)
            is_write = draw.random() < 0.5
            answered = called + draw.randint(1, 5) if draw.random() < 0.8 or not is_write else NEVER
            history.append(Operation(is_write, draw.choice(["a", "b", None]), called, answered))
        expected = by_trying_all_orders(history)
        assert is_linearizable(history) is expected, history
        outcomes.append(expected)
    assert 200 < sum(outcomes) < 1300  # both happen
