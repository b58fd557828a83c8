"""Prints the walk of a PUT and of a GET: the files that it enters, in order, and the walls between.

    python -m tests.walk [--pfs embedded] [--files]

Told are the files, and how often the walk goes from one file to another, from one package of the
house to another, and from one folder to another. A function that waits is met again whenever it
goes on, and so are all that wait for it. What uvicorn does with the bytes of a connection would
count too: it is a part of the walk whoever has written it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.hostile.in_process import serving
from tests.servers import PfsProcess

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "gateway/", "handlers/", "s3_wire/", "pfs_client/", "embedded_pfs/",
    "uvicorn/protocols/", "uvicorn/middleware/",
)  # fmt: skip
_GENERATED = ("_pb2.py", "_pb2_grpc.py")


@dataclass
class Walk:
    """Where a request has been."""

    files: dict[str, int] = field(default_factory=dict)
    changes_of_file: int = 0
    changes_of_package: int = 0
    changes_of_folder: int = 0
    _at: str = ""

    def enter(self, file: str) -> None:
        """A function in a file goes on."""
        self.files[file] = self.files.get(file, 0) + 1
        if self._at and file != self._at:
            self.changes_of_file += 1
            self.changes_of_package += file.partition("/")[0] != self._at.partition("/")[0]
            self.changes_of_folder += file.rpartition("/")[0] != self._at.rpartition("/")[0]
        self._at = file


def _told(path: str) -> str:
    """A file as it is told: from the root of the house, or of where packages are installed."""
    return path.removeprefix(f"{ROOT}/").rpartition("site-packages/")[2]


@contextmanager
def traced(walk: Walk) -> Iterator[None]:
    """Note every call of a function of ours on this thread."""

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event != "call":
            return
        file = _told(frame.f_code.co_filename)
        if file.startswith(PACKAGES) and not file.endswith(_GENERATED):
            walk.enter(file)

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


async def walks(pfs: Path | str) -> dict[str, Walk]:
    """The walks of a PUT and of a GET, with everything warm."""
    found = {"PUT": Walk(), "GET": Walk()}
    with pytest.MonkeyPatch.context() as monkeypatch:
        async with serving(pfs, monkeypatch, sole_writer=isinstance(pfs, str)) as gateway:
            await gateway.request("PUT", "/master.walk", b"")
            for _ in range(2):
                await gateway.request("PUT", "/master.walk/key", b"hello")
                await gateway.request("GET", "/master.walk/key")
            await asyncio.sleep(0.5)
            for method, walk in found.items():
                with traced(walk):
                    body = b"hello" if method == "PUT" else None
                    await gateway.request(method, "/master.walk/key", body)
                await asyncio.sleep(0.5)
    return found


def main() -> None:
    """Print both walks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pfs", choices=("embedded", "grpc"), default="grpc")
    parser.add_argument("--files", action="store_true", help="each file, in order")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "pfs"
        if options.pfs == "embedded":
            found = asyncio.run(walks(directory))
        else:
            with PfsProcess(directory) as server:
                found = asyncio.run(walks(server.address))
    for method, walk in found.items():
        print(
            f"{method}: {len(walk.files)} files, {walk.changes_of_file} changes of file,"
            f" {walk.changes_of_package} of package, {walk.changes_of_folder} of folder"
        )
        if options.files:
            for file, calls in walk.files.items():
                print(f"    {calls:4} {file}")


if __name__ == "__main__":
    main()
