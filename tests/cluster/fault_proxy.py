"""A network between the gateway and pachd that can be cut, stalled and slowed down."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

_PIECE_BYTES = 16 * 1024
# Loopback's packets have 64 KiB; in a buffer that holds few of them, TCP waits for its timers.
_BUFFER_BYTES = 256 * 1024


class FaultProxy:
    """Passes bytes on, as long as it is let.

    Args:
        target: `HOST:PORT` of the server behind it.
    """

    def __init__(self, target: str) -> None:
        self._host, _, port = target.rpartition(":")
        self._port = int(port)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self.bytes_a_second: int | None = None
        self.passed_bytes = 0
        self._trigger: tuple[int, Callable[[], None]] | None = None
        self.port = 0

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen, where it has listened before if it has."""
        listener = socket.create_server(("127.0.0.1", self.port))
        _keep_little(listener)
        self._server = await asyncio.start_server(self._serve, sock=listener)
        self.port = listener.getsockname()[1]

    async def stop(self) -> None:
        """Cut all connections, and take no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def cut(self) -> None:
        """Cut all connections; new ones are taken."""
        for task in self._connections:
            task.cancel()

    def stall(self) -> None:
        """Let nothing pass any more, without a word."""
        self._flows.clear()

    def flow(self) -> None:
        """Let everything pass."""
        self._flows.set()
        self.bytes_a_second = None

    def after(self, more_bytes: int, do: Callable[[], None]) -> None:
        """Do something once so many more bytes have passed."""
        self._trigger = (self.passed_bytes + more_bytes, do)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            back_reader, back_writer = await asyncio.open_connection(self._host, self._port)
            _keep_little(back_writer.get_extra_info("socket"))
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass(reader, back_writer))
                    both.create_task(self._pass(back_reader, writer))
            finally:
                back_writer.transport.abort()
        except* (ConnectionError, EOFError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._connections.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            await self._flows.wait()
            if self.bytes_a_second:
                await asyncio.sleep(len(piece) / self.bytes_a_second)
            writer.write(piece)
            await writer.drain()
            self._passed(len(piece))
        raise EOFError

    def _passed(self, size_bytes: int) -> None:
        self.passed_bytes += size_bytes
        if self._trigger is not None and self.passed_bytes >= self._trigger[0]:
            do = self._trigger[1]
            self._trigger = None
            do()


def _keep_little(of: socket.socket) -> None:
    """Have the system hold little on the way, so that what is not passed is not sent either."""
    of.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
    of.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
