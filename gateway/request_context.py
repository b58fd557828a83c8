"""What is known of one request while it is served: one value, from its connection to its handler.

The connection makes it with the request's head and runs the request's task in it; layers and
observers ask for it.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from gateway.identity import ANYBODY, Identity
from gateway.request_ids import new_request_id
from handlers.access import EVERYTHING, Access
from s3_wire.chunk_signatures import ChunkSignatures
from s3_wire.errors import S3Error

NOT_ROUTED = "-"
"""The operation of a request that is none, or not known yet."""

CUT_SHORT = "CutShort"
"""The code, in logs and metrics only, of an answer that failed in its middle."""


@dataclass(slots=True)
class Record:
    """What is told of a request: in its log line, in the metrics and in its trace.

    Times are of `time.perf_counter`. What PFS took counts the calls that were made for this
    request: one that it shared with another that came before it is the other's, and those of a
    group of writes are in what the commit took.
    """

    request_id: str = field(default_factory=new_request_id)
    begun: float = field(default_factory=time.perf_counter)
    operation: str = NOT_ROUTED
    bucket: str = ""
    key: str = ""
    status: int = 0
    code: str = ""
    who: str = ""
    """Who asked: the name of a key, never a secret; empty where there are no keys."""
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


@dataclass(frozen=True, slots=True)
class Routed:
    """Which operation a request is, and what it says.

    `operation` is S3's name for it, `operation_id` names its handler. `headers` are by lower-case
    name; `parameters` holds what the contract declares, in its types.
    """

    operation: str
    operation_id: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    parameters: dict[str, Any]


@dataclass(slots=True, eq=False)
class RequestContext:
    """One request, as all that serve it see it.

    `identity` is for whom it is served, `access` what they may do, and `chunk_signatures` verifies
    the chunks of a body that is signed in chunks. `query` is what was read of the query for a
    signature in it, or None. `route` is what the document says that it is.
    `body_has_come` says that all of its body is there, and nobody waits for it.
    `client_gone` says that nobody waits for its answer any more, and that it was cancelled for
    that; `body_cut_short` that its client ended its side before the body's end; `body_error` why
    its body cannot be read on.
    """

    record: Record = field(default_factory=Record)
    identity: Identity = ANYBODY
    access: Access = EVERYTHING
    chunk_signatures: ChunkSignatures | None = None
    query: dict[str, str] | None = None
    route: Routed | None = None
    body_has_come: bool = False
    client_gone: bool = False
    body_cut_short: bool = False
    body_error: S3Error | None = None


_current: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def current() -> RequestContext:
    """The request that this task serves."""
    context = _current.get()
    if context is None:
        raise RuntimeError("no request is being served")
    return context


def current_record() -> Record | None:
    """What is told of the request that this task serves; None where it serves no single one."""
    context = _current.get()
    return None if context is None else context.record


def enter(context: RequestContext | None) -> None:
    """Say which request this task serves from now on; None for no single one."""
    _current.set(context)
