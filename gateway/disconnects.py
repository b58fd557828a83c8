"""The end of a request whose client has gone away."""

from __future__ import annotations

import asyncio

from gateway.asgi import App, Receive, Scope, Send
from gateway.http_protocol import CLIENT_GONE


class Disconnects:
    """Ends a request that was cancelled because its client has gone; nobody waits for an answer."""

    def __init__(self, next_app: App) -> None:
        self._next_app = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request."""
        try:
            await self._next_app(scope, receive, send)
        except asyncio.CancelledError:
            if not scope.get(CLIENT_GONE):
                raise
