"""Request bodies at the edge: ends that are none, and answers before the body is read."""

from __future__ import annotations

from gateway.asgi import App, Message, Receive, Scope, Send
from gateway.http.http_protocol import BODY_BROKEN, BODY_CUT_SHORT

_LENGTHS = (b"content-length", b"transfer-encoding")


class UnreadBodies:
    """Sees to it that what is left of a body is never taken for the next request.

    Where an answer comes before its request's body has been read, the connection is closed behind
    it. And a body that its client cut short ends with a disconnect, one that is no HTTP with an
    error, not as if they were whole.
    """

    def __init__(self, next_app: App) -> None:
        self._next_app = next_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch the body of a request that has one."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._next_app(scope, receive, send)
            return
        is_read = False

        async def watched_receive() -> Message:
            nonlocal is_read
            message = await receive()
            is_read = not message.get("more_body", False)
            if BODY_BROKEN in scope:
                raise scope[BODY_BROKEN]
            if is_read and scope.get(BODY_CUT_SHORT):
                return {"type": "http.disconnect"}
            return message

        async def closing_send(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_read:
                message["headers"] = [*message["headers"], (b"connection", b"close")]
            await send(message)

        await self._next_app(scope, watched_receive, closing_send)


def _has_body(scope: Scope) -> bool:
    return any(name in _LENGTHS and value != b"0" for name, value in scope["headers"])
