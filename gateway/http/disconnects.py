"""The end of a request that is cancelled: its client has gone away, or the gateway ends."""

from __future__ import annotations

import asyncio

from gateway.asgi import App, Receive, Scope, Send
from gateway.errors import send_error
from gateway.http.http_protocol import CLIENT_GONE
from gateway.observing.observation import CUT_SHORT
from gateway.observing.records import record_of
from s3_wire.errors import ServiceUnavailable


class Disconnects:
    """Ends a request that was cancelled.

    If its client has gone, nobody waits for an answer. Otherwise the gateway ends and has waited as
    long as it may: the client is told, or finds its answer cut short.
    """

    def __init__(self, next_app: App) -> None:
        self._next_app = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request."""
        try:
            await self._next_app(scope, receive, send)
        except asyncio.CancelledError:
            record = record_of(scope)
            if record is None:
                raise
            if scope.get(CLIENT_GONE):
                return
            if record.status:
                record.code = CUT_SHORT
                return
            error = ServiceUnavailable("The gateway is ending.", retry_after_seconds=1)
            await send_error(error, scope, record, send, ends_connection=True)
