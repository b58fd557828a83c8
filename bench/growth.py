"""(d) What a page, a PUT and a GET cost as a bucket and its history grow."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.listing import BRANCH, fill
from bench.load import median
from bench.tables import ratio, show
from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, DeleteFile
from tests.raw_http import Connection
from tests.servers import GatewayProcess

REQUESTS = 60
PAGE_KEYS = 100
HEADER = ("PUT 1 KiB", "GET 1 KiB", "cold page of 100")


def measure(keys: Sequence[int], commits: Sequence[int]) -> None:
    """Print the tables."""
    columns = [*HEADER, *(f"{name}, to the first" for name in HEADER)]
    show("Keys in the bucket", ["keys", *columns], _rows(keys, _with_keys))
    show("Commits on the branch", ["commits", *columns], _rows(commits, _with_commits))


def _rows(sizes: Sequence[int], fill_it: Callable[[Path, int], list[str]]) -> list[list[object]]:
    rows: list[list[object]] = []
    first: list[float] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            names = fill_it(Path(folder), size)
            medians = _medians(Path(folder), names)
        first = first or medians
        shown = (f"{m * 1000:.2f} ms" for m in medians)
        ratios = (ratio(now, then) for now, then in zip(medians, first, strict=True))
        rows.append([f"{size:,}", *shown, *ratios])
    return rows


def _with_keys(folder: Path, keys: int) -> list[str]:
    asyncio.run(fill(folder, keys))
    return [f"d{n // 1000:05}/k{n:08}" for n in range(keys)]


def _with_commits(folder: Path, commits: int) -> list[str]:
    asyncio.run(_commit(folder, commits))
    return [f"d{n // 1000:05}/k{n:08}" for n in range(1000)]


async def _commit(folder: Path, commits: int) -> None:
    """A bucket of 1,000 keys, each replaced now and again."""
    await fill(folder, 1000)
    pfs = EmbeddedPfs(folder, synchronous="off")
    for number in range(commits):
        path = f"/d00000/k{number % 1000:08}"
        await pfs.modify_file(BRANCH, [DeleteFile(path), AddFile(path, b"%d" % number)])
    await pfs.aclose()


def _medians(folder: Path, names: list[str]) -> list[float]:
    draw = random.Random(len(names))  # noqa: S311 - no secret
    chosen = draw.choices(names, k=REQUESTS)
    with GatewayProcess(folder, synchronous="full") as gateway, Connection(gateway) as connection:

        def taken(method: str, target: str, body: bytes | None = None) -> float:
            begun = time.perf_counter()
            if connection.request(method, target, body).status != 200:
                raise ValueError(target)
            return time.perf_counter() - begun

        put = median(taken("PUT", f"/master.keys/{name}", b"x" * 1024) for name in chosen)
        get = median(taken("GET", f"/master.keys/{name}") for name in chosen)
        # Each begins elsewhere, so that none is kept from the one before.
        pages = f"/master.keys?list-type=2&max-keys={PAGE_KEYS}&start-after="
        listed = draw.sample(names[:-PAGE_KEYS], k=REQUESTS)
        page = median(taken("GET", pages + name) for name in listed)
    return [put, get, page]
