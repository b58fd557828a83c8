"""Every wall stands: in a copy each is broken once, and lint-imports says which and why."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CONFIGURATION = tomllib.loads((ROOT / "walls.toml").read_text())["tool"]["importlinter"]
PRODUCT = ("embedded_pfs", "gateway", "handlers", "pachd_server", "pfs_client", "s3_wire", "spec")
ELSEWHERE = (
    "contract_review.review", "bench.tables", "embedded_pfs.blobs", "gateway.command",
    "pachd_server.texts", "tests.chromium",
)  # fmt: skip


@dataclass(frozen=True)
class Wall:
    name: str
    room: list[str]
    but: list[str]
    may_import: list[str]
    must_not_reach: list[str]
    because: str

    def holds(self, module: str) -> bool:
        return within(module, self.room) and not within(module, self.but)

    def allows(self, module: str) -> bool:
        return self.holds(module) or within(module, self.may_import)


def within(module: str, packages: list[str]) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in packages)


def wall(rule: dict[str, Any]) -> Wall:
    lists = {name: rule.get(name, []) for name in ("but", "may_import", "must_not_reach")}
    return Wall(name=rule["name"], room=rule["room"], because=rule["because"], **lists)


WALLS = [wall(rule) for rule in CONFIGURATION["contracts"]]


def modules(root: Path = ROOT) -> Iterator[tuple[str, Path]]:
    for package in CONFIGURATION["root_packages"]:
        for file in sorted((root / package).rglob("*.py")):
            name = ".".join(file.relative_to(root).with_suffix("").parts)
            yield name.removesuffix(".__init__"), file


def is_documentation_only(file: Path) -> bool:
    return all(
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for node in ast.parse(file.read_text()).body
    )


def test_every_module_of_the_product_is_behind_a_wall() -> None:
    for module, file in modules():
        if module.partition(".")[0] in PRODUCT and not is_documentation_only(file):
            walls = [wall.name for wall in WALLS if wall.holds(module)]
            # What all of a package does at import is the package's own file, in no room.
            assert len(walls) == 1 or file == ROOT / "gateway" / "__init__.py", (module, walls)


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("lint-imports"))
    command = [program, "--config", "walls.toml", "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("copy")
    for package in CONFIGURATION["root_packages"]:
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copy(ROOT / "walls.toml", root)
    return root


@pytest.fixture(scope="module")
def said(copy: Path) -> str:
    """What lint-imports says of a copy in which every wall is broken."""
    for one in WALLS:
        file = next(file for module, file in modules(copy) if one.holds(module))
        breaches = [breach_of(one), *one.must_not_reach]
        with file.open("a") as text:
            text.writelines(f"\nimport {name} as _breach\n" for name in breaches)
    linted = lint(copy)
    assert linted.returncode == 1, linted.stderr
    return " ".join(linted.stdout.split())


def breach_of(one: Wall) -> str:
    return next(name for name in ELSEWHERE if not one.allows(name))


@pytest.mark.parametrize("one", WALLS, ids=lambda one: one.name)
def test_a_forbidden_import_breaks_its_wall(one: Wall, said: str) -> None:
    section = said[said.index("Broken contracts") :]
    assert f"The wall: {one.name}. Because {one.because}" in section
    module = next(module for module, _ in modules() if one.holds(module))
    for name in (breach_of(one), *one.must_not_reach):
        assert f"{module} imports {name}" in section


def test_as_it_stands_no_wall_is_broken() -> None:
    linted = lint(ROOT)
    assert linted.returncode == 0, linted.stdout
