"""Where to draw things that stand on each other: in layers, with few lines that cross.

The way of Sugiyama: a line that passes a layer has a place of its own there; layers are ordered by
where the neighbours of each place are; then places move towards their neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

_SWEEPS = 24


@dataclass(eq=False)
class Place(Generic[T]):
    """A thing, or where a line passes a layer."""

    thing: T | None
    width: float
    above: list[Place[T]] = field(default_factory=list)
    below: list[Place[T]] = field(default_factory=list)
    x: float = 0.0
    """Its middle."""


@dataclass(frozen=True)
class Layers(Generic[T]):
    """The layers from the top, and of each line the places that it passes, both ends included."""

    rows: list[list[Place[T]]]
    lines: list[list[Place[T]]]

    @property
    def width(self) -> float:
        """How wide the widest layer is, from its left end to its right one."""
        ends = [(row[0].x - row[0].width / 2, row[-1].x + row[-1].width / 2) for row in self.rows]
        return max(right for _, right in ends) - min(left for left, _ in ends)


def layered(
    stands_on: Mapping[T, frozenset[T]],
    of_line: Mapping[T, frozenset[T]],
    width: Callable[[T], float],
    gap: float,
) -> Layers[T]:
    """Places for all things and lines.

    Args:
        stands_on: What each thing must be above; there is no circle in it.
        of_line: To which of these a line is drawn.
        width: How wide a thing is.
        gap: The room between two of a layer.
    """
    heights = _heights(stands_on)
    layers: Layers[T] = Layers([[] for _ in range(max(heights.values()) + 1)], [])
    places = {thing: Place(thing, width(thing)) for thing in stands_on}
    for thing, place in places.items():
        layers.rows[-1 - heights[thing]].append(place)
    for thing in stands_on:
        for other in sorted(of_line[thing], key=list(stands_on).index):
            passed = [Place[T](None, 0) for _ in range(heights[other] + 1, heights[thing])]
            for at, place in enumerate(passed):
                layers.rows[-heights[thing] + at].append(place)
            layers.lines.append([places[thing], *passed, places[other]])
    _join(layers)
    _order(layers)
    _settle(layers.rows, gap)
    return layers


def _heights(stands_on: Mapping[T, frozenset[T]]) -> dict[T, int]:
    heights: dict[T, int] = {}
    while len(heights) < len(stands_on):
        for thing, below in stands_on.items():
            if thing not in heights and below <= heights.keys():
                heights[thing] = 1 + max((heights[one] for one in below), default=-1)
    return heights


def _join(layers: Layers[T]) -> None:
    for line in layers.lines:
        for upper, lower in pairwise(line):
            upper.below.append(lower)
            lower.above.append(upper)


def _order(layers: Layers[T]) -> None:
    """Order each layer so that few lines cross."""
    rows = layers.rows
    best = [list(row) for row in rows]
    for sweep in range(_SWEEPS):
        downward = sweep % 2 == 0
        for row in rows if downward else reversed(rows):
            _number(rows)
            row.sort(key=lambda place: _middle(place.above if downward else place.below, place.x))
        if _crossings(rows) < _crossings(best):
            best = [list(row) for row in rows]
    rows[:] = best


def _number(rows: list[list[Place[T]]]) -> None:
    for row in rows:
        for at, place in enumerate(row):
            place.x = (at + 0.5) / len(row)


def _crossings(rows: list[list[Place[T]]]) -> int:
    count = 0
    _number(rows)
    for row in rows:
        lines = [(upper.x, lower.x) for upper in row for lower in upper.below]
        count += sum(a[0] < b[0] and a[1] > b[1] for a in lines for b in lines)
    return count


def _middle(places: list[Place[T]], otherwise: float) -> float:
    return sum(place.x for place in places) / len(places) if places else otherwise


def _settle(rows: list[list[Place[T]]], gap: float) -> None:
    """Move each place towards its neighbours, as near as the others of its layer let it."""
    for row in rows:
        _place(row, [0.0] * len(row), gap)
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 else reversed(rows):
            _place(row, [_middle(p.above + p.below, p.x) for p in row], gap)


def _place(row: list[Place[T]], wanted: list[float], gap: float) -> None:
    """Put a layer's places where they want to be, on average, without overlapping."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + gap)
    blocks: list[list[float]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        blocks.append([want - offset])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    shifts = [_mean(block) for block in blocks for _ in block]
    for place, shift, offset in zip(row, shifts, offsets, strict=True):
        place.x = shift + offset


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
