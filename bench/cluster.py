"""(b) Through gRPC on the latency model, beside a gateway that does as the original did."""

from __future__ import annotations

import asyncio
import contextlib
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.load import Load, median, run
from bench.servers import NaiveGatewayProcess, SlowPfsProcess
from bench.tables import rate, ratio, show
from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, Branch, Repo
from tests.raw_http import Connection, send
from tests.servers import GatewayProcess

CLIENTS = (1, 16, 64)
KEYS = 100_000
PAGES = 8
OBJECT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Pair:
    """The gateway and the naive one, each on a slow PFS of its own with the same in it."""

    gateway: GatewayProcess
    naive: GatewayProcess

    def __iter__(self) -> Iterator[GatewayProcess]:
        return iter((self.gateway, self.naive))


def measure(seconds: float) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder, _pair(Path(folder)) as pair:
        header = ["clients", "gateway", "naive", "gateway : naive"]
        for method in ("GET", "HEAD"):
            rows = (_reads(pair, method, clients, seconds) for clients in CLIENTS)
            show(f"{method} {OBJECT_BYTES} bytes, warm", header, rows)
        show(
            "A page of 1,000 in the middle of 100,000 keys, cold (median of one client)",
            ["delimiter", "gateway", "naive", "naive : gateway"],
            (_pages(pair, delimiter) for delimiter in ("", "/")),
        )
        show(
            f"PUT {OBJECT_BYTES} bytes on one branch, and a reader of its HEAD beside them",
            [*header, "reader p50", "reader p99", "naive's reader p99"],
            (_writes(pair, clients, seconds) for clients in CLIENTS),
        )


@contextlib.contextmanager
def _pair(folder: Path) -> Iterator[Pair]:
    with contextlib.ExitStack() as stack:
        gateways: list[GatewayProcess] = []
        for kind in (GatewayProcess, NaiveGatewayProcess):
            directory = folder / kind.__name__
            asyncio.run(_fill(directory))
            pfs = stack.enter_context(SlowPfsProcess(directory))
            gateways.append(stack.enter_context(kind(pfs.address)))
        yield Pair(*gateways)


async def _fill(directory: Path) -> None:
    pfs = EmbeddedPfs(directory, synchronous="off")
    for repo, paths in (
        ("keys", [f"/d/k{number:06}" for number in range(KEYS)]),
        ("one", ["/object"]),
    ):
        branch = Branch(Repo(repo), "master")
        await pfs.create_repo(branch.repo)
        await pfs.create_branch(branch)
        await pfs.modify_file(branch, [AddFile(path, b"x" * OBJECT_BYTES) for path in paths])
    await pfs.aclose()


def _reads(pair: Pair, method: str, clients: int, seconds: float) -> list[object]:
    rates = []
    for gateway in pair:
        load = Load(method, [f"{gateway.endpoint}/master.one/object"], clients, seconds)
        run(Load(method, load.urls, clients, 0.2))  # warm
        rates.append(run(load).per_second)
    return [clients, *map(rate, rates), ratio(*rates)]


def _pages(pair: Pair, delimiter: str) -> list[object]:
    """Each page is asked for once, by a marker that nobody has asked for before."""
    draw = random.Random(delimiter)  # noqa: S311 - no secret
    markers = [draw.randrange(KEYS * 2 // 5, KEYS * 3 // 5) for _ in range(PAGES)]
    medians = []
    for gateway in pair:
        taken = []
        for marker in markers:
            target = f"/master.keys?list-type=2&prefix=d/&delimiter={delimiter}"
            begun = time.perf_counter()
            answer = send(gateway, "GET", f"{target}&start-after=d/k{marker:06}")
            taken.append(time.perf_counter() - begun)
            if len(answer.texts("Contents", "Key")) != 1000:
                raise ValueError(answer)
        medians.append(median(taken))
    return [delimiter or "none", *(f"{m * 1000:,.0f} ms" for m in medians), ratio(*medians[::-1])]


def _writes(pair: Pair, clients: int, seconds: float) -> list[object]:
    rates: list[float] = []
    waits: list[list[float]] = []
    for gateway in pair:
        bucket = f"{gateway.endpoint}/master.puts{clients}"
        send(gateway, "PUT", f"/master.puts{clients}")
        send(gateway, "PUT", f"/master.puts{clients}/object", b"x" * OBJECT_BYTES)
        urls = [f"{bucket}/k{number}" for number in range(10_000)]
        with _reader(gateway, f"/master.puts{clients}/object") as waited:
            load = Load("PUT", urls, clients, max(seconds, 5), OBJECT_BYTES)
            rates.append(run(load).per_second)
        waits.append(sorted(waited))
    shown = (f"{wait * 1000:,.0f} ms" for wait in (_at(waits[0], 50), *(_at(w, 99) for w in waits)))
    return [clients, *map(rate, rates), ratio(*rates), *shown]


@contextlib.contextmanager
def _reader(gateway: GatewayProcess, target: str) -> Iterator[list[float]]:
    """One client that reads an object again and again; gives how long each read took."""
    waited: list[float] = []
    stop = threading.Event()

    def read() -> None:
        with Connection(gateway) as connection:
            connection.socket.settimeout(120)
            while not stop.is_set():
                begun = time.perf_counter()
                if connection.request("GET", target).status != 200:
                    raise ValueError(target)
                waited.append(time.perf_counter() - begun)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield waited
    finally:
        stop.set()
        thread.join()


def _at(sorted_values: list[float], percent: int) -> float:
    return sorted_values[min(len(sorted_values) * percent // 100, len(sorted_values) - 1)]
