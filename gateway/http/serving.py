"""The process that serves, or several of them, and how they end.

- The first signal ends them gently: no more connections, what was accepted is answered, and then
  all is closed. That is no failure, and the status is 0.
- The second ends them at once, as a crash would: the PFS bears that.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from types import FrameType
from typing import cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from gateway.http.served import Served
from gateway.observing.metrics import metrics_of_several_processes

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """One process that serves."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals from now on; none is raised again at the end."""
        for number in _SIGNALS:
            signal.signal(number, self.handle_exit)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End gently, or at once if that is going on already."""
        if self.should_exit:
            _die_of(sig)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End gently; who connected at the last moment is to see it too."""
        cast("Served", self.config.loaded_app).lifecycle.is_draining = True
        await super().shutdown(sockets)


class WorkerServer(Server):
    """What serves in one of several processes. When to end is their parent's to say.

    A terminal and a service manager signal every process, besides what the parent says.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End gently when the parent says so."""
        if sig == signal.SIGTERM:
            self.should_exit = True


class Worker(Process):
    """One of several processes."""

    @cached_property
    def server(self) -> uvicorn.Server:
        """What serves in it."""
        return WorkerServer(self.config)


class Workers(Multiprocess):
    """Several processes that serve, and their parent."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.ended_at_once_by = 0
        """The second signal, if one came."""

    def init_processes(self) -> None:
        """Start as many as there should be."""
        while len(self.processes) < self.processes_num:
            self.processes.append(self._started())

    def keep_subprocess_alive(self) -> None:
        """Start another in the place of one that has died or does not answer any more."""
        for at, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE:  # the next would fail in the same way
                self.should_exit.set()
            else:
                self.processes[at] = self._started()

    def restart_all(self) -> None:
        """Replace each by a new one that serves already."""
        for at, old in enumerate(self.processes):
            new = self._started()
            if not new.wait_until_ready(self.config.timeout_worker_healthcheck, self.should_exit):
                new.kill()
                new.join()
                return
            old.terminate()
            old.join()
            self.processes[at] = new

    def handle_ttin(self) -> None:
        """Start one more."""
        self.processes_num += 1
        self.init_processes()

    def terminate_all(self) -> None:
        """Tell the processes to end.

        The listeners end here too, or clients could connect and wait for nobody.
        """
        for number in _SIGNALS:
            signal.signal(number, self._end_at_once)
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def _started(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker

    def _end_at_once(self, sig: int, frame: FrameType | None) -> None:
        self.ended_at_once_by = sig
        for worker in self.processes:
            worker.process.kill()


def serve_with_workers(config: uvicorn.Config, listeners: list[socket.socket]) -> None:
    """Serve with several processes until a signal comes."""
    workers = Workers(config, listeners)
    with metrics_of_several_processes():
        workers.run()
    if workers.ended_at_once_by:
        _die_of(workers.ended_at_once_by)


def _die_of(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
