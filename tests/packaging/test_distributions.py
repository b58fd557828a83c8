"""The wheel and the source distribution: whole, nothing in them that is not the gateway's."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from gateway.contract.document import load_contract
from tests.packaging.distributions import (
    LOCKED,
    ROOT,
    RUNTIME_LOCK,
    Distributions,
    Installed,
    environment,
)
from tests.packaging.installed_gateway import assert_it_serves, assert_its_keys_work

ROOMS = ("embedded_pfs", "gateway", "handlers", "pachd_server", "pfs_client", "s3_wire", "spec")

pytestmark = pytest.mark.timeout(600)


def names_of(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_every_file_of_the_rooms_and_nothing_else(
    distributions: Distributions,
) -> None:
    files = (file for room in ROOMS for file in (ROOT / room).rglob("*") if file.is_file())
    # Contracts of the past are for whoever reviews the next one.
    left_out = {"__pycache__", "released"}
    ours = {str(f.relative_to(ROOT)) for f in files if left_out.isdisjoint(f.parts)}
    assert ours >= {
        "spec/s3.yaml",
        "gateway/pages/assets/docs/docs.js",
        "gateway/pages/assets/browser/app.js",
        "gateway/pages/assets/vendor/hyparquet/LICENSE",
    }
    names = names_of(distributions.wheel)
    assert {name for name in names if ".dist-info/" not in name} == ours


def test_the_wheel_says_what_it_is(distributions: Distributions) -> None:
    with ZipFile(distributions.wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
        assert any(n.endswith(".dist-info/licenses/LICENSE") for n in archive.namelist())
        assert archive.read("spec/s3.yaml").decode() == load_contract(()).text
    assert metadata["Name"] == "pfs-s3-gateway"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_all("Provides-Extra") == ["otel"]
    assert distributions.wheel.name.endswith("-py3-none-any.whl")


def test_the_source_distribution_makes_the_same_wheel(
    distributions: Distributions, tmp_path: Path
) -> None:
    with tarfile.open(distributions.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    for needed in ("Makefile", "Dockerfile", "requirements/dev.txt", "tests/conftest.py"):
        assert (source / needed).exists(), needed
    build = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
    subprocess.run(build, cwd=source, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert names_of(wheel) == names_of(distributions.wheel)


def test_it_serves_from_an_environment_of_its_own(
    distributions: Distributions, tmp_path: Path
) -> None:
    there = Installed(tmp_path / "environment")
    there.pip_install(*LOCKED, RUNTIME_LOCK)
    there.pip_install("--no-deps", "--no-index", distributions.wheel)
    version = distributions.wheel.name.split("-")[1]
    assert there.said(there.command, "--version").strip().endswith(f" {version}")
    assert "--max-object-bytes" in there.said(there.command, "--help")
    assert str(tmp_path) in there.said(
        there.python, "-c", "import gateway; print(gateway.__file__)"
    )
    assert_it_serves(there.command, tmp_path / "pfs")
    assert_its_keys_work(there.command, tmp_path)


@pytest.mark.thorough
def test_the_newest_of_all_that_it_may_depend_on_serves(
    distributions: Distributions, tmp_path: Path
) -> None:
    there = Installed(tmp_path / "environment")
    there.pip_install(f"{distributions.wheel}[otel]")
    assert_it_serves(there.command, tmp_path / "pfs")


def test_pipx_installs_the_checkout(tmp_path: Path) -> None:
    folders = {"PIPX_HOME": str(tmp_path / "home"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    pipx = (sys.executable, "-m", "pipx", "install", "--python", sys.executable, ROOT)
    subprocess.run(pipx, env={**environment(), **folders}, check=True)
    assert_it_serves(tmp_path / "bin" / "s3gateway", tmp_path / "pfs")
