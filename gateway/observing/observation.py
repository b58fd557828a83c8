"""Sees every request from its head to its answer's end, counts it and logs it."""

from __future__ import annotations

import sys
import time

from gateway.asgi import App, Message, Receive, Scope, Send
from gateway.observing import records
from gateway.observing.access_log import AccessLog
from gateway.observing.metrics import Metrics
from gateway.observing.records import Record
from gateway.observing.request_ids import new_request_id
from gateway.observing.tracing import Tracing, tracing_of
from gateway.settings import Settings
from pfs_client.observer import Observer, Observers
from s3_wire.errors import S3Error

CLIENT_WENT = 499
"""The status, in logs and metrics only, of a request whose client did not wait for its answer."""

CUT_SHORT = "CutShort"
"""The code, in logs and metrics only, of an answer that failed in its middle."""


PAGE = "page"
"""The operation of the gateway's own pages, which are counted and not logged."""


WATCH = "watch"
"""The watch's name in the state that the server hands to connections."""


class Watch:
    """Where requests are counted and logged.

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
    def observer(self) -> Observer:
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

    def refused(self, error: S3Error, request_id: str, client: tuple[str, int] | None) -> None:
        """Something that is no request has been answered."""
        record = Record(request_id, status=error.status, code=error.code)
        self.metrics.begin()
        self.end(record, {"client": client, "method": "-"})

    async def close(self) -> None:
        """Write what is left to be written."""
        if self._access_log is not None:
            await self._access_log.close()
        if self._tracing is not None:
            await self._tracing.close()


def watch_of(settings: Settings) -> Watch:
    """The watch that the settings want."""
    access_log = None
    if settings.access_log:
        access_log = AccessLog(sys.stdout, as_json=settings.log_format == "json")
    return Watch(Metrics(), access_log, tracing_of(settings))


class Observation:
    """The outermost layer.

    Args:
        next_app: What serves.
        watch: What is told.
    """

    def __init__(self, next_app: App, watch: Watch) -> None:
        self._next_app = next_app
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and watch."""
        if scope["type"] != "http":
            await self._next_app(scope, receive, send)
            return
        record = records.begin(scope, new_request_id())
        self._watch.begin(record, scope)
        try:
            await self._next_app(scope, _receiving(record, receive), _sending(record, send))
        except Exception:
            record.code = record.code or CUT_SHORT
            raise
        finally:
            record.status = record.status or CLIENT_WENT
            self._watch.end(record, scope)


def _receiving(record: Record, receive: Receive) -> Receive:
    async def counted() -> Message:
        begun = time.perf_counter()
        message = await receive()
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
            record.sent_bytes += len(message.get("body", b""))
        begun = time.perf_counter()
        await send(message)
        record.send_seconds += time.perf_counter() - begun

    return counted
