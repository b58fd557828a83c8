"""(c) Large objects up and down, on the embedded PFS and through gRPC."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.large_object import peak_memory_mib
from bench.load import median, transfer_seconds
from bench.servers import BareProcess, recorded_answers
from bench.tables import ratio, show
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.client import PachdClient
from pfs_client.values import AddFile, Branch, Change, File, Repo
from tests.raw_http import send
from tests.servers import GatewayProcess, PfsProcess

MIB = 1024 * 1024
ROUNDS = 5
AT_ONCE = 16
PIECE = bytes(range(256)) * (MIB // 256)


@dataclass(frozen=True, slots=True)
class Servers:
    """Everything that is measured."""

    bare: BareProcess
    gateway: GatewayProcess
    over_grpc: GatewayProcess
    pfs: PfsProcess


def measure(sizes_mib: tuple[int, ...]) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder, _servers(Path(folder)) as servers:
        header = ["direction", "bare uvicorn", "embedded", "embedded : bare"]
        more = ["raw grpc.aio", "through gRPC", "through gRPC : raw"]
        for size in sizes_mib:
            rows = [_row(servers, direction, size * MIB) for direction in ("up", "down")]
            show(f"One object of {size} MiB, MiB/s", [*header, *more], rows)
        show(
            "One object down, and one megabyte of memory again and again, MiB/s",
            ["size", "bare uvicorn, from memory", "embedded", "embedded : memory"],
            [_beside_memory(servers, sizes_mib[-1] * MIB)],
        )
        idle = peak_memory_mib(servers.gateway.process.pid)
        size = sizes_mib[-1] * MIB
        show(
            f"{AT_ONCE} objects of {sizes_mib[-1]} MiB at once, embedded",
            ["direction", "MiB/s", "memory at most"],
            (_many(servers.gateway, direction, size, idle) for direction in ("up", "down")),
        )


@contextlib.contextmanager
def _servers(folder: Path) -> Iterator[Servers]:
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(GatewayProcess(folder / "pfs", synchronous="full"))
        pfs = stack.enter_context(PfsProcess(folder / "grpc"))
        over_grpc = stack.enter_context(GatewayProcess(pfs.address))
        for one in (gateway, over_grpc):
            send(one, "PUT", "/master.large")
            send(one, "PUT", "/master.large/small", b"x")
        bare = stack.enter_context(
            BareProcess(folder, recorded_answers(gateway, "master.large", "small"))
        )
        yield Servers(bare, gateway, over_grpc, pfs)


def _row(servers: Servers, direction: str, size: int) -> list[object]:
    method = "PUT" if direction == "up" else "GET"
    raw = _grpc_up if direction == "up" else _grpc_down
    ways: list[Callable[[], float]] = [
        lambda: transfer_seconds(method, [f"{servers.bare.address}/large/{size}"], size),
        lambda: transfer_seconds(
            method, [f"{servers.gateway.endpoint}/master.large/o{size}"], size
        ),
        lambda: asyncio.run(raw(servers.pfs, size)),
        lambda: transfer_seconds(
            method, [f"{servers.over_grpc.endpoint}/master.large/o{size}"], size
        ),
    ]
    speeds = _speeds(ways, size)
    shown = [f"{speed:,.0f}" for speed in speeds]
    return [
        direction,
        *shown[:2],
        ratio(speeds[1], speeds[0]),
        *shown[2:],
        ratio(speeds[3], speeds[2]),
    ]


def _beside_memory(servers: Servers, size: int) -> list[object]:
    ways: list[Callable[[], float]] = [
        lambda: transfer_seconds("GET", [f"{servers.bare.address}/memory/{size}"], size),
        lambda: transfer_seconds("GET", [f"{servers.gateway.endpoint}/master.large/o{size}"], size),
    ]
    speeds = _speeds(ways, size)
    shown = [f"{speed:,.0f}" for speed in speeds]
    return [f"{size // MIB} MiB", *shown, ratio(speeds[1], speeds[0])]


def _speeds(ways: list[Callable[[], float]], size: int) -> list[float]:
    """The median of each, in MiB/s, measured in turns."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, seconds in zip(ways, taken, strict=True):
            seconds.append(way())
    return [size / MIB / median(seconds) for seconds in taken]


def _many(gateway: GatewayProcess, direction: str, size: int, idle: float) -> list[object]:
    urls = [f"{gateway.endpoint}/master.large/many{number}" for number in range(AT_ONCE)]
    seconds = transfer_seconds("PUT" if direction == "up" else "GET", urls, size)
    peak = peak_memory_mib(gateway.process.pid)
    speed = f"{AT_ONCE * size / MIB / seconds:,.0f}"
    return [direction, speed, f"{peak:.0f} MiB ({idle:.0f} before)"]


async def _grpc_up(server: PfsProcess, size: int) -> float:
    """The same bytes into a file set and a commit, without a gateway."""
    pfs = PachdClient.open(PachdSettings(server.address.removeprefix("grpc://")))
    branch = Branch(Repo("raw"), "master")
    with contextlib.suppress(Exception):
        await pfs.create_repo(branch.repo)
    await pfs.create_branch(branch)

    async def pieces() -> AsyncIterator[Change]:
        for _ in range(size // MIB):
            yield AddFile("/o", PIECE)

    begun = time.perf_counter()
    await pfs.create_file_set(pieces())
    taken = time.perf_counter() - begun
    await pfs.aclose()
    return taken


async def _grpc_down(server: PfsProcess, size: int) -> float:
    """The bytes that the gateway has just put there, read without it."""
    pfs = PachdClient.open(PachdSettings(server.address.removeprefix("grpc://")))
    head = (await pfs.inspect_branch(Branch(Repo("large"), "master"))).head
    begun = time.perf_counter()
    received = 0
    async with await pfs.get_file(File(head, f"/o{size}")) as stream:
        async for piece in stream:
            received += len(piece)
    taken = time.perf_counter() - begun
    await pfs.aclose()
    if received != size:
        raise ValueError(f"{received} bytes instead of {size}")
    return taken
