"""How answers go out: few system calls, files sent by the system, and no waiting for ever.

- An answer's head and a small body behind it go out with one system call, which is a fifth of what
  a small answer costs.
- A client that reads nothing of its answer, or next to nothing, is let go. What it reads shows in
  what waits for it, also in the system's buffer: in that a slow reader may make room for more only
  once in minutes.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.http.file_sending import send_file, unsent_bytes
from gateway.settings import Settings
from pfs_client.interface import FileSpan

_HELD_MAX_BYTES = 64 * 1024


class WritingProtocol(HttpToolsProtocol):
    """A connection as far as it is written to."""

    limits: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held: list[bytes] = []
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for no reader any more."""
        if self._write_timer is not None:
            self._write_timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Give a client that does not read so much time and no more."""
        super().pause_writing()
        self.await_reader()

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        if self._write_timer is not None and not self.transport.is_closing():
            self._write_timer.cancel()
            self._write_timer = None

    def await_reader(self) -> None:
        """End the connection if its client does not read what waits for it."""
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(
                self.limits.write_idle_seconds, self._see_what_was_read, self._unread_bytes()
            )

    def _see_what_was_read(self, before_bytes: int) -> None:
        self._write_timer = None
        if self.transport.is_closing() and not self.transport.get_write_buffer_size():
            return
        least_bytes = self.limits.write_idle_seconds * self.limits.min_bytes_per_second
        if before_bytes - self._unread_bytes() > least_bytes:
            self.await_reader()
        else:
            self.transport.abort()

    def _unread_bytes(self) -> int:
        descriptor = self.transport.get_extra_info("socket").fileno()
        return self.transport.get_write_buffer_size() + unsent_bytes(descriptor)

    def write(self, data: bytes) -> None:
        """Send, together with what else is sent before the event loop goes on."""
        if not self._held:
            self.loop.call_soon(self.flush)
        self._held.append(data)
        if len(data) > _HELD_MAX_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what is held back."""
        held, self._held = self._held, []
        if held and not self.transport.is_closing():
            self.transport.writelines(held)

    async def send_file(self, cycle: RequestResponseCycle, span: FileSpan) -> bool:
        """Send a span of a file as (a part of) an answer's body, if nothing waits before it."""
        self.flush()
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            return False
        descriptor = os.dup(self.transport.get_extra_info("socket").fileno())
        try:
            await send_file(
                descriptor, span, self.limits.write_idle_seconds, self.limits.min_bytes_per_second
            )
        except ConnectionError:
            self.transport.abort()
            await self.loop.create_future()  # until `connection_lost` cancels this request
        finally:
            os.close(descriptor)
        cycle.expected_content_length -= span.size_bytes
        return True
