"""What a soak does: load in several parts, and what must be true after each."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path

from tests.raw_http import send
from tests.servers import EMBEDDED
from tests.soak.clients import BUCKET, Boto3, MinioPy, RawHttp, Scene, Worker
from tests.soak.disturbers import LARGE_BYTES, LARGE_KEY, Aborter, SlowReader, SlowWriter
from tests.soak.model import Model
from tests.soak.world import MAY_GROW, Held, World

WORKERS: list[type[Worker]] = [
    Boto3, Boto3, MinioPy, MinioPy, RawHttp, RawHttp, RawHttp,
    Aborter, Aborter, SlowReader, SlowReader, SlowWriter,
]  # fmt: skip
CALM_SHARE, LONG_SHARE = 0.2, 0.5


@dataclass
class Report:
    """What a soak saw."""

    backend: str
    seed: int
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    before: Held | None = None
    after: Held | None = None
    restarts: int = 0
    objects: int = 0
    faults: list[str] = field(default_factory=list)


class Soak:
    """A load on a world, and a model of what must be there.

    Args:
        world: What is loaded.
        seconds: How long, about.
        seed: Of all chance.
        workers: Who loads it.
    """

    def __init__(
        self,
        world: World,
        seconds: float,
        seed: int,
        workers: list[type[Worker]] = WORKERS,
    ) -> None:
        self.world = world
        self.model = Model()
        self._workers = workers
        self._seconds = seconds
        self._scene = Scene(world.gateway, self.model, random.Random(seed))  # noqa: S311
        self._report = Report(world.backend, seed, faults=self.model.faults)

    def run(self) -> Report:
        """Go through all parts."""
        self._prepare()
        self._load(self._seconds * CALM_SHARE)
        self._report.before = self.world.settled()
        self._compare("after the calm part")
        self._scene.is_calm = self.world.backend == EMBEDDED
        self._load(self._seconds * LONG_SHARE, self._disturb_pfs)
        self._scene.is_calm = True
        self._report.after = self.world.settled()
        self._check_growth()
        self._compare("after the long part")
        self._scene.is_calm = False
        self._load(self._seconds * (1 - CALM_SHARE - LONG_SHARE), self._disturb_gateway)
        self.world.settled()
        self._compare("after restarts of the gateway")
        for fault in self.world.left_behind():
            self.model.fault(fault)
        self._scene.gateway = self.world.gateway
        self._report.objects = self._compare("at the end")
        self._report.counts = self._scene.counts
        self._report.restarts = self.world.restarts
        return self._report

    def _prepare(self) -> None:
        assert send(self.world.gateway, "PUT", f"/{BUCKET}").status == 200
        version = self.model.begin(LARGE_KEY, LARGE_BYTES)
        assert version is not None
        path = f"/{BUCKET}/{LARGE_KEY}"
        assert send(self.world.gateway, "PUT", path, version.content).status == 200
        self.model.answered(LARGE_KEY, version)

    def _load(self, seconds: float, disturb: Callable[[], None] | None = None) -> None:
        """Let all clients work, and disturb them."""
        scene = self._scene
        scene.has_ended.clear()
        workers = [kind(scene, number) for number, kind in enumerate(self._workers)]
        for worker in workers:
            worker.thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            left = end - time.monotonic()
            time.sleep(min(left, seconds / 2, scene.draw.uniform(2, 5)))
            if disturb is not None and time.monotonic() < end:
                disturb()
        scene.has_ended.set()
        for worker in workers:
            worker.thread.join(120)
            if worker.thread.is_alive():
                self.model.fault(f"{worker.name} hangs")

    def _disturb_pfs(self) -> None:
        if self.world.backend != EMBEDDED:
            self.world.crash_pfs()

    def _disturb_gateway(self) -> None:
        if self._scene.draw.random() < 0.5:
            self.world.crash_gateway()
        elif fault := self.world.end_gateway():
            self.model.fault(fault)
        self._scene.gateway = self.world.gateway

    def _compare(self, when: str) -> int:
        """Read everything, and hold it against the model; says how much there is."""
        gateway = self.world.gateway
        listed = listing(gateway)
        for key in sorted(set(self.model.keys) | set(listed)):
            answer = send(gateway, "GET", f"/{BUCKET}/{key}")
            if answer.status not in (200, 404):
                self.model.fault(f"{when}: {key} answers {answer.status}")
                continue
            content = answer.body if answer.status == 200 else None
            self.model.settled(key, content, when)
            if listed.get(key) != answer.headers.get("etag"):
                self.model.fault(f"{when}: the listing and the object {key} differ")
        return len(listed)

    def _check_growth(self) -> None:
        assert self._report.before is not None
        assert self._report.after is not None
        values = zip(astuple(self._report.before), astuple(self._report.after), strict=True)
        for (before, after), one, may in zip(values, fields(Held), astuple(MAY_GROW), strict=True):
            if after - before > may:
                now = self.world.kinds_of_descriptors() if one.name == "descriptors" else ""
                self.model.fault(f"{one.name} have grown from {before} to {after} {now}")


def listing(gateway: object) -> dict[str, str]:
    """All keys and their ETags."""
    found: dict[str, str] = {}
    more = ""
    while True:
        answer = send(gateway, "GET", f"/{BUCKET}?list-type=2&max-keys=100{more}")  # type: ignore[arg-type]
        etags = answer.texts("Contents", "ETag")
        found |= dict(zip(answer.texts("Contents", "Key"), etags, strict=True))
        if not answer.texts("NextContinuationToken"):
            return found
        more = f"&continuation-token={answer.texts('NextContinuationToken')[0]}"


def soak(backend: str, folder: Path, seconds: float, seed: int) -> Report:
    """One soak of one backend."""
    world = World(backend, folder)
    try:
        return Soak(world, seconds, seed).run()
    finally:
        world.close()
