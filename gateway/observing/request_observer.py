"""Sees every request from its head to its answer's end, counts it and logs it."""

from __future__ import annotations

import sys
import time

from gateway import request_context
from gateway.asgi import App, Message, Receive, Scope, Send
from gateway.observing.access_log import AccessLog
from gateway.observing.metrics import Metrics
from gateway.observing.tracing import Tracing, tracing_of
from gateway.request_context import CUT_SHORT, Record
from gateway.settings import Settings
from pfs_client.observer import Observer, Observers
from s3_wire.errors import S3Error

CLIENT_WENT = 499
"""The status, in logs and metrics only, of a request whose client did not wait for its answer."""

PAGE = "page"
"""The operation of the gateway's own pages, which are counted and not logged."""


class RequestObserver:
    """Counts requests, logs them and makes spans of them.

    Args:
        metrics: Counts.
        access_log: Logs; None for nowhere.
        tracing: Makes spans; None for none.
    """

    def __init__(
        self, metrics: Metrics, access_log: AccessLog | None, tracing: Tracing | None = None
    ) -> None:
        self.metrics = metrics
        self._access_log = access_log
        self._tracing = tracing

    @property
    def pfs_observer(self) -> Observer:
        """Who is told what happens between the gateway and PFS."""
        return self.metrics if self._tracing is None else Observers(self._tracing, self.metrics)

    def begin(self, record: Record, scope: Scope) -> None:
        """A request has come."""
        self.metrics.begin()
        if self._tracing is not None:
            self._tracing.begin(record, scope)

    def end(self, record: Record, scope: Scope) -> None:
        """A request has been answered, or given up."""
        ended = time.perf_counter()
        seconds = ended - record.begun
        self.metrics.end(record, ended)
        if record.span is not None and self._tracing is not None:
            self._tracing.end(record)
        if self._access_log is not None and record.operation != PAGE:
            self._access_log.write(record, scope, seconds)

    def refused(self, error: S3Error, client: tuple[str, int] | None) -> str:
        """Something that is no request is answered; gives the id to answer it with."""
        record = Record(status=error.status, code=error.code)
        self.metrics.begin()
        self.end(record, {"client": client, "method": "-"})
        return record.request_id

    async def close(self) -> None:
        """Write what is left to be written."""
        if self._access_log is not None:
            await self._access_log.close()
        if self._tracing is not None:
            await self._tracing.close()


def request_observer_of(settings: Settings) -> RequestObserver:
    """The observer that the settings want."""
    access_log = None
    if settings.access_log:
        access_log = AccessLog(sys.stdout, as_json=settings.log_format == "json")
    return RequestObserver(Metrics(), access_log, tracing_of(settings))


class ObservedRequests:
    """The outermost layer: every request that passes it is observed.

    Args:
        next_app: What serves.
        observer: What is told.
    """

    def __init__(self, next_app: App, observer: RequestObserver) -> None:
        self._next_app = next_app
        self._observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and tell."""
        if scope["type"] != "http":
            await self._next_app(scope, receive, send)
            return
        record = request_context.current().record
        self._observer.begin(record, scope)
        try:
            await self._next_app(scope, _receiving(record, receive), _sending(record, send))
        except Exception:
            record.code = record.code or CUT_SHORT
            raise
        finally:
            record.status = record.status or CLIENT_WENT
            self._observer.end(record, scope)


def _receiving(record: Record, receive: Receive) -> Receive:
    async def counted() -> Message:
        begun = time.perf_counter()
        try:
            message = await receive()
        finally:  # a request that is given up while its body comes has been waiting for it too
            record.receive_seconds += time.perf_counter() - begun
        record.received_bytes += len(message.get("body", b""))
        return message

    return counted


def _sending(record: Record, send: Send) -> Send:
    async def counted(message: Message) -> None:
        if message["type"] == "http.response.start":
            record.status = message["status"]
            record.answered = time.perf_counter()
        else:
            record.sent_bytes += message.get("count") or len(message.get("body", b""))
        begun = time.perf_counter()
        try:
            await send(message)
        finally:
            record.send_seconds += time.perf_counter() - begun

    return counted
