"""Refuses more requests than one process can serve at a time."""

from __future__ import annotations

from gateway.asgi import App, Receive, Scope, Send
from s3_wire.errors import SlowDown


class Overload:
    """Answers SlowDown to what is too much, so that what is under way ends.

    Args:
        next_app: What serves.
        max_requests: How many requests it may serve at a time.
    """

    def __init__(self, next_app: App, max_requests: int) -> None:
        self._next_app = next_app
        self._max_requests = max_requests
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request if there is room for it.

        Raises:
            SlowDown: There is none; the client may try again in a second.
        """
        if scope["type"] == "http" and self._requests >= self._max_requests:
            raise SlowDown(retry_after_seconds=1)
        self._requests += 1
        try:
            await self._next_app(scope, receive, send)
        finally:
            self._requests -= 1
