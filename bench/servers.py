"""The servers that are measured, each a process of its own on a free port of 127.0.0.1."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.raw_http import send
from tests.servers import GatewayProcess, ServerProcess

BUILD = Path(__file__).parents[1] / ".build" / "bench"
START_SECONDS = 60

_UVICORN = re.compile(r"running on (http\S+)")
_PFS = re.compile(r"pfs_v2\s+(grpc:\S+)")


@dataclass(frozen=True, slots=True)
class Target:
    """A server to send requests to."""

    name: str
    endpoint: str
    pid: int


class BareProcess(ServerProcess):
    """uvicorn with `bench.bare_app`.

    Args:
        folder: Where it may write.
        answers: What it answers, by kind of request.
    """

    def __init__(self, folder: Path, answers: Mapping[str, object]) -> None:
        recorded = folder / "answers.json"
        recorded.write_text(json.dumps(answers))
        os.environ |= {"BARE_ANSWERS": str(recorded), "BARE_FOLDER": str(folder)}
        options = ("--port", "0", "--no-access-log", "--loop", "uvloop", "--http", "httptools")
        super().__init__("uvicorn", _UVICORN, "bench.bare_app:app", *options)


class SlowPfsProcess(ServerProcess):
    """The embedded PFS, as slow as pachd.

    Args:
        directory: What it serves.
        scale: What its times are multiplied with.
    """

    def __init__(self, directory: Path, scale: float = 1.0) -> None:
        where = ("--address", "127.0.0.1:0", "--directory", str(directory))
        arguments = (*where, "--latency", str(scale), "--synchronous", "off")
        super().__init__("pachd_server", _PFS, *arguments)


class NaiveGatewayProcess(GatewayProcess):
    """`bench.naive_gateway`."""

    module = "bench.naive_gateway"


@contextlib.contextmanager
def moto() -> Iterator[Target]:
    """PyPI's moto server, which keeps everything in memory."""
    port = _free_port()
    python = BUILD / "moto" / "bin" / "python"
    with _running([str(python), "-m", "moto.server", "-p", str(port)], port) as pid:
        yield Target("moto", f"http://127.0.0.1:{port}", pid)


@contextlib.contextmanager
def versitygw(folder: Path) -> Iterator[Target]:
    """Versitygw on a folder, through its posix backend."""
    port = _free_port()
    (folder / "versity").mkdir()
    program = [str(BUILD / "versitygw"), "--access", "any", "--secret", "anything", "--quiet"]
    command = [*program, "--port", f"127.0.0.1:{port}", "posix", str(folder / "versity")]
    with _running(command, port) as pid:
        yield Target("versitygw", f"http://127.0.0.1:{port}", pid)


def recorded_answers(gateway: GatewayProcess, bucket: str, key: str) -> dict[str, object]:
    """What a gateway answers, for the bare app to answer the same."""
    requests = {
        "GET": ("GET", f"/{bucket}/{key}", None),
        "HEAD": ("HEAD", f"/{bucket}/{key}", None),
        "PUT": ("PUT", f"/{bucket}/{key}", b"x" * 1024),
        "LIST": ("GET", f"/{bucket}?list-type=2&max-keys=100", None),
    }
    answers: dict[str, object] = {}
    for kind, (method, target, body) in requests.items():
        answer = send(gateway, method, target, body)
        headers = {k: v for k, v in answer.headers.items() if k not in ("date", "server")}
        answers[kind] = {"headers": headers, "body": answer.body.decode()}
    return answers


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    if shutil.which(command[0]) is None:
        sys.exit(f"{command[0]} is not there: `make bench` builds it")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _await_port(process, port)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    sys.exit("a server to compare with did not start")
