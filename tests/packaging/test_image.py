"""The image: linted, built step by step without an engine, and run as an engine would."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from tests.gateway.test_operation import until
from tests.packaging.distributions import ROOT
from tests.packaging.dockerfile import stages_of
from tests.packaging.image import PATH, Build, Container, debian, why_not
from tests.raw_http import send

DOCKERFILE = ROOT / "Dockerfile"
BASES = ROOT / ".build" / "image"
STAGES = stages_of(DOCKERFILE, PATH)
IMAGE = STAGES[-1]
ROOMS = {"embedded_pfs", "gateway", "handlers", "pachd_server", "pfs_client", "s3_wire", "spec"}


def value_of(instruction: str) -> str:
    step = IMAGE.last(instruction)
    assert step is not None, instruction
    return step.value


def test_the_linter_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_its_base_is_one_release_of_the_python_that_is_tested() -> None:
    for stage in STAGES:
        python = f"{sys.version_info.major}\\.{sys.version_info.minor}"
        assert re.fullmatch(rf"python:{python}\.\d+-slim-[a-z]+", stage.image)


def test_nothing_is_installed_that_no_lock_names() -> None:
    for step in (step for stage in STAGES for step in stage.steps if step.instruction == "RUN"):
        for install in re.findall(r"install\s+(--[^&]+)", step.value):
            assert "--no-deps" in install
            assert "--require-hashes" in install or "--no-index" in install


def test_it_runs_as_nobody_who_matters_and_gets_signals() -> None:
    user, _, group = value_of("USER").partition(":")
    assert int(user) == int(group) > 10_000
    entry = IMAGE.last("ENTRYPOINT")
    assert entry is not None
    assert entry.exec_form == ["s3gateway"]
    assert value_of("STOPSIGNAL") == "SIGTERM"
    assert value_of("EXPOSE") == IMAGE.environment["S3GATEWAY_PORT"]


def test_what_it_copies_is_sent_to_the_engine_and_little_else() -> None:
    ignored = GitIgnoreSpec.from_lines((ROOT / ".dockerignore").read_text().splitlines())
    copied = [
        source
        for step in STAGES[0].steps
        if step.instruction == "COPY"
        for source in step.words[:-1]
    ]
    assert set(copied) >= ROOMS
    for source in copied:
        file = source if (ROOT / source).is_file() else f"{source}/__init__.py"
        assert not ignored.match_file(file), source
    for other in ("tests/conftest.py", ".git/config", ".venv/pyvenv.cfg", "gateway/__pycache__/a"):
        assert ignored.match_file(other), other


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of what the Dockerfile makes."""
    if reason := why_not():
        pytest.skip(reason)
    release = IMAGE.image.rpartition("-")[2]
    build = Build(ROOT, tmp_path_factory.mktemp("image"), debian(release, BASES))
    return [build.run(stage) for stage in STAGES][-1]


@pytest.fixture
def volume(tmp_path: Path, image: Path) -> Path:
    """A new volume: an engine gives it the image's folder's owner."""
    subprocess.run(["cp", "-a", f"{image}{value_of('VOLUME')}", tmp_path / "volume"], check=True)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    return tmp_path / "volume"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Published:
    """A container's port on this machine.

    Args:
        port: Its number.
    """

    host = "127.0.0.1"

    def __init__(self, port: int) -> None:
        self.port = port


@pytest.mark.thorough
@pytest.mark.timeout(1800)
def test_it_serves_on_a_root_that_is_read_only_and_ends_when_told(
    image: Path, volume: Path
) -> None:
    here = Published(free_port())
    with Container(image, IMAGE, volume, {"S3GATEWAY_PORT": str(here.port)}) as container:
        until(lambda: container.is_healthy() or not container.is_running)
        assert container.is_running, container.wait()
        assert not container.is_healthy({"S3GATEWAY_PORT": str(free_port())})
        identity = Path(f"/proc/{container.pid}/status").read_text()
        assert re.search(r"Uid:\s+65532\s+65532\s+65532", identity)
        assert re.search(r"CapEff:\s+0+\n", identity)
        assert container.execute("sh", "-c", "echo $$ > /tmp/here").returncode != 0
        assert send(here, "PUT", "/master.r").status == 200
        assert send(here, "PUT", "/master.r/a", b"hello").status == 200
        assert send(here, "GET", "/master.r/a").body == b"hello"
        assert send(here, "GET", "/-/docs").status == 200
        status, said = container.stop()
    assert status == 0, said
    assert "Traceback" not in said
    with Container(image, IMAGE, volume, {"S3GATEWAY_PORT": str(here.port)}) as container:
        until(lambda: container.is_healthy() or not container.is_running)
        assert send(here, "GET", "/master.r/a").body == b"hello"


@pytest.mark.thorough
@pytest.mark.timeout(1800)
def test_several_workers_need_a_place_for_what_they_count(image: Path, volume: Path) -> None:
    here = Published(free_port())
    options = {"S3GATEWAY_PORT": str(here.port), "S3GATEWAY_WORKERS": "2"}
    with Container(image, IMAGE, volume, options) as container:
        status, said = container.wait()
    assert status == 2
    assert "--workers: several of them count in files in TMPDIR" in said
    assert "Traceback" not in said
    with Container(image, IMAGE, volume, options, temporary=True) as container:
        until(lambda: container.is_healthy() or not container.is_running)
        assert send(here, "GET", "/-/metrics").status == 200
        assert container.stop()[0] == 0


@pytest.mark.thorough
@pytest.mark.timeout(1800)
def test_traces_can_be_asked_for(image: Path, volume: Path) -> None:
    here = str(free_port())
    options = {"S3GATEWAY_PORT": here, "S3GATEWAY_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    with Container(image, IMAGE, volume, options) as container:
        until(lambda: container.is_healthy() or not container.is_running)
        assert container.is_running, container.wait()
