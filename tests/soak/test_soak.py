"""A short soak, and that each of its checks finds what it is for."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.hostile.test_aborted import GIVEN_BACK
from tests.raw_http import Connection, send
from tests.servers import BACKENDS, EMBEDDED
from tests.soak.clients import BUCKET, RawHttp, Scene, Worker
from tests.soak.disturbers import LARGE_KEY, Aborter
from tests.soak.load import Report, Soak, soak
from tests.soak.model import Model, Version
from tests.soak.world import World

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(autouse=True)
def memory_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN_BACK.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_is_lost_and_nothing_is_left(tmp_path: Path, backend: str) -> None:
    report = soak(backend, tmp_path, seconds=10, seed=7)
    assert report.faults == [], report.seed
    assert report.restarts
    for kind in ("boto3", "minio-py", "raw HTTP", "aborts"):
        assert report.counts[kind, "done"] > 5, kind
    assert report.counts["slow readers", "bytes"]


def version_of(model: Model, key: str, size_bytes: int = 1000) -> Version:
    version = model.begin(key, size_bytes)
    assert version is not None
    return version


def test_a_write_that_was_answered_is_all_that_may_be_seen() -> None:
    model = Model()
    old, new = version_of(model, "k"), version_of(model, "k")
    model.answered("k", new)
    model.saw("k", new.content, "reader")
    assert model.faults == []
    for wrong in (None, old.content, new.content[:-1], b"", new.content.replace(b"k", b"j")):
        model.saw("k", wrong, "reader")
        assert model.faults.pop().startswith("reader: k is ")


def test_a_write_without_an_answer_may_have_happened_or_not_and_then_stays_so() -> None:
    model = Model()
    first = version_of(model, "k")
    model.answered("k", first)
    second = version_of(model, "k")
    model.begin("k", None)
    for possible in (first.content, second.content, None):
        model.saw("k", possible, "reader")
    model.settled("k", second.content, "reader")
    assert model.faults == []
    model.saw("k", None, "reader")
    assert len(model.faults) == 1


def sabotaged(folder: Path, act: Callable[[Scene, World], None]) -> Report:
    """A short soak in whose long part somebody does something that nobody should."""
    world = World(EMBEDDED, folder, quiet_seconds=1)
    parts: list[Worker] = []

    class Saboteur(Worker):
        kind = "saboteur"

        def __init__(self, scene: Scene, number: int) -> None:
            super().__init__(scene, number)
            parts.append(self)
            self._is_to_act = len(parts) == 2

        def turn(self) -> None:
            if self._is_to_act:
                time.sleep(0.5)
                act(self.scene, world)
            self._is_to_act = False
            time.sleep(0.05)

    try:
        return Soak(world, 4, 1, [RawHttp, Aborter, Saboteur]).run()
    finally:
        world.close()


def removes_an_object(scene: Scene, world: World) -> None:
    assert send(scene.gateway, "DELETE", f"/{BUCKET}/{LARGE_KEY}").status == 204


def writes_an_object(scene: Scene, world: World) -> None:
    assert send(scene.gateway, "PUT", f"/{BUCKET}/invented", b"1").status == 200


def leaves_a_temporary_file(scene: Scene, world: World) -> None:
    (world.directory / "staging" / ("0" * 32)).touch()


def leaves_a_blob(scene: Scene, world: World) -> None:
    (world.directory / "blobs" / "00" / ("0" * 62)).touch()


@pytest.fixture
def held() -> Iterator[list[socket.socket]]:
    held: list[socket.socket] = []
    yield held
    for connection in held:
        connection.close()


@pytest.mark.parametrize(
    ("act", "finds"),
    [
        (removes_an_object, "may be {Version("),
        (writes_an_object, "invented is 1 bytes"),
        (leaves_a_temporary_file, "staged_files have grown from 0 to 1"),
        (leaves_a_blob, "1 blobs belong to no commit"),
    ],
    ids=lambda value: getattr(value, "__name__", "it"),
)
def test_it_finds(tmp_path: Path, act: Callable[[Scene, World], None], finds: str) -> None:
    faults = sabotaged(tmp_path, act).faults
    assert any(finds in fault for fault in faults), faults


def test_it_finds_what_is_held(tmp_path: Path, held: list[socket.socket]) -> None:
    def holds_on(scene: Scene, world: World) -> None:
        """As a gateway would that forgot requests."""
        for _ in range(60):
            connection = Connection(scene.gateway)
            connection.send(connection.head("PUT", f"/{BUCKET}/k", None, {"Content-Length": "9"}))
            held.append(connection.socket)

    faults = " ".join(sabotaged(tmp_path, holds_on).faults)
    for kind in ("descriptors", "tasks", "requests"):
        assert f"{kind} have grown" in faults


def test_it_finds_what_fails_without_a_reason(tmp_path: Path) -> None:
    def fails(scene: Scene, world: World) -> None:
        scene.gateway.port, port = 1, scene.gateway.port
        time.sleep(0.5)
        scene.gateway.port = port

    faults = sabotaged(tmp_path, fails).faults
    assert any("aborts-1: ConnectionRefusedError" in fault for fault in faults), faults
