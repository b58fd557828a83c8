"""How large the pieces of a file should be on pachd's wire, and whether to speak it by hand.

    python -m bench.chunk_sizes [--mib 256] [--repeat 3]

Uploads (CreateFileSet) and downloads (GetFile) of one file, against the embedded PFS's gRPC server
in a process of its own, by the size of the pieces. The wall clock is the best of all repeats; the
processor time is this process's, which is what a gateway pays. Once with protobuf's messages, once
with bytes that are put together and taken apart by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.wrappers_pb2 import BytesValue

from embedded_pfs import streams
from pachd_server.__main__ import serving_embedded
from pfs_client.pachd import messages
from pfs_client.pachd.channel import PachdSettings
from pfs_client.pachd.client import PachdClient
from pfs_client.pachd.pfs_v2 import pfs_pb2
from pfs_client.pachd.raw_messages import add_file_request
from pfs_client.values import FILE_SETS_REPO_NAME, Commit, File, Repo
from tests.servers import ServerProcess

SIZES_KIB = (64, 256, 1024, 4096, 8192, 19 * 1024)
PATH = "/f"

_ANNOUNCED = re.compile(r"serving (\S+)")
_GET_FILE = "/pfs_v2.API/GetFile"
_CREATE_FILE_SET = "/pfs_v2.API/CreateFileSet"

Encoder = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one transfer took."""

    wall_seconds: float
    cpu_seconds: float


def value_of(message: bytes) -> bytes:
    """The bytes in a BytesValue, taken out by hand."""
    at = 1
    while message[at] & 0x80:
        at += 1
    return message[at + 1 :]


class Wire:
    """The two calls, spoken with messages or by hand."""

    def __init__(self, channel: grpc.aio.Channel, *, by_hand: bool) -> None:
        self.get_file: Any = channel.unary_stream(
            _GET_FILE,
            request_serializer=pfs_pb2.GetFileRequest.SerializeToString,
            response_deserializer=value_of if by_hand else _value,
        )
        self.create_file_set: Any = channel.stream_unary(
            _CREATE_FILE_SET,
            request_serializer=_itself if by_hand else pfs_pb2.ModifyFileRequest.SerializeToString,
            response_deserializer=pfs_pb2.CreateFileSetResponse.FromString,
        )
        self.addition: Encoder = _addition_by_hand if by_hand else _addition

    async def upload(self, content: bytes, piece_bytes: int) -> str:
        """Store a content as a file set."""
        call = self.create_file_set()
        for at in range(0, len(content), piece_bytes):
            await call.write(self.addition(content[at : at + piece_bytes]))
        await call.done_writing()
        return str((await call).file_set_id)

    async def download(self, file: File) -> int:
        """Read a file, and say how much that was."""
        size_bytes = 0
        call = self.get_file(pfs_pb2.GetFileRequest(file=messages.file_message(file)))
        while (piece := await call.read()) is not grpc.aio.EOF:
            size_bytes += len(piece)
        return size_bytes


def _itself(message: bytes) -> bytes:
    return message


def _value(message: bytes) -> bytes:
    return BytesValue.FromString(message).value


def _addition(chunk: bytes) -> pfs_pb2.ModifyFileRequest:
    return pfs_pb2.ModifyFileRequest(
        add_file=pfs_pb2.AddFile(path=PATH, raw=BytesValue(value=chunk))
    )


def _addition_by_hand(chunk: bytes) -> bytes:
    return add_file_request(PATH, chunk)


@contextlib.contextmanager
def server(directory: Path, piece_bytes: int) -> Iterator[str]:
    """A server that sends pieces of a size; gives its address."""
    arguments = ("--serve", str(directory), "--piece-bytes", str(piece_bytes))
    with ServerProcess("bench.chunk_sizes", _ANNOUNCED, *arguments) as process:
        yield process.address


async def measure(wire: Wire, content: bytes, piece_bytes: int, repeat: int) -> tuple[Cost, Cost]:
    """What an upload and a download cost."""
    uploads, downloads = [], []
    for _ in range(repeat):
        id_ = ""

        async def upload() -> None:
            nonlocal id_
            id_ = await wire.upload(content, piece_bytes)

        uploads.append(await _cost(upload()))
        file = File(Commit(Repo(FILE_SETS_REPO_NAME), id_), PATH)
        downloads.append(await _cost(_whole(wire, file, len(content))))
    return _best(uploads), _best(downloads)


async def _whole(wire: Wire, file: File, size_bytes: int) -> None:
    if await wire.download(file) != size_bytes:
        raise ValueError("not all has come")


async def _cost(transfer: Any) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    await transfer
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def _best(costs: list[Cost]) -> Cost:
    return Cost(min(c.wall_seconds for c in costs), min(c.cpu_seconds for c in costs))


async def compare(mib: int, repeat: int) -> AsyncIterator[str]:
    """The table's rows."""
    content = os.urandom(mib * 1024**2)
    for kib in SIZES_KIB:
        cells = []
        for by_hand in (False, True):
            with (
                tempfile.TemporaryDirectory() as folder,
                server(Path(folder), kib * 1024) as address,
            ):
                pfs = PachdClient.open(PachdSettings(address))
                wire = Wire(pfs._caller.connection.channel, by_hand=by_hand)
                for cost in await measure(wire, content, kib * 1024, repeat):
                    rate = mib / cost.wall_seconds
                    cells.append(f"{rate:.0f}, {cost.cpu_seconds / mib * 1000:.2f}")
                await pfs.aclose()
        up, down, raw_up, raw_down = cells
        yield f"| {kib} KiB | {up} | {raw_up} | {down} | {raw_down} |"


async def _print_table(mib: int, repeat: int) -> None:
    print(f"{mib} MiB: MiB/s, ms of processor time a MiB\n")
    print("| pieces | up | up by hand | down | down by hand |\n|---|---|---|---|---|")
    async for row in compare(mib, repeat):
        print(row, flush=True)


async def _serve(directory: Path, piece_bytes: int) -> None:
    streams.READ_BYTES = piece_bytes
    async with serving_embedded(directory, "127.0.0.1:0", synchronous="off") as served:
        print(f"serving {served.address}", file=sys.stderr, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Print the table; or, for that, serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--piece-bytes", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        if options.serve is not None:
            asyncio.run(_serve(options.serve, options.piece_bytes))
        else:
            asyncio.run(_print_table(options.mib, options.repeat))


if __name__ == "__main__":
    main()
