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
from types import FrameType

import uvicorn
from uvicorn.supervisors import multiprocess

from gateway.http.http_endings import DRAINING
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
        self.lifespan.state[DRAINING] = True
        await super().shutdown(sockets)


class _WorkerServer(Server):
    """What serves in one of several processes. When to end is their parent's to say.

    A terminal and a service manager signal every process, besides what the parent says.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End gently when the parent says so."""
        if sig == signal.SIGTERM:
            self.should_exit = True


class _Worker(multiprocess.Process):
    """One of several processes."""

    @property
    def server(self) -> uvicorn.Server:
        """What serves in it."""
        if self._server is None:
            self._server = _WorkerServer(self.config)
        return self._server


class Workers(multiprocess.Multiprocess):
    """Several processes that serve, and their parent."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.ended_at_once_by = 0
        """The second signal, if one came."""

    def terminate_all(self) -> None:
        """Tell the processes to end.

        The listeners end here too, or clients could connect and wait for nobody.
        """
        for number in _SIGNALS:
            signal.signal(number, self._end_at_once)
        for listener in self.sockets:
            listener.close()
        super().terminate_all()

    def _end_at_once(self, sig: int, frame: FrameType | None) -> None:
        self.ended_at_once_by = sig
        for process in self.processes:
            process.process.kill()


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


multiprocess.Process = _Worker  # type: ignore[misc]  # its supervisor asks for no class of ours
