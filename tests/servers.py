"""Servers under test: real processes on free ports of 127.0.0.1."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Self

START_SECONDS = 60
STOP_SECONDS = 60

EMBEDDED = "embedded"
BACKENDS = (EMBEDDED, "grpc")

_PFS_ADDRESS = re.compile(r"pfs_v2\s+(grpc:\S+)")
_ENDPOINT = re.compile(r"S3 endpoint\s+(http[^\s\"]+)")


class ServerProcess:
    """A server that says on its standard error where it is.

    Args:
        module: What Python runs.
        announcement: Matches the line that says where it is; its first group is the address.
        *arguments: Of the command.
    """

    program: Path | None = None
    """A program to run instead, such as one that is installed elsewhere."""

    def __init__(self, module: str, announcement: re.Pattern[str], *arguments: str) -> None:
        program = [self.program] if self.program else [sys.executable, "-m", module]
        self.process = subprocess.Popen(
            [*program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("S3GATEWAY_")},
        )
        self.log: list[str] = []
        """What it has written to standard error."""
        self.output: list[str] = []
        """What it has written to standard output."""
        self._readers = [
            _reading(self.process.stderr, self.log),
            _reading(self.process.stdout, self.output),
        ]
        self.address = self._await_address(announcement)

    def _await_address(self, announcement: re.Pattern[str]) -> str:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            for line in list(self.log):
                if match := announcement.search(line):
                    return match[1]
            time.sleep(0.02)
        self.stop()
        raise AssertionError("the server did not start: " + "".join(self.log))

    def stop(self) -> int:
        """End it as Ctrl-C would, and return its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End it without a chance to do anything."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
        for reader in self._readers:
            reader.join(5)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def _reading(stream: IO[str] | None, into: list[str]) -> threading.Thread:
    assert stream is not None
    reader = threading.Thread(target=into.extend, args=(stream,), daemon=True)
    reader.start()
    return reader


class PfsProcess(ServerProcess):
    """The embedded PFS as a server of pachd's wire.

    Args:
        directory: Its data directory.
        address: Where it is to be; a free port by default.
        *options: Of the command.
    """

    def __init__(self, directory: Path, address: str = "127.0.0.1:0", *options: str) -> None:
        super().__init__(
            "pachd_server",
            _PFS_ADDRESS,
            "--address",
            address,
            "--directory",
            str(directory),
            "--synchronous",
            "off",
            *options,
        )


class GatewayProcess(ServerProcess):
    """One `s3gateway`.

    Args:
        pfs: The directory of its embedded PFS, or the address of another.
        *options: Of the command.
        layers: Of the contract that it serves.
    """

    module = "gateway"

    def __init__(
        self,
        pfs: Path | str,
        *options: str,
        synchronous: str = "off",
        layers: tuple[str, ...] = (),
    ) -> None:
        self.layers = layers
        self.pfs = f"embedded:{pfs}" if isinstance(pfs, Path) else pfs
        arguments = ["--pfs", self.pfs, "--synchronous", synchronous, "--port", "0"]
        super().__init__(self.module, _ENDPOINT, *arguments, *_options_for(layers), *options)
        self.endpoint = self.address
        host, _, port = self.endpoint.partition("://")[2].rpartition(":")
        self.host = host.strip("[]")
        self.port = int(port)


def _options_for(layers: tuple[str, ...]) -> tuple[str, ...]:
    return ("--with", ",".join(layers)) if layers else ()


def running_gateway(
    backend: str, directory: Path, *options: str, layers: tuple[str, ...] = ()
) -> Iterator[GatewayProcess]:
    """For fixtures: a gateway on its embedded PFS, or on one that it speaks gRPC to."""
    if backend == EMBEDDED:
        with GatewayProcess(directory, *options, layers=layers) as gateway:
            yield gateway
    else:
        with (
            PfsProcess(directory, "127.0.0.1:0", "--hazards") as pfs,
            GatewayProcess(pfs.address, "--sole-writer", *options, layers=layers) as gateway,
        ):
            yield gateway
