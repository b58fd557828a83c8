"""`docs/architecture.svg`: the rooms of the product and what they import, drawn from the code."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from itertools import pairwise
from xml.sax.saxutils import escape

from tests.docs.layers import Layers, Place, layered
from tests.docs.rooms import Imports, Room, imports_between, rooms, without_detours
from tests.markdown import DOCS

PICTURE = DOCS / "architecture.svg"

_BOX_WIDTH = 138
_WIDE_BOX_WIDTH = 206
_MEMBERS_A_LINE = 28
_GAP = 18
_ROW_GAP = 46
_MARGIN = 24

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" \
aria-labelledby="title what" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, \
'Liberation Sans', Arial, sans-serif" font-size="15">
  <title id="title">The rooms of the gateway, and what they import</title>
  <desc id="what">{what}</desc>
  <style>
    .ground {{ fill: #ffffff; stroke: #d0d7de }}
    .line {{ fill: none; stroke: #8c959f; stroke-width: 1.5 }}
    .tip {{ fill: #8c959f }}
    text {{ fill: #1f2328; text-anchor: middle }}
    .quiet {{ fill: #59636e; font-size: 12px }}
    .strong {{ font-weight: 600 }}
    .gateway {{ fill: #ddf4ff; stroke: #54aeff }}
    .handlers {{ fill: #fff8c5; stroke: #d4a72c }}
    .s3_wire, .spec {{ fill: #ffeff7; stroke: #ff80c8 }}
    .pfs_client {{ fill: #dafbe1; stroke: #4ac26b }}
    .embedded_pfs, .pachd_server {{ fill: #fbefff; stroke: #c297ff }}
    @media (prefers-color-scheme: dark) {{
      .ground {{ fill: #0d1117; stroke: #3d444d }}
      .line {{ stroke: #656c76 }}
      .tip {{ fill: #656c76 }}
      text {{ fill: #f0f6fc }}
      .quiet {{ fill: #9198a1 }}
      .gateway {{ fill: #0c2d6b; stroke: #1f6feb }}
      .handlers {{ fill: #4b2900; stroke: #9e6a03 }}
      .s3_wire, .spec {{ fill: #5e103e; stroke: #bf4b8a }}
      .pfs_client {{ fill: #033a16; stroke: #238636 }}
      .embedded_pfs, .pachd_server {{ fill: #3c1e70; stroke: #8957e5 }}
    }}
  </style>
  <defs>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" \
orient="auto"><path class="tip" d="M0 0 10 5 0 10z"/></marker>
  </defs>
  <rect class="ground" x="0.5" y="0.5" width="{inner_width}" height="{inner_height}" rx="8"/>
"""


def drawn() -> str:
    """The whole picture."""
    imports = imports_between(rooms())
    layers = layered(imports, without_detours(imports), _width, _GAP)
    tops, height = _tops(layers)
    left = min(row[0].x - row[0].width / 2 for row in layers.rows) - _MARGIN
    width = round(layers.width) + 2 * _MARGIN
    sizes = {"width": width, "inner_width": width - 1, "height": height, "inner_height": height - 1}
    parts = [_HEAD.format(what=escape(_described(imports)), **sizes)]
    parts.append(f'  <g transform="translate({-left:.1f} 0)">\n')
    parts += _lines(layers, tops)
    for row, top in zip(layers.rows, tops, strict=True):
        parts += (_box(place.thing, place.x, top) for place in row if place.thing is not None)
    return "".join([*parts, "  </g>\n</svg>\n"])


def _described(imports: Imports) -> str:
    said = []
    for room, others in imports.items():
        names = ", ".join(sorted(other.package for other in others)) or "no other room"
        said.append(f"{room.package} imports {names}.")
    return " ".join(said)


def _width(room: Room) -> float:
    return _WIDE_BOX_WIDTH if room.members else _BOX_WIDTH


def _members(room: Room) -> list[str]:
    return textwrap.wrap(", ".join(room.members), _MEMBERS_A_LINE)


def _height(room: Room | None) -> int:
    return 0 if room is None else 52 + 16 * max(0, len(_members(room)) - 1)


def _tops(layers: Layers[Room]) -> tuple[list[int], int]:
    """Where each layer begins, and where the picture ends."""
    tops, at = [], _MARGIN
    for row in layers.rows:
        tops.append(at)
        at += max(_height(place.thing) for place in row) + _ROW_GAP
    return tops, at - _ROW_GAP + _MARGIN


def _lines(layers: Layers[Room], tops: list[int]) -> Iterator[str]:
    """The lines, from the lower end of a room to the upper end of what it imports."""
    y_of = {place: top for row, top in zip(layers.rows, tops, strict=True) for place in row}
    bottom_of = {
        place: top + max(_height(other.thing) for other in row)
        for row, top in zip(layers.rows, tops, strict=True)
        for place in row
    }
    for line in layers.lines:
        begin = y_of[line[0]] + _height(line[0].thing)
        at = _port(line[0], line[1], line[0].below)
        path = f"M{at:.1f} {begin}V{bottom_of[line[0]]}"
        for upper, lower in pairwise(line):
            to = _port(lower, upper, lower.above) if lower is line[-1] else lower.x
            begin, end = bottom_of[upper], y_of[lower]
            bend = (begin + end) / 2
            path += f"C{at:.1f} {bend:.0f} {to:.1f} {bend:.0f} {to:.1f} {end}"
            path += "" if lower is line[-1] else f"V{bottom_of[lower]}"
            at = to
        yield f'    <path class="line" marker-end="url(#tip)" d="{path}"/>\n'


def _port(room: Place[Room], neighbour: Place[Room], all_there: list[Place[Room]]) -> float:
    """Where along a room's edge the line to one of its neighbours ends."""
    order = sorted(all_there, key=lambda place: place.x)
    return room.x + room.width * 0.8 * ((order.index(neighbour) + 0.5) / len(order) - 0.5)


def _box(room: Room, x: float, top: int) -> str:
    width, above, name = _width(room), *_titles(room)
    lines = [(above, "quiet")] if above else []
    lines += [(name, "strong"), *((text, "quiet") for text in _members(room))]
    y = top + (22 if len(lines) > 1 else 31)
    parts = [
        f'    <rect class="{room.package.partition(".")[0]}" x="{x - width / 2:.1f}" y="{top}"'
        f' width="{width}" height="{_height(room)}" rx="6"/>\n'
    ]
    for text, kind in lines:
        parts.append(f'    <text class="{kind}" x="{x:.1f}" y="{y}">{escape(text)}</text>\n')
        y += 18 if len(lines) == 2 else 16
    return "".join(parts)


def _titles(room: Room) -> tuple[str, str]:
    """The package above a room's name, and the name."""
    above, _, name = room.package.rpartition(".")
    return ("", room.package) if room.members else (above, name)
