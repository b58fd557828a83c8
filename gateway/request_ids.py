"""Every request has an id, which is in its answer and in the log."""

from __future__ import annotations

from random import getrandbits

from gateway.asgi import Scope

_KEY = "s3gateway.request_id"


def new_request_id() -> str:
    """16 characters, like AWS's. It names a request, and keeps no secret."""
    return f"{getrandbits(64):016X}"


def request_id_of(scope: Scope) -> str:
    """The request's id; it gets one when first asked for."""
    request_id: str | None = scope.get(_KEY)
    if request_id is None:
        request_id = scope[_KEY] = new_request_id()
    return request_id
