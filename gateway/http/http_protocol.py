"""What uvicorn's HTTP protocol lacks: limits, S3 answers to what is no HTTP, and clean ends.

- A request's head has a size and a time to arrive in (`facts/negative-cases.md` rows 8 and 22), and
  so has what stands around a body's bytes.
- What is no HTTP gets S3's answer; requests before it get theirs first.
- When a client goes away, its request is cancelled.
- A client that only ends its side still gets an answer. Whether it is one of those, or has gone, an
  interim response tells: to that, who has gone answers with a reset.
- A wish to speak another protocol is ignored, as HTTP allows.
- When the server ends, each request of which anything has come is answered, and told that the
  connection ends.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.asgi import App
from gateway.http.file_sending import SEND_FILE
from gateway.http.http_endings import DRAINING, EndingProtocol, GentleTransport
from gateway.http.request_heads import check_head, origin_form
from gateway.settings import process_settings
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

BODY_BROKEN = "s3gateway.body_broken"
"""In a request's scope: why its body cannot be read on, an `S3Error`."""

OVERLOADED = "s3gateway.overloaded"
"""In a request's scope: as many others are served as may be."""

_ADMIN_CONNECTIONS = 20
"""More connections than the limit, for whoever looks why there are so many."""

_ARE_YOU_THERE_SECONDS = 0.5
_NEW_SECONDS = 0.5
"""How long a new connection's first request may take to begin when the server ends."""

_ARE_YOU_THERE = b"HTTP/1.1 100 Continue\r\n\r\n"


class S3Protocol(EndingProtocol):
    """One connection. Uvicorn creates it, by name, in every worker process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = process_settings()
        self._head_timer: asyncio.TimerHandle | None = None
        self._ask_timer: asyncio.TimerHandle | None = None
        self._data = b""
        self._in_head = True
        self._is_replaying = False
        self._unseen_bytes = 0
        self._refusal: S3Error | None = None
        self._running: dict[RequestResponseCycle, asyncio.Task[None]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, unless there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > self._max_connections:
            self.refuse(SlowDown(retry_after_seconds=1))
        else:
            self._await_head()
            if DRAINING in self.app_state:
                self.shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel what nobody waits for any more."""
        for timer in (self._head_timer, self._ask_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)
        for cycle, task in list(self._running.items()):
            cycle.disconnected = True
            _mark(cycle, CLIENT_GONE)
            task.cancel()

    def data_received(self, data: bytes) -> None:
        """Parse what has come, within limits."""
        if self.is_deaf:
            self.discard(len(data))
            return
        self._data = data
        self._unseen_bytes += len(data)
        super().data_received(data)
        self._data = b""
        if self.is_deaf:
            return
        if self._in_head and not self._is_answering:
            self._await_head()
        if self._unseen_bytes > self.limits.max_head_bytes:
            self._refusal = RequestHeaderSectionTooLarge(
                MaxSizeAllowed=str(self.limits.max_head_bytes)
            )
            self.send_400_response("")

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Let a request whose body has been cut short be answered."""
        cycle = self.cycle
        if self.is_deaf or not self._is_answering or self.scheme == "https":
            return None
        if cycle.more_body:
            _mark(cycle, BODY_CUT_SHORT)
            self._end_body(cycle)
        self._ask_later(cycle)
        return True

    def on_message_begin(self) -> None:
        """Begin a request's head."""
        if not self._is_replaying:
            super().on_message_begin()
            self._await_head()

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's target."""
        if not self._is_replaying:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, without the white space around it."""
        # A trailer of a chunked body is not one: S3 has no use for those of HTTP.
        if self._in_head and not self._is_replaying:
            super().on_header(name, value.strip(b" \t"))

    def on_headers_complete(self) -> None:
        """End a request's head, and see that there is one way to read it."""
        if self._is_replaying:
            return
        self._end_head()
        self.url, host = origin_form(self.url)
        if host is not None:
            self.headers[:] = [(b"host", host), *(h for h in self.headers if h[0] != b"host")]
        version = self.parser.get_http_version()
        try:
            check_head(version, self.url, self.headers, self.limits.max_head_bytes)
        except S3Error as error:
            self._refusal = error
            self._in_head = True  # there is no request yet, to which a refusal would belong
            raise
        super().on_headers_complete()
        # The cycle has not begun to run yet: it gets a transport whose close() lingers.
        self.cycle.transport = GentleTransport(self)  # type: ignore[assignment]
        if self.scheme == "http":
            _mark(self.cycle, SEND_FILE, partial(self.send_file, self.cycle))
        if version == "1.0":
            self.cycle.waiting_for_100_continue = False
        if DRAINING in self.app_state:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """End the connection with the answer to what it has brought, or at once if that is nothing.

        Who has just connected is about to send something.
        """
        if self._is_answering:
            self.cycle.keep_alive = False
        elif self.cycle is None:
            self.loop.call_later(_NEW_SECONDS, self._close_if_idle)
        else:
            self._close_if_idle()

    def _close_if_idle(self) -> None:
        if not (self._is_answering or self._unseen_bytes or self.transport.is_closing()):
            self.close()

    def on_body(self, body: bytes) -> None:
        """Take bytes of a body."""
        self._unseen_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request's body; the next head may follow."""
        super().on_message_complete()
        self._unseen_bytes = 0
        self._in_head = True

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP or breaks a limit, each request before it first."""
        if isinstance(sys.exc_info()[1], httptools.HttpParserInvalidMethodError):
            self._refusal = NotImplemented()
        error = self._refusal or InvalidRequest("The request is not valid HTTP/1.1.")
        self._end_head()
        if not self._is_answering:
            self.refuse(error)
            return
        self.is_deaf = True
        if self.cycle.more_body:
            _mark(self.cycle, BODY_BROKEN, error)
        self._end_body(self.cycle)

    @property
    def _max_connections(self) -> int:
        is_admins = self.server is not None and self.server[1] == self.limits.admin_port
        return self.limits.max_connections + is_admins * _ADMIN_CONNECTIONS

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _end_body(self, cycle: RequestResponseCycle) -> None:
        """Have the connection's last request answered, with what of its body there is."""
        cycle.more_body = False
        cycle.keep_alive = False
        cycle.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: App) -> None:  # type: ignore[override]
        if len(self.tasks) >= self.limits.max_requests:
            _mark(cycle, OVERLOADED)
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
        self._unseen_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._is_answering:  # and perhaps not reading, for the sake of that
            self._await_head()
        else:
            self.close()

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

    def _unsupported_upgrade_warning(self) -> None:
        """Go on as if no other protocol had been asked for.

        The parser takes the request as ended with its head; another one is shown that head again,
        without the wish, and then the body.
        """
        upgrade = cast("httptools.HttpParserUpgrade", sys.exc_info()[1])
        rest = self._data[upgrade.args[0] :]
        self.parser = httptools.HttpRequestParser(self)
        self._is_replaying = True
        self.cycle.more_body = True
        self._in_head = False
        self.parser.feed_data(self._head_without_upgrade())
        self._is_replaying = False
        super().data_received(rest)

    def _head_without_upgrade(self) -> bytes:
        lengths = (b"content-length", b"transfer-encoding")
        lines = [b"%s: %s\r\n" % header for header in self.headers if header[0] in lengths]
        method = self.scope["method"].encode("ascii")
        return method + b" / HTTP/1.1\r\n" + b"".join(lines) + b"\r\n"


def _mark(cycle: RequestResponseCycle, mark: str, value: object = True) -> None:
    cast("dict[str, Any]", cycle.scope)[mark] = value
