"""What is known of one request while it is served, for its log line and the metrics."""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from gateway.asgi import Scope

_KEY = "s3gateway.record"

NOT_ROUTED = "-"
"""The operation of a request that is none, or not known yet."""


@dataclass(slots=True)
class Record:
    """One request.

    Times are of `time.perf_counter`. What PFS took counts the calls that were made for this
    request: one that it shared with another that came before it is the other's.
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


current: ContextVar[Record | None] = ContextVar("record", default=None)
"""The request that is being served."""


def record_of(scope: Scope) -> Record | None:
    """The record of a request, where it has one."""
    record: Record | None = scope.get(_KEY)
    return record


def begin(scope: Scope, request_id: str) -> Record:
    """Begin a request's record."""
    record = scope[_KEY] = Record(request_id)
    current.set(record)
    return record
