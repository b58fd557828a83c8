"""Gateways under test: real processes on free ports of 127.0.0.1."""

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
from typing import Self

START_SECONDS = 30
STOP_SECONDS = 30

_ENDPOINT = re.compile(r"S3 endpoint\s+(http\S+)")


class GatewayProcess:
    """One `s3gateway` with a data directory of its own.

    Args:
        directory: The embedded PFS's.
        *options: Of the command.
    """

    def __init__(self, directory: Path, *options: str, synchronous: str = "off") -> None:
        self.directory = directory
        arguments = ["--pfs", f"embedded:{directory}", "--synchronous", synchronous, "--port", "0"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gateway", *arguments, *options],
            stderr=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if not k.startswith("S3GATEWAY_")},
        )
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        self.endpoint = self._await_endpoint()
        self.host, _, port = self.endpoint.removeprefix("http://").rpartition(":")
        self.port = int(port)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        self.log.extend(self.process.stderr)

    def _await_endpoint(self) -> str:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            for line in list(self.log):
                if match := _ENDPOINT.search(line):
                    return match[1]
            time.sleep(0.02)
        self.stop()
        raise AssertionError("the gateway did not start: " + "".join(self.log))

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
        self._reader.join(5)
        if self.process.stderr is not None:
            self.process.stderr.close()


def running_gateway(directory: Path, *options: str) -> Iterator[GatewayProcess]:
    """For fixtures: a gateway that ends with the test."""
    with GatewayProcess(directory, *options) as gateway:
        yield gateway
