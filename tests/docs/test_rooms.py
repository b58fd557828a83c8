"""The page about the architecture shows the rooms as they are."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.docs.layers import layered
from tests.docs.rooms import Imports, Room, imports_between, rooms, rooms_table, without_detours
from tests.docs.rooms_picture import PICTURE, drawn
from tests.markdown import DOCS

PAGE = DOCS / "architecture.md"
BETWEEN = re.compile(r"(?<=<!-- rooms -->\n)(.*?)(?=<!-- /rooms -->)", re.DOTALL)


@pytest.fixture(scope="module")
def imports() -> Imports:
    return imports_between(rooms())


def test_the_picture_is_fresh() -> None:
    before = PICTURE.read_text() if PICTURE.exists() else ""
    fresh = drawn()
    if before != fresh:
        PICTURE.write_text(fresh)
    assert before == fresh, f"{PICTURE.name} was stale; it has been drawn anew"


def test_the_table_of_rooms_is_fresh() -> None:
    before = PAGE.read_text()
    fresh = BETWEEN.sub(lambda _: rooms_table(), before, count=1)
    if before != fresh:
        PAGE.write_text(fresh)
    assert before == fresh, f"{PAGE.name} was stale; its table has been written anew"


def test_the_picture_leaves_out_only_what_other_arrows_say(imports: Imports) -> None:
    arrows = without_detours(imports)

    def reached(room: Room) -> set[Room]:
        return set(arrows[room]).union(*(reached(other) for other in arrows[room]))

    for room, others in imports.items():
        assert arrows[room] <= others <= reached(room)


def test_arrows_lead_downwards_and_rooms_do_not_overlap(imports: Imports) -> None:
    layers = layered(imports, without_detours(imports), lambda _: 100.0, gap=10)
    row_of = {place: at for at, row in enumerate(layers.rows) for place in row}
    assert all(row_of[b] == row_of[a] + 1 for line in layers.lines for a, b in pairwise(line))
    assert sum(place.thing is not None for place in row_of) == len(imports)
    for row in layers.rows:
        for left, right in pairwise(row):
            assert right.x - left.x >= (left.width + right.width) / 2 + 10 - 1e-6
