"""One connection: the shell between a socket, the parser of its requests, and the app.

Uvicorn makes one for each that it accepts. How a connection ends:

- When a client goes away, its request is cancelled. One that only ends its side still gets an
  answer. Whether it is one of those, or has gone, an interim response tells: to that, who has gone
  answers with a reset.
- What is no HTTP gets S3's answer; requests before it get theirs first.
- Where an answer is sent before its request's body is read, or to what is no HTTP, what the client
  still sends is thrown away for a while: closing at once would reset the connection, and the client
  would lose the answer.
- When the server ends, each request of which anything has come is answered, and told that the
  connection ends.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from gateway import request_context
from gateway.asgi import App
from gateway.errors import rendered
from gateway.http.answer_framing import CONTINUE, AnswerFraming, date_header
from gateway.http.asgi_request import AsgiRequest
from gateway.http.request_head import RequestHead
from gateway.http.request_parser import Event, RequestParser
from gateway.http.served import Served
from gateway.http.socket_writer import SocketWriter
from s3_wire.errors import InternalError, S3Error, SlowDown

log = logging.getLogger("s3gateway")

_ADMIN_CONNECTIONS = 20
"""More connections than the limit, for whoever looks why there are so many."""

_ARE_YOU_THERE_SECONDS = 0.5
_NEW_SECONDS = 0.5
"""How long a new connection's first request may take to begin when the server ends."""

_LINGER_SECONDS = 3.0
_LINGER_MAX_BYTES = 64 * 1024 * 1024


class S3Protocol(asyncio.Protocol):
    """One connection.

    Args:
        config: Uvicorn's, which has the app.
        server_state: What all connections of the process share.
    """

    def __init__(self, config: uvicorn.Config, server_state: ServerState, **_: Any) -> None:
        self._app = cast("App", config.loaded_app)
        self.served = cast("Served", config.loaded_app)
        self._limits = limits = self.served.settings
        self._state = server_state
        self._loop = loop = asyncio.get_running_loop()
        self._parser = RequestParser(limits.max_head_bytes, limits.head_seconds, loop.time)
        self._events: deque[Event] = deque()
        self._request: AsgiRequest | None = None
        self._idle_due = loop.time() + limits.head_seconds
        self._due: float | None = None
        self._due_timer: asyncio.TimerHandle | None = None
        self._due_timer_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_new = True
        self._is_deaf = self._is_half_closed = False
        self._lingered_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request, unless there are too many connections."""
        limits = self._limits
        self.transport = cast("asyncio.Transport", transport)
        self.out = SocketWriter(
            self.transport, limits.write_idle_seconds, limits.min_bytes_per_second
        )
        self.server: tuple[str, int] = transport.get_extra_info("sockname")[:2]
        peer = transport.get_extra_info("peername")  # None where the client has gone already
        self.client: tuple[str, int] | None = peer and peer[:2]
        self.scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        connections = cast("set[Any]", self._state.connections)
        connections.add(self)
        more = _ADMIN_CONNECTIONS if self.server[1] == limits.admin_port else 0
        if len(connections) > limits.max_connections + more:
            self._refuse(SlowDown(retry_after_seconds=1))
        else:
            self._await_request()
            if self.served.lifecycle.is_draining:
                self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel what nobody waits for any more."""
        cast("set[Any]", self._state.connections).discard(self)
        for timer in (self._timer, self._due_timer):
            if timer is not None:
                timer.cancel()
        self.out.lose()
        if self._request is not None:
            self._request.lose_client()

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        if self._is_deaf:
            self._lingered_bytes += len(data)
            if self._lingered_bytes > _LINGER_MAX_BYTES:
                self.transport.abort()
            return
        self._events.extend(self._parser.feed(data))
        self._is_deaf = self._parser.refusal is not None
        self._go_on()

    def eof_received(self) -> bool | None:
        """Let requests that have come be answered; TLS knows no connection that is half closed."""
        if self._is_deaf or self._request is None or self.scheme == "https":
            return None
        self._is_half_closed = True
        self._go_on()
        return True

    def pause_writing(self) -> None:
        """The system takes no more of what is sent."""
        self.out.pause()

    def resume_writing(self) -> None:
        """It does again."""
        self.out.resume()

    def shutdown(self) -> None:
        """End the connection with the answer to what it has brought, or at once if that is nothing.

        Who has just connected is about to send something.
        """
        if self._request is not None:
            self._end_if_last(self._request)
        elif self._is_new:
            self._idle_due = self._loop.time() + _NEW_SECONDS
            self._await_request()
        elif self._parser.head_due is None:
            self.out.close()

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """What stands in every answer; the time among it is now, and not a second ago."""
        return [date_header(time.time()), *self._state.default_headers]

    def answered(self, request: AsgiRequest) -> None:
        """A request has its answer: go on with the next, or end."""
        self._request = None
        if not request.answer.keeps_alive:
            self._end(request)
        elif not self.transport.is_closing():
            self._idle_due = self._loop.time() + self._limits.keep_alive_seconds
            self.transport.resume_reading()
            self._go_on()

    def _go_on(self) -> None:
        """Take what has come, as far as it can be: a request waits for the one before it."""
        events = self._events
        while events and (
            self._request is None
            or not self._request.has_body_ended
            or isinstance(events[0], S3Error)
        ):
            self._take(events.popleft())
        if events:
            self.transport.pause_reading()
        elif self._is_half_closed:
            self._end_input()
        elif self._request is None and not self._is_deaf:
            self._await_request()

    def _take(self, event: Event) -> None:
        request = self._request
        if isinstance(event, RequestHead):
            self._serve(event)
        elif isinstance(event, S3Error) and request is None:
            self._refuse(event)
        elif request is None:
            return  # the rest of a body, behind an answer that ends the connection
        elif isinstance(event, bytes):
            request.take_body(event)
        elif isinstance(event, S3Error):
            request.end_input(event)
        else:
            request.end_body()

    def _serve(self, head: RequestHead) -> None:
        self._is_new = False
        self._due = None
        request = self._request = AsgiRequest(head, self)
        if self.served.lifecycle.is_draining:
            self._end_if_last(request)
        task = request.task = self._loop.create_task(self._run(request))
        self._state.tasks.add(task)
        self.served.lifecycle.requests_now += 1
        task.add_done_callback(self._has_served)

    def _has_served(self, task: asyncio.Task[None]) -> None:
        self._state.tasks.discard(task)
        self.served.lifecycle.requests_now -= 1

    async def _run(self, request: AsgiRequest) -> None:
        request_context.enter(request.context)
        try:
            await self._app(request.scope(), request.receive, request.send)
        except Exception as error:
            log.error("%s failed", request.context.record.request_id, exc_info=error)
        if request.answer.is_complete or request.context.client_gone:
            return
        if request.answer.has_begun:
            self._end(request)
        else:
            self._refuse(InternalError())

    def _end_if_last(self, request: AsgiRequest) -> None:
        if not any(isinstance(event, RequestHead) for event in self._events):
            request.answer.keeps_alive = False

    def _refuse(self, error: S3Error) -> None:
        """Answer without a request, and end the connection."""
        if self.transport.is_closing():
            return
        request_id = self.served.observer.refused(error, self.client)
        given, body = rendered(error, "/", request_id)
        headers = [(name.lower().encode(), value.encode()) for name, value in given.items()]
        framing = AnswerFraming("GET", keeps_alive=False)
        self.out.write(framing.head(error.status, [*self.default_headers, *headers]))
        self.out.write(framing.body(body, more=False))
        self._linger()

    def _end(self, request: AsgiRequest) -> None:
        """End the connection behind an answer."""
        self._events.clear()
        if request.has_body_ended and not self._is_deaf:
            self.out.close()
        elif not self.transport.is_closing():
            self._linger()

    def _linger(self) -> None:
        """End our side, and throw away for a while what the client still sends."""
        self._is_deaf = True
        self._due = None
        self.out.flush()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(_LINGER_SECONDS, self.out.close)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()

    def _await_request(self) -> None:
        """Close the connection if the next request is late.

        A timer for each request would take as long as to parse one. So one that comes too early
        stays, and looks again.
        """
        self._due = due = self._parser.head_due or self._idle_due
        if self._due_timer is None or self._due_timer_at > due:
            if self._due_timer is not None:
                self._due_timer.cancel()
            self._due_timer_at = due
            self._due_timer = self._loop.call_at(due, self._see_due)

    def _see_due(self) -> None:
        self._due_timer = None
        if self._due is None:
            return  # a request is being served, or the connection is ending
        if self._due > self._due_timer_at:
            self._await_request()
        else:
            self.out.close()

    def _end_input(self) -> None:
        """Have the last request answered, with what of its body there is."""
        if self._request is None:
            self.out.close()
            return
        self._request.end_input()
        self._ask_later(self._request)

    def _ask_later(self, request: AsgiRequest) -> None:
        self._timer = self._loop.call_later(_ARE_YOU_THERE_SECONDS, self._ask, request)

    def _ask(self, request: AsgiRequest) -> None:
        """Find out whether a client that sends no more waits for its answer."""
        # An answer that has begun asks by itself, and HTTP/1.0 knows no interim ones.
        if not request.answer.has_begun and request.head.version == "1.1":
            self.out.write(CONTINUE)
            self._ask_later(request)
