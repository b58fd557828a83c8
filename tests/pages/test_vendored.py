"""What the pages hold of others is what those have released, with its licence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.markdown import DOCS

ROOT = DOCS.parent
HERE = ROOT / "gateway" / "pages" / "assets" / "vendor"
RELEASED = ROOT / ".build" / "pages" / "node_modules"
SOURCES = {"aws4fetch": "dist", "hyparquet": "src", "swagger-ui-dist": ""}
LICENCES = {"aws4fetch": "MIT", "hyparquet": "MIT", "swagger-ui-dist": "Apache License"}


def files_of(package: str) -> list[Path]:
    return sorted((HERE / package).iterdir())


@pytest.mark.skipif(not RELEASED.exists(), reason="not installed: make .build/pages/ready")
@pytest.mark.parametrize("package", SOURCES)
def test_the_copies_are_as_released(package: str) -> None:
    for file in files_of(package):
        folder = RELEASED / package
        original = folder / ("" if file.name == "LICENSE" else SOURCES[package]) / file.name
        assert file.read_bytes() == original.read_bytes(), f"{file} is another: make vendor"


def test_nothing_else_is_there_and_each_has_its_licence() -> None:
    assert sorted(folder.name for folder in HERE.iterdir()) == sorted(SOURCES)
    for package in SOURCES:
        names = [file.name for file in files_of(package)]
        assert "LICENSE" in names
        assert LICENCES[package] in (HERE / package / "LICENSE").read_text()
