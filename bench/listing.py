"""How a listing's pages cost, from the first tenth of a bucket to the last.

    python -m bench.listing [--keys 1000000]

Fills a bucket of the embedded PFS, lists all of it through a gateway in pages of 1,000, and prints
the median page of each tenth as a ratio to the first tenth's.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, Branch, Repo
from tests.raw_http import Connection
from tests.servers import GatewayProcess

BRANCH = Branch(Repo("keys"), "master")
KEYS_PER_COMMIT = 20_000


async def fill(directory: Path, keys: int) -> None:
    """Write so many small files, in directories of 1,000."""
    pfs = EmbeddedPfs(directory, synchronous="off")
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    for first in range(0, keys, KEYS_PER_COMMIT):
        numbers = range(first, min(first + KEYS_PER_COMMIT, keys))
        await pfs.modify_file(
            BRANCH, [AddFile(f"/d{n // 1000:05}/k{n:08}", b"%d" % n) for n in numbers]
        )
    await pfs.aclose()


def list_all(gateway: GatewayProcess) -> tuple[int, list[float]]:
    """List the whole bucket; gives the number of keys and each page's seconds."""
    seconds, keys, token = [], 0, ""
    with Connection(gateway) as connection:
        while True:
            begun = time.perf_counter()
            answer = connection.request("GET", f"/master.keys?list-type=2{token}")
            seconds.append(time.perf_counter() - begun)
            keys += int(answer.texts("KeyCount")[0])
            tokens = answer.texts("NextContinuationToken")
            if not tokens:
                return keys, seconds
            token = f"&continuation-token={tokens[0]}"


def main() -> None:
    """Fill, list, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1_000_000)
    keys = parser.parse_args().keys
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        asyncio.run(fill(Path(folder), keys))
        print(f"{keys} keys written in {time.perf_counter() - begun:.0f} s")
        with GatewayProcess(Path(folder)) as gateway:
            listed, seconds = list_all(gateway)
    print(f"{listed} keys listed in {sum(seconds):.1f} s, {len(seconds)} pages\n")
    print("| tenth | median page | ratio to the first |\n|---|---|---|")
    size = len(seconds) // 10
    first = statistics.median(seconds[:size])
    for tenth in range(10):
        median = statistics.median(seconds[tenth * size : (tenth + 1) * size])
        print(f"| {tenth + 1} | {median * 1000:.1f} ms | {median / first:.2f} |")


if __name__ == "__main__":
    main()
