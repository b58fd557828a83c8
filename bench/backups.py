"""(f) How much a backup slows writers, and how long it takes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.listing import fill
from bench.load import median
from bench.tables import ratio, show
from tests.raw_http import Connection
from tests.servers import GatewayProcess

ROUNDS = 5
BODY_BYTES = 1024
LARGE_OBJECTS = 200
LARGE_BYTES = 256 * 1024


@dataclass(slots=True)
class _Puts:
    """The seconds that PUTs took, and those of the backups that ran beside them."""

    seconds: list[float] = field(default_factory=list)
    backups: list[float] = field(default_factory=list)

    def shown(self) -> list[str]:
        return [f"{median(self.seconds) * 1000:.2f} ms", f"{max(self.seconds) * 1000:.0f} ms"]


def measure(keys: Sequence[int]) -> None:
    """Print the table."""
    show(
        f"PUT of {BODY_BYTES} bytes, one client, alone and beside a first backup",
        ["keys", "alone", "slowest", "beside", "slowest", "beside : alone", "a backup takes"],
        map(_row, keys),
    )


def _row(keys: int) -> list[object]:
    alone, beside = _Puts(), _Puts()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "pfs"
        asyncio.run(fill(directory, keys))
        with (
            GatewayProcess(directory, synchronous="full") as gateway,
            Connection(gateway) as connection,
        ):
            for number in range(LARGE_OBJECTS):
                _put(connection, f"large/{number}", number.to_bytes(4, "big") * (LARGE_BYTES // 4))
            for round_ in range(ROUNDS):
                _beside_a_backup(connection, gateway, Path(folder) / f"backup-{round_}", beside)
                _put_while(connection, _lasting(beside.backups[-1]), alone)
    times = ratio(median(beside.seconds), median(alone.seconds))
    took = f"{median(beside.backups):.1f} s"
    return [f"{keys:,}", *alone.shown(), *beside.shown(), times, took]


def _beside_a_backup(
    connection: Connection, gateway: GatewayProcess, target: Path, puts: _Puts
) -> None:
    begun = time.perf_counter()
    command = [sys.executable, "-m", "gateway", "--pfs", gateway.pfs, "backup", str(target)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as backup:  # noqa: S603
        _put_while(connection, lambda: backup.poll() is None, puts)
    if backup.returncode:
        raise ValueError(f"the backup ended with status {backup.returncode}")
    puts.backups.append(time.perf_counter() - begun)


def _lasting(seconds: float) -> Callable[[], bool]:
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() < end


def _put_while(connection: Connection, goes_on: Callable[[], bool], puts: _Puts) -> None:
    while goes_on():
        begun = time.perf_counter()
        _put(connection, f"d00000/k{len(puts.seconds) % 1000:08}", b"x" * BODY_BYTES)
        puts.seconds.append(time.perf_counter() - begun)


def _put(connection: Connection, key: str, body: bytes) -> None:
    if connection.request("PUT", f"/master.keys/{key}", body).status != 200:
        raise ValueError(key)
