"""Traces, for OpenTelemetry: a span for each request, and below it what it waited for.

A request that carries a `traceparent` continues its caller's trace. Groups of writes are shared: a
group's span stands in the trace of its first request, and those of the others link to it. No query
string and no header but User-Agent is told, so that no credential can be.

`opentelemetry` is an extra, imported only where traces are wanted. Its own settings are the
`OTEL_` variables, which it reads itself.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.asgi import Scope
from gateway.request_context import NOT_ROUTED, Record, current_record
from gateway.settings import BadSetting, Settings
from pfs_client.observer import Observer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Link, Span

EXTRA = "pfs-s3-gateway[otel]"
CLOSE_SECONDS = 5.0
"""How long the last spans may take to leave."""

_NAME = "s3gateway"
_PATH = "/v1/traces"

_above: ContextVar[Span | None] = ContextVar("span", default=None)
"""The span that what happens now belongs below."""


def check_tracing(settings: Settings) -> None:
    """See that traces can go where they shall.

    Raises:
        BadSetting: What sends them is not installed, or the address is none.
    """
    if not settings.otlp_endpoint:
        return
    if urlsplit(settings.otlp_endpoint).scheme not in ("http", "https"):
        raise BadSetting(
            f"--otlp-endpoint: {settings.otlp_endpoint!r} is not an http:// or https:// URL"
        )
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None:
        raise BadSetting(f"--otlp-endpoint: traces need an extra: pip install '{EXTRA}'")


def tracing_of(settings: Settings) -> Tracing | None:
    """The tracing that the settings want."""
    if not settings.otlp_endpoint:
        return None
    return Tracing(_provider(settings.otlp_endpoint))


def _provider(endpoint: str) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": _NAME}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint.rstrip("/") + _PATH)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


class Tracing(Observer):
    """Makes spans.

    Args:
        provider: Where they go.
    """

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import propagate, trace

        self._api = trace
        self._extract = propagate.extract
        self._provider = provider
        self._tracer = provider.get_tracer(_NAME)

    def begin(self, record: Record, scope: Scope) -> None:
        """A request has come."""
        headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in scope["headers"]}
        span = self._tracer.start_span(
            scope["method"],
            self._extract(headers),
            self._api.SpanKind.SERVER,
            _request_attributes(scope, headers),
        )
        record.span = span
        _above.set(span)

    def end(self, record: Record) -> None:
        """A request has been answered, or given up."""
        span: Span = record.span
        if record.operation != NOT_ROUTED:
            span.update_name(record.operation)
        if record.status >= 500:
            span.set_status(self._api.StatusCode.ERROR, record.code)
        span.set_attributes(_answer_attributes(record))
        span.end()

    def call_ended(self, method: str, outcome: str, seconds: float) -> None:
        """A call to pachd has been answered."""
        if (above := _above.get()) is None:
            return
        ended = time.time_ns()
        span = self._tracer.start_span(
            f"pfs_v2.API/{method}",
            self._api.set_span_in_context(above),
            self._api.SpanKind.CLIENT,
            {
                "rpc.system": "grpc",
                "rpc.service": "pfs_v2.API",
                "rpc.method": method,
                "s3gateway.outcome": outcome,
            },
            start_time=ended - _nanoseconds(seconds),
        )
        if outcome != "OK":
            span.set_status(self._api.StatusCode.ERROR, outcome)
        span.end(ended)

    def current_request(self) -> object:
        """The record of the request."""
        return current_record()

    def group_began(self, requests: Sequence[object]) -> None:
        """Begin a group's span; calls of this task are below it."""
        records = [one for one in requests if isinstance(one, Record)]
        above = self._api.set_span_in_context(records[0].span) if records else None
        others = records[1:]
        span = self._tracer.start_span(
            "commit", above, links=[self._link(other.span) for other in others]
        )
        _above.set(span)
        for other in others:
            other.commit_span = span

    def group_ended(self, requests: int, seconds: float) -> None:
        """End a group's span."""
        if (span := _above.get()) is not None:
            span.set_attribute("s3gateway.requests", requests)
            span.end()

    def write_ended(self, queue_seconds: float, commit_seconds: float) -> None:
        """Say in a request's own trace what it waited for."""
        record = current_record()
        if record is None:
            return
        ended = time.time_ns()
        began = ended - _nanoseconds(commit_seconds)
        self._below(record, "queue", began - _nanoseconds(queue_seconds), began, ())
        if record.commit_span is not None:
            self._below(record, "commit", began, ended, (self._link(record.commit_span),))

    async def close(self) -> None:
        """Send what is left, if that goes fast."""
        # The thread may be left alone: a collector that is away must not keep the process.
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, CLOSE_SECONDS)

    def _below(
        self, record: Record, name: str, began: int, ended: int, links: Sequence[Link]
    ) -> None:
        above = self._api.set_span_in_context(record.span)
        self._tracer.start_span(name, above, links=links, start_time=began).end(ended)

    def _link(self, span: Span) -> Link:
        return self._api.Link(span.get_span_context())


def _request_attributes(scope: Scope, headers: dict[str, str]) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "http.request.method": scope["method"],
        "network.protocol.version": scope["http_version"],
        "rpc.system": "aws-api",
        "rpc.service": "S3",
        "server.address": scope["server"][0],
        "server.port": scope["server"][1],
        "url.path": scope["raw_path"].decode("latin-1"),
        "url.scheme": scope["scheme"],
    }
    if client := scope.get("client"):
        attributes["client.address"] = client[0]
    if agent := headers.get("user-agent"):
        attributes["user_agent.original"] = agent
    return attributes


def _answer_attributes(record: Record) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "aws.request_id": record.request_id,
        "http.request.body.size": record.received_bytes,
        "http.response.body.size": record.sent_bytes,
        "http.response.status_code": record.status,
    }
    named = (
        ("aws.s3.bucket", record.bucket),
        ("aws.s3.key", record.key),
        ("enduser.id", record.who),
        ("error.type", record.code),
        ("rpc.method", "" if record.operation == NOT_ROUTED else record.operation),
    )
    return attributes | {name: value for name, value in named if value}


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
