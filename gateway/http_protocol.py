"""What uvicorn's HTTP protocol lacks: limits, S3 answers to what is no HTTP, and clean ends.

- A request's head has a size and a time to arrive in (`facts/negative-cases.md` rows 8 and 22).
- A client that reads nothing of its answer is let go.
- When an answer is sent before its request's body is read, the connection ends. First what the
  client still sends is thrown away for a while: closing at once would reset the connection, and the
  client would lose the answer.
- When a client goes away, its request is cancelled.
- A client that only ends its side still gets an answer. Whether it is one of those, or has gone, an
  interim response tells: to that, who has gone answers with a reset.
- An answer's head and a small body behind it go out with one system call, which is a fifth of what
  a small answer costs.
"""

from __future__ import annotations

import asyncio
import os
import sys
from functools import partial
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.asgi import App
from gateway.errors import document_of, headers_of
from gateway.file_sending import SEND_FILE, send_file
from gateway.request_ids import new_request_id
from gateway.settings import process_settings
from pfs_client.interface import FileSpan
from s3_wire.errors import (
    InvalidRequest,
    NotImplemented,
    RequestHeaderSectionTooLarge,
    S3Error,
    SlowDown,
)

CLIENT_GONE = "s3gateway.client_gone"
"""In a request's scope: its client has gone away, and the request was cancelled for that."""

BODY_CUT_SHORT = "s3gateway.body_cut_short"
"""In a request's scope: its client ended its side before the body's end."""

_LINGER_SECONDS = 3.0
_ARE_YOU_THERE_SECONDS = 0.5
_ARE_YOU_THERE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LINGER_MAX_BYTES = 64 * 1024 * 1024
_HELD_MAX_BYTES = 64 * 1024


class S3Protocol(HttpToolsProtocol):
    """One connection. Uvicorn creates it, by name, in every worker process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = process_settings()
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        self._ask_timer: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = 0
        self._lingered_bytes = 0
        self._held: list[bytes] = []
        self._refusal: S3Error | None = None
        self._running: dict[RequestResponseCycle, asyncio.Task[None]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.max_connections:
            self._refuse(SlowDown(retry_after_seconds=1))
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel what nobody waits for any more."""
        timers = (self._head_timer, self._write_timer, self._linger_timer, self._ask_timer)
        for timer in timers:
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        for cycle, task in list(self._running.items()):
            cycle.disconnected = True
            _mark(cycle, CLIENT_GONE)
            task.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse what has come, within the limits of a head."""
        if self._linger_timer is not None:
            self._discard(len(data))
            return
        super().data_received(data)
        if self._in_head and self._head_timer is not None:
            self._head_bytes += len(data)
            self._check_head_bytes()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Let a request whose body has been cut short be answered."""
        cycle = self.cycle
        if self._linger_timer is not None or cycle is None or cycle.response_complete:
            return None
        if cycle.more_body:
            _mark(cycle, BODY_CUT_SHORT)
            cycle.more_body = False
            cycle.keep_alive = False
            cycle.message_event.set()
        self._ask_later(cycle)
        return True

    def on_message_begin(self) -> None:
        """Begin a request's head."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._await_head()

    def on_headers_complete(self) -> None:
        """End a request's head, and see that its body has one length only."""
        self._end_head()
        names = [name for name, _ in self.headers]
        if b"transfer-encoding" in names and b"content-length" in names:
            self._refusal = InvalidRequest("Both Content-Length and Transfer-Encoding were sent.")
            raise ValueError("two lengths")
        if names.count(b"host") > 1:
            self._refusal = InvalidRequest("More than one Host was sent.")
            raise ValueError("two hosts")
        super().on_headers_complete()
        # The cycle has not begun to run yet: it gets a transport whose close() lingers.
        self.cycle.transport = _GentleTransport(self)  # type: ignore[assignment]
        if self.scheme == "http":
            _mark(self.cycle, SEND_FILE, partial(self.send_file, self.cycle))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, within the limits of a head."""
        if not self._in_head:
            return  # a trailer of a chunked body: S3 has no use for those of HTTP
        super().on_header(name, value)

    def shutdown(self) -> None:
        """End the connection, or let it end with the answer under way."""
        self._flush()
        super().shutdown()

    def pause_writing(self) -> None:
        """Give a client that does not read so much time and no more."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(
            self.limits.write_idle_seconds, self.transport.abort
        )

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, or breaks a limit."""
        if isinstance(sys.exc_info()[1], httptools.HttpParserInvalidMethodError):
            self._refusal = NotImplemented()
        self._refuse(self._refusal or InvalidRequest("The request is not valid HTTP/1.1."))

    def write(self, data: bytes) -> None:
        """Send, together with what else is sent before the event loop goes on."""
        if not self._held:
            self.loop.call_soon(self._flush)
        self._held.append(data)
        if len(data) > _HELD_MAX_BYTES:
            self._flush()

    async def send_file(self, cycle: RequestResponseCycle, span: FileSpan) -> bool:
        """Send a span of a file as (a part of) an answer's body, if nothing waits before it."""
        self._flush()
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            return False
        descriptor = os.dup(self.transport.get_extra_info("socket").fileno())
        try:
            await send_file(descriptor, span, self.limits.write_idle_seconds)
        except ConnectionError:
            self.transport.abort()
            await self.loop.create_future()  # until `connection_lost` cancels this request
        finally:
            os.close(descriptor)
        cycle.expected_content_length -= span.size_bytes
        return True

    def _flush(self) -> None:
        held, self._held = self._held, []
        if held and not self.transport.is_closing():
            self.transport.writelines(held)

    def end(self, cycle: RequestResponseCycle) -> None:
        """End the connection after an answer."""
        self._flush()
        if not cycle.more_body or self.transport.is_closing():
            self.transport.close()
            return
        self._linger_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: App) -> None:  # type: ignore[override]
        task = self.loop.create_task(cycle.run_asgi(app))  # type: ignore[arg-type]
        self._running[cycle] = task
        self.tasks.add(task)
        task.add_done_callback(lambda done: self._ended(cycle, done))

    def _ended(self, cycle: RequestResponseCycle, task: asyncio.Task[None]) -> None:
        self._running.pop(cycle, None)
        self.tasks.discard(task)

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.limits.head_seconds, self._head_is_late)

    def _end_head(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        self.transport.close()

    def _ask_later(self, cycle: RequestResponseCycle) -> None:
        self._ask_timer = self.loop.call_later(
            _ARE_YOU_THERE_SECONDS, self._ask_whether_there, cycle
        )

    def _ask_whether_there(self, cycle: RequestResponseCycle) -> None:
        """Find out whether a client that sends no more waits for its answer."""
        # An answer that has begun asks by itself, and HTTP/1.0 knows no interim ones.
        if cycle.response_started or cycle.scope["http_version"] != "1.1":
            return
        if cycle in self._running:  # otherwise another one's answer is on its way
            self.write(_ARE_YOU_THERE)
        self._ask_later(cycle)

    def _check_head_bytes(self) -> None:
        if self._head_bytes > self.limits.max_head_bytes:
            self._refuse(
                RequestHeaderSectionTooLarge(MaxSizeAllowed=str(self.limits.max_head_bytes))
            )

    def _refuse(self, error: S3Error) -> None:
        """Answer without a request, and end the connection."""
        self._end_head()
        request_id = new_request_id()
        body = document_of(error, "/", request_id)
        headers = {
            **headers_of(error, request_id),
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        lines = [f"HTTP/1.1 {error.status} {error.code}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "\r\n"]).encode("latin-1")
        if not self.transport.is_closing():
            self.write(head + body)
            self._flush()
            self._linger_timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
            if self.transport.can_write_eof():
                self.transport.write_eof()

    def _discard(self, size_bytes: int) -> None:
        self._lingered_bytes += size_bytes
        if self._lingered_bytes > _LINGER_MAX_BYTES:
            self.transport.close()


def _mark(cycle: RequestResponseCycle, mark: str, value: object = True) -> None:
    cast("dict[str, Any]", cycle.scope)[mark] = value


class _GentleTransport:
    """A transport as uvicorn's cycle uses it, whose end is the protocol's business."""

    __slots__ = ("_cycle", "_protocol", "is_closing", "write")

    def __init__(self, protocol: S3Protocol) -> None:
        self._protocol = protocol
        self._cycle = protocol.cycle
        self.write = protocol.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        self._protocol.end(self._cycle)
