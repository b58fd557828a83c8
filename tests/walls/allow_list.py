"""The kind of rule that `walls.toml` is made of: a room imports what its list allows, and no more.

https://import-linter.readthedocs.io/en/stable/custom_contract_types/ .
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


@dataclass(frozen=True, slots=True)
class Breach:
    """One import that no list allows."""

    importer: str
    imported: str
    line: int


class AllowList(Contract):
    """What the modules of a room may import.

    - room: Modules and packages. A package within it that has a rule of its own stands in `but`.
    - but: Packages that this rule leaves out.
    - may_import: Modules, and packages with all that is in them. The room's own always may.
    - must_not_reach: External modules that must not be imported either, such as `asyncio`.
    - because: Why.
    """

    type_name = "allow_list"

    room = fields.ListField(subfield=fields.StringField())
    but = fields.ListField(subfield=fields.StringField(), required=False)
    may_import = fields.ListField(subfield=fields.StringField(), required=False)
    must_not_reach = fields.ListField(subfield=fields.StringField(), required=False)
    because = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at every import of the room."""
        missing = [name for name in _names(self.room) if name not in graph.modules]
        if missing:
            raise ValueError(f"walls.toml names {missing[0]}, which is no module")
        breaches = list(self._breaches(graph))
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say which imports break the wall, and why it stands."""
        for breach in check.metadata["breaches"]:
            output.print_error(
                f"{breach.importer} imports {breach.imported} (line {breach.line})", bold=False
            )
        output.print_error(f"The wall: {self.name}. Because {self.because}", bold=False)

    def _breaches(self, graph: ImportGraph) -> Iterator[Breach]:
        ours = {module.partition(".")[0] for module in graph.modules if _is_internal(graph, module)}
        for importer in sorted(graph.modules):
            if not _is_within(importer, self.room) or _is_within(importer, self.but):
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if self._allows(imported, is_ours=imported.partition(".")[0] in ours):
                    continue
                details = graph.get_import_details(importer=importer, imported=imported)
                yield Breach(importer, imported, details[0]["line_number"])

    def _allows(self, imported: str, *, is_ours: bool) -> bool:
        if not is_ours:
            return not _is_within(imported, self.must_not_reach)
        is_own = _is_within(imported, self.room) and not _is_within(imported, self.but)
        return is_own or _is_within(imported, self.may_import)


def _is_internal(graph: ImportGraph, module: str) -> bool:
    return not graph.is_module_squashed(module)


def _is_within(module: str, packages: object) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in _names(packages))


def _names(field: object) -> list[str]:
    """What stands in a field of a rule, whose type is that of its reader."""
    return cast("list[str]", field or [])
