"""A signal that comes while the gateway starts ends it: nobody has to ask twice, or to wait."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

WORKERS = [(), ("--workers", "2")]
SIGNALS = [signal.SIGINT, signal.SIGTERM]
SECONDS = 20
"""Far more than it takes, and far less than a gateway that was not told to end."""


@contextmanager
def starting(*options: str) -> Iterator[subprocess.Popen[str]]:
    """A gateway that has just been started, in a group of processes of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("S3GATEWAY_")}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def await_banner(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    while "S3 endpoint" not in process.stderr.readline():
        assert process.poll() is None


def assert_ends(process: subprocess.Popen[str]) -> None:
    """See that it ends, without a failure and without a traceback."""
    _, rest = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert "Exception" not in rest


@pytest.mark.parametrize("options", WORKERS, ids=["one process", "two workers"])
@pytest.mark.parametrize("signal_", SIGNALS)
def test_who_reads_where_it_is_can_end_it(
    tmp_path: Path, signal_: signal.Signals, options: tuple[str, ...]
) -> None:
    with starting("--pfs", f"embedded:{tmp_path}", *options) as process:
        await_banner(process)
        process.send_signal(signal_)
        assert_ends(process)


@pytest.mark.thorough
@pytest.mark.parametrize("options", WORKERS, ids=["one process", "two workers"])
@pytest.mark.parametrize("signal_", SIGNALS)
@pytest.mark.parametrize("pause", [step / 10 for step in range(20)])
def test_it_can_be_ended_at_every_moment_of_its_start(
    tmp_path: Path, signal_: signal.Signals, options: tuple[str, ...], pause: float
) -> None:
    with starting("--pfs", f"embedded:{tmp_path}", *options) as process:
        await_banner(process)
        time.sleep(pause)
        process.send_signal(signal_)
        assert_ends(process)


@pytest.mark.parametrize("pause", [0, 0.3])
def test_the_terminal_s_ctrl_c_reaches_workers_that_are_being_started(
    tmp_path: Path, pause: float
) -> None:
    with starting("--pfs", f"embedded:{tmp_path}", "--workers", "2") as process:
        await_banner(process)
        time.sleep(pause)
        os.killpg(process.pid, signal.SIGINT)
        assert_ends(process)


@pytest.mark.parametrize("options", WORKERS, ids=["one process", "two workers"])
@pytest.mark.parametrize("signal_", SIGNALS)
def test_it_ends_while_it_looks_at_its_settings(
    tmp_path: Path, signal_: signal.Signals, options: tuple[str, ...]
) -> None:
    token = tmp_path / "token"
    os.mkfifo(token)
    pachd = ("--pfs", "grpc://127.0.0.1:1", "--pfs-token-file", str(token))
    with starting(*pachd, *options) as process, token.open("w"):
        await_reading(process)
        process.send_signal(signal_)
        assert_ends(process)


@pytest.mark.parametrize("signal_", SIGNALS)
def test_it_ends_while_it_is_being_imported(tmp_path: Path, signal_: signal.Signals) -> None:
    with starting("--pfs", f"embedded:{tmp_path}/pfs") as process:
        await_taken(process)
        process.send_signal(signal_)
        assert_ends(process)


def await_reading(process: subprocess.Popen[str]) -> None:
    """Wait until a process waits for what is in a pipe, or for as long as that takes anywhere.

    Python takes a signal that comes at the very moment before only once the wait is over.
    """
    for _ in range(200):
        if "pipe_read" in Path(f"/proc/{process.pid}/wchan").read_text():
            return
        time.sleep(0.01)


def await_taken(process: subprocess.Popen[str]) -> None:
    """Wait until a process takes SIGTERM, which the gateway does before it imports the rest."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        status = Path(f"/proc/{process.pid}/status").read_text()
        (caught,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")]
        if int(caught, 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.005)
    raise AssertionError("it does not take SIGTERM")
