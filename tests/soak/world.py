"""The servers under load: started, ended and restarted, and what they hold."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
import uuid
from collections import Counter
from contextlib import closing, suppress
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.gateway.test_operation import metrics_of
from tests.hostile.measures import descriptors, memory_bytes
from tests.raw_http import send
from tests.servers import EMBEDDED, GatewayProcess, PfsProcess, ServerProcess
from tests.soak.clients import MIB

GATEWAY_OPTIONS = (
    "--no-access-log", "--cache-bytes", str(16 * MIB), "--shutdown-seconds", "10",
    "--keep-alive-seconds", "4", "--head-seconds", "4",
)  # fmt: skip
END_SECONDS = 25.0
SETTLE_SECONDS = 60.0
UPKEEP_QUIET_SECONDS = 15.0
"""More than the embedded PFS rests between two rounds of its upkeep."""
QUIET_SECONDS = 6.0
"""More than the gateway waits for anything when nobody wants anything."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a gateway's process holds."""

    memory_bytes: int
    descriptors: int
    threads: int
    tasks: int
    requests: int
    staged_files: int


MAY_GROW = Held(64 * MIB, 12, 12, 4, 0, 0)
"""By how much each may be more at the end than after the first part of the load."""


class World:
    """A gateway and its PFS.

    Args:
        backend: `embedded`, or `grpc` for a PFS in a process of its own.
        folder: Where everything is.
        quiet_seconds: How long nothing must become less before it is measured.
    """

    def __init__(self, backend: str, folder: Path, quiet_seconds: float = QUIET_SECONDS) -> None:
        self.backend = backend
        self._quiet_seconds = quiet_seconds
        self.directory = folder / "pfs"
        self.restarts = 0
        self._pfs: PfsProcess | None = None
        if backend != EMBEDDED:
            self._pfs = PfsProcess(self.directory)
        self.gateway = self._start_gateway()

    def close(self) -> int:
        """End everything, and give the gateway's status."""
        status = self.gateway.stop()
        self.gateway.__exit__()
        if self._pfs is not None:
            self._pfs.__exit__()
        return status

    def crash_pfs(self) -> None:
        """Kill the PFS, and start it where it was."""
        assert self._pfs is not None
        self.restarts += 1
        address = self._pfs.address.removeprefix("grpc://")
        _kill(self._pfs)
        self._pfs = PfsProcess(self.directory, address)

    def crash_gateway(self) -> None:
        """Kill the gateway, and start another."""
        self.restarts += 1
        _kill(self.gateway)
        self.gateway = self._start_gateway()

    def end_gateway(self) -> str | None:
        """Tell the gateway to end, and start another; says what was wrong with the end."""
        self.restarts += 1
        begun = time.monotonic()
        self.gateway.process.send_signal(signal.SIGTERM)
        status = self.gateway.process.wait(60)
        seconds = time.monotonic() - begun
        self.gateway.__exit__()
        fault = None
        if status or seconds > END_SECONDS:
            fault = f"a gateway ended with status {status} after {seconds:.1f} s"
        elif self.backend == EMBEDDED and self._staged_files():
            fault = f"a gateway that ended gently has left {self._staged_files()} temporary files"
        self.gateway = self._start_gateway()
        return fault

    def held(self) -> Held:
        """What the gateway holds now."""
        samples = metrics_of(send(self.gateway, "GET", "/-/metrics"))
        pid = self.gateway.process.pid
        status = Path(f"/proc/{pid}/status").read_text()
        threads = int(status.partition("Threads:")[2].split()[0])
        return Held(
            memory_bytes(pid),
            descriptors(pid),
            threads,
            int(samples["s3gateway_tasks"]),
            int(samples["s3gateway_requests_in_flight"]),
            self._staged_files(),
        )

    def settled(self) -> Held:
        """What it holds once that becomes less no more."""
        least, end = self.held(), time.monotonic() + SETTLE_SECONDS
        quiet_since = time.monotonic()
        while time.monotonic() < min(end, quiet_since + self._quiet_seconds):
            time.sleep(0.25)
            now = self.held()
            if any(a < b for a, b in zip(astuple(now), astuple(least), strict=True)):
                quiet_since = time.monotonic()
            least = Held(*map(min, astuple(now), astuple(least)))
        return now

    def kinds_of_descriptors(self) -> dict[str, int]:
        """What the gateway has open, by kind."""
        folder = Path(f"/proc/{self.gateway.process.pid}/fd")
        targets = []
        for one in folder.iterdir():
            with suppress(FileNotFoundError):  # it has just been closed
                targets.append(os.readlink(one))
        return Counter(
            "blob" if "/blobs/" in target else Path(target.partition(":")[0]).name
            for target in targets
        )

    def left_behind(self) -> list[str]:
        """What is in the data directory and belongs to nothing, once all file sets have expired.

        The servers are ended for it, and started again.
        """
        faults = []
        if status := self.close():
            faults.append(f"the gateway ended with status {status}")
        with closing(sqlite3.connect(self.directory / "pfs.sqlite")) as connection:
            connection.execute("UPDATE file_set SET expires_us = 0")
            connection.commit()
        self._pfs = PfsProcess(self.directory) if self._pfs is not None else None
        self.gateway = self._start_gateway()
        return faults + self._left_by_upkeep()

    def _left_by_upkeep(self) -> list[str]:
        """What is still there once the upkeep, which goes on beside the calls, removes no more."""
        left, end = self._left_now(), time.monotonic() + SETTLE_SECONDS
        quiet_since = time.monotonic()
        while left and time.monotonic() < min(end, quiet_since + UPKEEP_QUIET_SECONDS):
            time.sleep(0.25)
            now = self._left_now()
            if now != left:
                quiet_since = time.monotonic()
            left = now
        return left

    def _left_now(self) -> list[str]:
        faults = []
        with closing(sqlite3.connect(self.directory / "pfs.sqlite")) as connection:
            rows = connection.execute("SELECT hex(content_hash) FROM file")
            known = {row[0].lower() for row in rows}
            rows = connection.execute("SELECT hex(content_hash) FROM past_file")
            known |= {row[0].lower() for row in rows}
            rows = connection.execute("SELECT hex(content_hash) FROM extent")
            known |= {row[0].lower() for row in rows}
            (file_sets,) = connection.execute("SELECT count(*) FROM file_set").fetchone()
        blobs = {file.parent.name + file.name for file in (self.directory / "blobs").glob("*/*")}
        if file_sets:
            faults.append(f"{file_sets} file sets have expired and are there")
        if unknown := blobs - known:
            faults.append(f"{len(unknown)} blobs belong to no commit")
        if count := len(list((self.directory / "staging").iterdir())):
            faults.append(f"{count} temporary files are left")
        return faults

    def _staged_files(self) -> int:
        """Files of uploads under way.

        What an upload leaves that was broken off at its very end has a longer name, and is for who
        starts next to look at: `left_behind`.
        """
        return len(list((self.directory / "staging").glob("?" * len(uuid.uuid4().hex))))

    def _start_gateway(self) -> GatewayProcess:
        pfs: Path | str = self.directory if self._pfs is None else self._pfs.address
        return GatewayProcess(pfs, *GATEWAY_OPTIONS)


def _kill(server: ServerProcess) -> None:
    server.kill()
    with suppress(ProcessLookupError):
        server.__exit__()
