"""One large object in and out, and what memory the gateway takes for it.

    python -m bench.large_object [--gib 5]

The bytes are pseudo-random; what comes back is compared by SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.raw_http import Connection, send
from tests.servers import GatewayProcess

PIECE_BYTES = 4 * 1024 * 1024


def pieces(size_bytes: int) -> Iterator[bytes]:
    """Bytes that repeat nowhere, fast."""
    base = random.Random(1).randbytes(PIECE_BYTES - 8)  # noqa: S311 - test data
    for number in range(size_bytes // PIECE_BYTES):
        yield number.to_bytes(8, "big") + base


def peak_memory_mib(pid: int) -> float:
    """The most memory that a process has had resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError(pid)


def upload(gateway: GatewayProcess, size_bytes: int) -> str:
    """Put the object; gives the SHA-256 of what was sent."""
    digest = hashlib.sha256()
    with Connection(gateway) as connection:
        connection.socket.settimeout(600)
        connection.send(
            connection.head("PUT", "/master.large/o", None, {"Content-Length": str(size_bytes)})
        )
        for piece in pieces(size_bytes):
            digest.update(piece)
            connection.send(piece)
        assert connection.read().status == 200  # noqa: S101
    return digest.hexdigest()


def download(gateway: GatewayProcess, size_bytes: int) -> str:
    """Get the object; gives the SHA-256 of what came."""
    digest = hashlib.sha256()
    with Connection(gateway) as connection:
        connection.send(connection.head("GET", "/master.large/o"))
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.socket.recv(1)
        left = size_bytes
        while left and (data := connection.socket.recv(1 << 20)):
            digest.update(data)
            left -= len(data)
    return digest.hexdigest()


def main() -> None:
    """Upload, download, compare, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gib", type=float, default=5)
    size = int(parser.parse_args().gib * 1024**3) // PIECE_BYTES * PIECE_BYTES
    with (
        tempfile.TemporaryDirectory() as folder,
        GatewayProcess(Path(folder), synchronous="full") as gateway,
    ):
        send(gateway, "PUT", "/master.large", b"")
        idle = peak_memory_mib(gateway.process.pid)
        times, digests = [], []
        for move in (upload, download):
            begun = time.perf_counter()
            digests.append(move(gateway, size))
            times.append(time.perf_counter() - begun)
        peak = peak_memory_mib(gateway.process.pid)
    print("| | |\n|---|---|")
    print(f"| size | {size / 1024**3:.2f} GiB |")
    for name, seconds in zip(("up", "down"), times, strict=True):
        print(f"| {name} | {seconds:.1f} s, {size / seconds / 1024**2:.0f} MiB/s |")
    print(f"| bytes equal | {digests[0] == digests[1]} |")
    print(f"| memory at rest | {idle:.0f} MiB |")
    print(f"| memory at most | {peak:.0f} MiB |")


if __name__ == "__main__":
    main()
