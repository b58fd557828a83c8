"""One line for each request, on standard output.

Lines are gathered for a moment and written on a thread, so that a reader that is slow, or a pipe
that is full, holds no request up. No header and no query string is written, so that no credential
can be (`docs/negative-cases.md`, row 17).
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

from gateway.asgi import Scope
from gateway.request_context import Record

log = logging.getLogger("s3gateway")

_quoted = json.encoder.encode_basestring_ascii
"""A JSON string, in a fraction of the time that `json.dumps` takes."""

_GATHER_SECONDS = 0.1
_MAX_LINES = 100_000


class AccessLog:
    """Writes lines.

    Args:
        stream: Where to.
        as_json: Whether a line is a JSON object, or text for people.
    """

    def __init__(self, stream: TextIO, *, as_json: bool) -> None:
        self._stream = stream
        self._form = _json_line if as_json else _text_line
        self._lines: list[str] = []
        self._dropped = 0
        self._writing: asyncio.Task[None] | None = None

    def write(self, record: Record, scope: Scope, seconds: float) -> None:
        """Write the line of a request that has ended."""
        if len(self._lines) >= _MAX_LINES:
            self._dropped += 1
            return
        self._lines.append(self._form(record, scope, seconds))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_soon())

    async def close(self) -> None:
        """Write what has been gathered."""
        while self._writing is not None:
            await asyncio.wait([self._writing])

    async def _write_soon(self) -> None:
        try:
            while self._lines:
                await asyncio.sleep(_GATHER_SECONDS)
                lines, self._lines = self._lines, []
                if self._dropped:
                    log.warning("%d lines of the access log could not be written", self._dropped)
                    self._dropped = 0
                await asyncio.to_thread(self._write_out, "".join(lines))
        finally:
            self._writing = None

    def _write_out(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError as error:  # nobody reads it any more, which is no reason not to serve
            log.warning("the access log cannot be written: %s", error)


def _time() -> str:
    second, milliseconds = divmod(int(time.time() * 1000), 1000)
    return f"{_to_the_second(second)}.{milliseconds:03d}Z"


@lru_cache(maxsize=2)
def _to_the_second(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"


def _json_line(record: Record, scope: Scope, seconds: float) -> str:
    return json.dumps(
        {
            "time": _time(),
            "request_id": record.request_id,
            "client": _client(scope),
            "who": record.who,
            "method": scope["method"],
            "operation": record.operation,
            "bucket": record.bucket,
            "key": record.key,
            "status": record.status,
            "code": record.code,
            "received_bytes": record.received_bytes,
            "sent_bytes": record.sent_bytes,
            "seconds": round(seconds, 6),
            "answer_seconds": round(max(record.answered - record.begun, 0), 6),
            "pfs_calls": record.pfs_calls,
            "pfs_seconds": round(record.pfs_seconds, 6),
            "receive_seconds": round(record.receive_seconds, 6),
            "queue_seconds": round(record.queue_seconds, 6),
            "commit_seconds": round(record.commit_seconds, 6),
            "send_seconds": round(record.send_seconds, 6),
        },
    ) + "\n"  # fmt: skip


def _text_line(record: Record, scope: Scope, seconds: float) -> str:
    where = _quoted(f"{record.bucket}/{record.key}" if record.key else record.bucket)
    parts = [
        f"{_time()} {record.request_id} {_client(scope)} {record.operation} {where}",
        f"{record.status} {record.code or '-'}",
        f"in={record.received_bytes} out={record.sent_bytes} {seconds * 1000:.1f}ms",
    ]
    if record.who:
        parts.append(f"who={record.who}")
    if record.pfs_calls:
        parts.append(f"pfs={record.pfs_calls}/{record.pfs_seconds * 1000:.1f}ms")
    if record.commit_seconds:
        waits = (record.queue_seconds, record.commit_seconds)
        parts.append("queue={:.1f}ms commit={:.1f}ms".format(*(1000 * one for one in waits)))
    return " ".join(parts) + "\n"


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "-"
