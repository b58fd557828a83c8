"""The process that serves, or several of them, and how they end.

- The first signal ends them gently: no more connections, what was accepted is answered, and then
  all is closed. That is no failure, and the status is 0.
- The second ends them at once, as a crash would: the PFS bears that.

SIGHUP is no end: they read certificates and tokens again.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, partial
from multiprocessing import parent_process, resource_tracker
from types import FrameType
from typing import cast

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from gateway.http.served import Served
from gateway.http.tls import reload_certificate
from gateway.observing.metrics import metrics_of_several_processes

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_NOT_BEFORE_TAKEN = (signal.SIGINT, signal.SIGHUP)
"""A worker that is being started would show a traceback at the one, and die of the other."""


log = logging.getLogger("s3gateway")


class Server(uvicorn.Server):
    """One process that serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._is_to_reload = False

    @property
    def _served(self) -> Served:
        return cast("Served", self.config.loaded_app)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take signals from now on; none is raised again at the end."""
        self.take_signals()
        yield

    def take_signals(self) -> None:
        """Take signals from now on, also before there is an event loop."""
        for number in _SIGNALS:
            signal.signal(number, self.handle_exit)
        signal.signal(signal.SIGHUP, self._reload_soon)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to end, which may have been before it began."""
        if not self.should_exit:
            await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End gently, or at once if that is going on already."""
        if self.should_exit:
            _die_of(sig)
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        # What the start has made stays to the end. To look through all of it for garbage, again and
        # again, held the loop for 40 ms.
        gc.collect()
        gc.freeze()
        if self.config.ssl is not None:
            served = self._served
            served.lifecycle.on_reload(
                partial(reload_certificate, self.config.ssl, served.settings)
            )

    async def on_tick(self, counter: int) -> bool:
        """Do what signals have asked for; says whether to end."""
        if self._is_to_reload:
            self._is_to_reload = False
            log.info("SIGHUP: certificates and tokens are read again")
            self._served.lifecycle.reload()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End gently; who connected at the last moment is to see it too."""
        served = self._served
        served.lifecycle.is_draining = True
        if waiting := len(self.server_state.tasks):
            log.warning(
                "stopping: %d %s up to %d s to end; press Ctrl-C or send SIGTERM again to stop"
                " at once",
                waiting,
                "requests have" if waiting > 1 else "request has",
                served.settings.shutdown_seconds,
            )
        await super().shutdown(sockets)

    def _reload_soon(self, sig: int, frame: FrameType | None) -> None:
        self._is_to_reload = True


class WorkerServer(Server):
    """What serves in one of several processes. When to end is their parent's to say.

    A terminal and a service manager signal every process, besides what the parent says.
    """

    def take_signals(self) -> None:
        """Take signals, also those that came while it was being started."""
        super().take_signals()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _NOT_BEFORE_TAKEN)

    async def on_tick(self, counter: int) -> bool:
        """Do what signals have asked for, and end if there is nobody to ask any more.

        Without its parent a worker would serve for ever, and keep the port from the next gateway.
        """
        parent = parent_process()
        if not (self.should_exit or parent is None or parent.is_alive()):
            log.error("the parent of this worker has died: the worker ends")
            self.should_exit = True
        return await super().on_tick(counter)

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

    def run(self) -> None:
        """Serve until told to end, which may have been before it began."""
        if not set(_SIGNALS).intersection(self.signal_queue):
            super().run()

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
            is_hung = worker.process.is_alive()
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE:  # the next would fail in the same way
                self.should_exit.set()
            else:
                self.processes[at] = self._started()
                log.error(
                    "worker %s %s; worker %s takes its place",
                    worker.pid,
                    "did not answer, and was ended" if is_hung else _how_it_ended(worker.exitcode),
                    self.processes[at].pid,
                )

    def handle_hup(self) -> None:
        """Have each read again what may have been exchanged."""
        for worker in self.processes:
            # One that has just died is found, and replaced, by `keep_subprocess_alive`.
            if worker.pid is not None and worker.exitcode is None:
                os.kill(worker.pid, signal.SIGHUP)

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
        # It would unblock the signals, were it begun while they are blocked.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, _NOT_BEFORE_TAKEN)
        try:
            worker.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _NOT_BEFORE_TAKEN)
        return worker

    def _end_at_once(self, sig: int, frame: FrameType | None) -> None:
        self.ended_at_once_by = sig
        for worker in self.processes:
            worker.process.kill()


def _how_it_ended(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"was ended by {signal.Signals(-exitcode).name}"
    return f"ended with status {exitcode}"


def ready_to_serve(config: uvicorn.Config, listeners: list[socket.socket]) -> Callable[[], None]:
    """Take signals from now on; gives what serves until one comes, or not at all if one has come.

    Whoever reads where the gateway is may end it, so that it is told only after this.
    """
    if config.workers > 1:
        return partial(_serve_with_workers, Workers(config, listeners))
    server = Server(config)
    server.take_signals()
    return partial(_serve_alone, server, listeners)


def _serve_alone(server: Server, listeners: list[socket.socket]) -> None:
    server.run(sockets=listeners)
    if not server.started and not server.should_exit:
        sys.exit(1)


def _serve_with_workers(workers: Workers) -> None:
    with metrics_of_several_processes():
        workers.run()
    if workers.ended_at_once_by:
        _die_of(workers.ended_at_once_by)


def _die_of(number: int) -> None:
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
