"""How answers go out: few system calls, files sent by the system, and no waiting for ever.

- An answer's head and a small body behind it go out with one system call, which is a fifth of what
  a small answer costs.
- A large object of the embedded PFS goes from the page cache to the network without passing through
  this process: half of what it costs otherwise. Reading from the disk happens on a thread; the
  socket never blocks one.
- A client that reads nothing of its answer, or next to nothing, is let go. What it reads shows in
  what waits for it, also in the system's buffer: in that a slow reader may make room for more only
  once in minutes.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios

from pfs_client.failures import PfsFailure
from pfs_client.interface import FileSpan

_HELD_MAX_BYTES = 64 * 1024
_BYTES_A_CALL = 8 * 1024 * 1024
"""A thread is not held for longer than this takes, and a cancelled request waits no longer."""


class SocketWriter:
    """A connection as far as it is written to.

    Args:
        transport: The connection.
        idle_seconds: How long the other side may take nothing.
        min_bytes_per_second: How much it must take in that time.
    """

    def __init__(
        self, transport: asyncio.Transport, idle_seconds: float, min_bytes_per_second: int
    ) -> None:
        self._transport = transport
        self._descriptor: int = transport.get_extra_info("socket").fileno()
        self._idle_seconds = idle_seconds
        self._least_bytes = idle_seconds * min_bytes_per_second
        self._loop = asyncio.get_running_loop()
        self._held: list[bytes] = []
        self._is_flush_due = False
        self.may_write = asyncio.Event()
        """Whether little waits to be sent, or nobody waits for it."""
        self.may_write.set()
        self._reader_timer: asyncio.TimerHandle | None = None

    def hold(self, data: bytes) -> None:
        """Send together with what is written next."""
        self._held.append(data)

    def write(self, data: bytes) -> None:
        """Send, together with what else is sent before the event loop goes on."""
        self._held.append(data)
        if len(data) > _HELD_MAX_BYTES:
            self.flush()
        elif not self._is_flush_due:
            self._is_flush_due = True
            self._loop.call_soon(self._flush_when_due)

    def _flush_when_due(self) -> None:
        self._is_flush_due = False
        self.flush()

    def flush(self) -> None:
        """Send what is held back."""
        held, self._held = self._held, []
        if held and not self._transport.is_closing():
            self._transport.writelines(held)

    def pause(self) -> None:
        """Much waits to be sent: give a client that does not read so much time and no more."""
        self.may_write.clear()
        self._await_reader()

    def resume(self) -> None:
        """The client reads, or has gone."""
        self.may_write.set()
        if self._reader_timer is not None and not self._transport.is_closing():
            self._reader_timer.cancel()
            self._reader_timer = None

    def close(self) -> None:
        """Close the connection, once what has been written is sent; but do not wait for ever."""
        if not self._transport.is_closing():
            self.flush()
            self._await_reader()
            self._transport.close()

    def lose(self) -> None:
        """The connection has gone."""
        self.resume()
        if self._reader_timer is not None:
            self._reader_timer.cancel()

    async def send_file(self, span: FileSpan) -> None:
        """Have the system send a span of a file, behind what was written before."""
        self.flush()
        self._transport.set_write_buffer_limits(0)  # so that it is drained only once it is empty
        await self.may_write.wait()
        self._transport.set_write_buffer_limits()
        if self._transport.is_closing():
            return
        descriptor = os.dup(self._descriptor)  # nobody closes this one meanwhile
        try:
            await self._send_span(descriptor, span)
        except ConnectionError:  # which cancels the request, once the transport knows
            self._transport.abort()
            await self._loop.create_future()
        finally:
            os.close(descriptor)

    async def _send_span(self, to: int, span: FileSpan) -> None:
        at, end = span.offset, span.offset + span.size_bytes
        while at < end:
            size_bytes = min(end - at, _BYTES_A_CALL)
            call = self._loop.run_in_executor(None, _send_once, to, span.descriptor, at, size_bytes)
            try:
                sent = await asyncio.shield(call)
            except asyncio.CancelledError:
                await asyncio.wait([call])  # it uses what would be closed
                call.exception()  # who has gone is told nothing more
                raise
            if sent is None:
                await self._until_writable(to)
            elif not sent:
                raise PfsFailure("a file is shorter than its size")
            else:
                at += sent

    async def _until_writable(self, descriptor: int) -> None:
        self.pause()
        self._loop.add_writer(descriptor, self.resume)
        try:
            await self.may_write.wait()
        finally:
            self._loop.remove_writer(descriptor)

    def _await_reader(self) -> None:
        """End the connection if its client does not read what waits for it."""
        if self._reader_timer is None:
            self._reader_timer = self._loop.call_later(
                self._idle_seconds, self._see_what_was_read, self._unread_bytes()
            )

    def _see_what_was_read(self, before_bytes: int) -> None:
        self._reader_timer = None
        if self._transport.is_closing() and not self._transport.get_write_buffer_size():
            return
        if before_bytes - self._unread_bytes() > self._least_bytes:
            self._await_reader()
        else:
            self._transport.abort()

    def _unread_bytes(self) -> int:
        return self._transport.get_write_buffer_size() + _unsent_bytes(self._descriptor)


def _send_once(to: int, source: int, offset: int, size_bytes: int) -> int | None:
    """Send once; None where the socket takes nothing now."""
    try:
        return os.sendfile(to, source, offset, size_bytes)
    except BlockingIOError:
        return None


def _unsent_bytes(descriptor: int) -> int:
    """How much of what was written to a socket the other side has not got."""
    count: int = struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)))[0]
    return count
