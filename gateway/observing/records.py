"""What is known of one request while it is served, for its log line and the metrics."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from gateway.asgi import Scope

_KEY = "s3gateway.record"

NOT_ROUTED = "-"
"""The operation of a request that is none, or not known yet."""


@dataclass(slots=True)
class Record:
    """One request.

    Times are of `time.perf_counter`. What PFS took counts the calls that were made for this
    request: one that it shared with another that came before it is the other's, and those of a
    group of writes are in what the commit took.
    """

    request_id: str
    begun: float = field(default_factory=time.perf_counter)
    operation: str = NOT_ROUTED
    bucket: str = ""
    key: str = ""
    status: int = 0
    code: str = ""
    received_bytes: int = 0
    sent_bytes: int = 0
    answered: float = 0.0
    pfs_calls: int = 0
    pfs_seconds: float = 0.0
    receive_seconds: float = 0.0
    """Waiting for its body."""
    queue_seconds: float = 0.0
    """Its write waiting for a group to go with."""
    commit_seconds: float = 0.0
    send_seconds: float = 0.0
    """Waiting for its client to read the answer."""
    span: Any = None
    """Its span, where there are traces."""
    commit_span: Any = None
    """The span of the group that its write was in, where that stands in another's trace."""

    def phases(self, ended: float) -> tuple[tuple[str, float], ...]:
        """Where its time has gone; what is left is the gateway's own, and its embedded PFS's."""
        return (
            ("receive", self.receive_seconds),
            ("queue", self.queue_seconds),
            ("commit", self.commit_seconds),
            ("pfs", self.pfs_seconds),
            ("send", self.send_seconds),
            ("read", ended - (self.answered or ended) - self.send_seconds),
        )


current: ContextVar[Record | None] = ContextVar("record", default=None)
"""The request that is being served."""


def record_of(scope: Scope) -> Record | None:
    """The record of a request, where it has one."""
    record: Record | None = scope.get(_KEY)
    return record


def request_id_of(scope: Scope) -> str:
    """The id of a request that is being served."""
    record: Record = scope[_KEY]
    return record.request_id


def begin(scope: Scope, request_id: str) -> Record:
    """Begin a request's record."""
    record = scope[_KEY] = Record(request_id)
    current.set(record)
    return record
