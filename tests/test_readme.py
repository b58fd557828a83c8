"""The README's tour, as a reader pastes it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.machine import run, run_python, run_shell
from tests.markdown import ROOT, named_blocks
from tests.servers import GatewayProcess

README = ROOT / "README.md"
TOUR = {block.language: block for block in named_blocks(README)}

WITH_ALL = pytest.mark.parametrize(
    "layers", [("copy", "multipart", "versions")], ids=["all"], indirect=True
)

pytestmark = pytest.mark.timeout(600)


@WITH_ALL
def test_the_tour_can_be_repeated(own_gateway: GatewayProcess, tmp_path: Path) -> None:
    config = tmp_path / ".aws" / "config"  # the folder is the home
    config.parent.mkdir()
    config.write_text("[default]\nregion = eu-west-1\n")
    for _ in range(2):
        tour(own_gateway, tmp_path)
    assert [file.name for file in config.parent.iterdir()] == ["config"]
    assert config.read_text() == "[default]\nregion = eu-west-1\n"


def tour(own_gateway: GatewayProcess, tmp_path: Path) -> None:
    """What is pasted into one terminal."""
    said = run_shell(TOUR["sh"].at(own_gateway.endpoint), tmp_path)
    assert "make_bucket: master.s3gateway-tour" in said
    assert "pets/dog.txt" in said
    deleted, _, restored = said.partition("delete: s3://master.s3gateway-tour/pets/cat.txt")
    assert "pets/cat.txt" in deleted
    assert "\ncat\n" in restored
    assert "remove_bucket: master.s3gateway-tour" in restored
    said = run_python(TOUR["python"].at(own_gateway.endpoint), tmp_path)
    assert [line.split()[0] for line in said.splitlines()] == ["v1/hello.txt", "v1/weights.bin"]
    assert {file.name for file in tmp_path.iterdir()} == {".aws", "pfs"}


@WITH_ALL
def test_the_tour_of_minio_go(own_gateway: GatewayProcess, tmp_path: Path) -> None:
    if shutil.which("go") is None:
        pytest.skip("Go is not installed")
    module = ROOT / "tests" / "clients" / "go"
    for name in ("go.mod", "go.sum"):
        shutil.copy(module / name, tmp_path)
    (tmp_path / "main.go").write_text(TOUR["go"].at(own_gateway.endpoint))
    run(["go", "build", "-o", "tour", "."], tmp_path, dict(os.environ))
    for _ in range(2):
        assert run(["./tour"], tmp_path, dict(os.environ)) == "v1/go.txt 6\n"


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text()):
        assert (ROOT / target).exists(), target
