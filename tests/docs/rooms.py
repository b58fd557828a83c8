"""The product's rooms as `walls.toml` names them, and what each imports as its code says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import grimp

from tests.markdown import ROOT

PRODUCT = ("embedded_pfs", "gateway", "handlers", "pachd_server", "pfs_client", "s3_wire", "spec")

_LISTS = ("room", "but", "may_import", "must_not_reach")

Imports = dict["Room", frozenset["Room"]]


@dataclass(frozen=True, slots=True)
class Room:
    """A package, or a few modules that stand together behind one wall."""

    modules: tuple[str, ...]
    but: tuple[str, ...]
    may_import: tuple[str, ...]
    must_not_reach: tuple[str, ...]
    because: str

    @property
    def package(self) -> str:
        """The room, or the package that its modules are in."""
        if len(self.modules) == 1:
            return self.modules[0]
        parts = zip(*(module.split(".") for module in self.modules), strict=False)
        return ".".join(p[0] for p in takewhile(lambda part: len(set(part)) == 1, parts))

    @property
    def members(self) -> tuple[str, ...]:
        """The modules by name, where the room is not a package of its own."""
        if len(self.modules) == 1:
            return ()
        return tuple(module.rpartition(".")[2] for module in self.modules)

    def holds(self, module: str) -> bool:
        """Whether a module stands in it."""
        return _is_within(module, self.modules) and not _is_within(module, self.but)


def rooms() -> list[Room]:
    """The product's rooms, in the order of `walls.toml`."""
    walls = tomllib.loads((ROOT / "walls.toml").read_text())["tool"]["importlinter"]["contracts"]
    return [_room(wall) for wall in walls if wall["room"][0].partition(".")[0] in PRODUCT]


def imports_between(known: list[Room]) -> Imports:
    """Which rooms each room imports, as the code stands."""
    graph = grimp.build_graph(*PRODUCT, cache_dir=None)
    found: dict[Room, set[Room]] = {room: set() for room in known}
    for importer, imported in _imports(graph):
        of, by = _room_of(imported, known), _room_of(importer, known)
        if of is not None and by is not None and of != by:
            found[by].add(of)
    return {room: frozenset(others) for room, others in found.items()}


def without_detours(imports: Imports) -> Imports:
    """The imports without those that a way over another room stands for as well."""
    return {
        room: frozenset(
            one for one in others if not any(one in _below(o, imports) for o in others - {one})
        )
        for room, others in imports.items()
    }


def _below(room: Room, imports: Imports) -> set[Room]:
    """What a room imports, and what that imports. There are no circles: the walls forbid them."""
    return set(imports[room]).union(*(_below(other, imports) for other in imports[room]))


def _imports(graph: grimp.ImportGraph) -> Iterator[tuple[str, str]]:
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            yield importer, imported


def _room(wall: dict[str, Any]) -> Room:
    modules, *lists = (tuple(wall.get(key, ())) for key in _LISTS)
    but, may_import, must_not_reach = lists
    return Room(modules, but, may_import, must_not_reach, wall["because"])


def _room_of(module: str, known: list[Room]) -> Room | None:
    return next((room for room in known if room.holds(module)), None)


def _is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in packages)


def rooms_table() -> str:
    """A table of the rooms, and of what each may import."""
    rows = ["| room | may import | why |", "|---|---|---|"]
    for room in rooms():
        own = _named(room.modules) + (f", without {_named(room.but)}" if room.but else "")
        allowed = _named(room.may_import) or "no other room"
        if room.must_not_reach:
            allowed += f". Never {_named(room.must_not_reach)}"
        rows.append(f"| {own} | {allowed} | {room.because[0].upper()}{room.because[1:]} |")
    return "\n".join(rows) + "\n"


def _named(modules: tuple[str, ...]) -> str:
    """Modules, with those of one package together."""
    by_package: dict[str, list[str]] = {}
    for module in modules:
        by_package.setdefault(module.rpartition(".")[0], []).append(module)
    return "; ".join(
        f"`{package}`: {', '.join(module.rpartition('.')[2] for module in inside)}"
        if package and len(inside) > 1
        else ", ".join(f"`{module}`" for module in inside)
        for package, inside in by_package.items()
    )
