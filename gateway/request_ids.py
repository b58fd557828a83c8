"""Every request has an id, which is in its answer and in the log."""

from __future__ import annotations

from random import getrandbits


def new_request_id() -> str:
    """16 characters, like AWS's. It names a request, and keeps no secret."""
    return f"{getrandbits(64):016X}"
