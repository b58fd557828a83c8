"""How a connection ends: with its answer read, and never later than it must.

- When an answer is sent before its request's body is read, or to what is no HTTP, what the client
  still sends is thrown away for a while: closing at once would reset the connection, and the client
  would lose the answer.
- A connection that closes is given so much time for what waits to be written, and no more: a client
  that reads nothing would otherwise keep it for good.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.errors import rendered
from gateway.http.http_writing import WritingProtocol
from gateway.observing.observation import WATCH
from gateway.observing.request_ids import new_request_id
from s3_wire.errors import S3Error

DRAINING = "draining"
"""In the state that the server hands to connections: it ends once it has answered what it must."""

_LINGER_SECONDS = 3.0
_LINGER_MAX_BYTES = 64 * 1024 * 1024


class EndingProtocol(WritingProtocol):
    """A connection whose ends are clean and bounded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_deaf = False
        """What comes in is not listened to any more, but thrown away."""
        self._linger_timer: asyncio.TimerHandle | None = None
        self._lingered_bytes = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget all that was to happen to it."""
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is of no use any more."""
        self.close()

    def close(self) -> None:
        """Close, once what has been written is sent; but do not wait for that for ever."""
        if self.transport.is_closing():
            return
        self.flush()
        self.await_reader()
        self.transport.close()

    def end(self, cycle: RequestResponseCycle) -> None:
        """End the connection after an answer."""
        if self.transport.is_closing() or not (cycle.more_body or self.is_deaf):
            self.close()
        else:
            self._linger()

    def refuse(self, error: S3Error) -> None:
        """Answer without a request, and end the connection."""
        if self.transport.is_closing():
            return
        request_id = new_request_id()
        watch = self.app_state.get(WATCH)
        if watch is not None:
            watch.refused(error, request_id, self.client)
        given, body = rendered(error, "/", request_id)
        headers = [
            *self.server_state.default_headers,
            *((name.encode(), value.encode()) for name, value in given.items()),
            (b"Connection", b"close"),
        ]
        status_line = f"HTTP/1.1 {error.status} {error.code}\r\n".encode()
        head = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.write(status_line + head + b"\r\n" + body)
        self._linger()

    def discard(self, size_bytes: int) -> None:
        """Throw away what came, within a limit."""
        self._lingered_bytes += size_bytes
        if self._lingered_bytes > _LINGER_MAX_BYTES:
            self.transport.abort()

    def _linger(self) -> None:
        self.is_deaf = True
        self.flush()
        self._linger_timer = self.loop.call_later(_LINGER_SECONDS, self.close)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()


class GentleTransport:
    """A transport as uvicorn's cycle uses it, whose end is the protocol's business."""

    __slots__ = ("_cycle", "_protocol", "is_closing", "write")

    def __init__(self, protocol: EndingProtocol) -> None:
        self._protocol = protocol
        self._cycle = protocol.cycle
        self.write = protocol.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        """End the connection as its protocol does."""
        self._protocol.end(self._cycle)
