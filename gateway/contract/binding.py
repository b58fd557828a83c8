"""From a routed request to its handler, and from the handler's answer to the socket.

The end of connexion's stack, in the place of its own app, whose decorators read bodies before a
handler can refuse them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from connexion.middleware.abstract import RoutedAPI, RoutedMiddleware

from gateway import request_context
from gateway.asgi import SEND_FILE, Receive, Scope, Send
from gateway.errors import late_error
from gateway.identity import ServicesOf
from gateway.request_context import Routed
from handlers.access import Access, check_changeable
from handlers.exchange import LateDocument, S3Request, S3Response, Services
from handlers.request_body import verify_unread_body
from pfs_client.failures import NotLoggedIn
from pfs_client.interface import ByteStream, FileSpan
from pfs_client.limits.memory_budget import Share
from s3_wire import xml
from s3_wire.addresses import COPY_SOURCE, copy_source
from s3_wire.signature_errors import InvalidAccessKeyId

_NO_BODY = (204, 304)
SPACE_SECONDS = 5.0
"""How long a client waits for the next byte of an answer whose document is late."""

PIECE_BYTES = 128 * 1024
"""How much of an answer that is in memory may be handed to its connection at once."""


class S3Handlers(RoutedMiddleware):  # type: ignore[misc]
    """Calls the function that the operation's `operationId` names."""

    def __init__(self, services_of: ServicesOf) -> None:
        super().__init__(None)
        self.api_cls = self._api_class(services_of)

    @staticmethod
    def _api_class(services_of: ServicesOf) -> type[RoutedAPI]:
        class S3HandlersAPI(RoutedAPI):  # type: ignore[misc]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.add_paths()

            def make_operation(self, operation: Any) -> Any:
                takes_body = operation.is_request_body_defined
                return _Bound(operation.function, services_of, takes_body=takes_body)

        return S3HandlersAPI


class _Bound:
    """One operation's function as an ASGI app."""

    def __init__(
        self,
        handler: Callable[[S3Request], Awaitable[S3Response]],
        services_of: ServicesOf,
        *,
        takes_body: bool,
    ) -> None:
        self._handler = handler
        self._services_of = services_of
        self._takes_body = takes_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = request_context.current()
        routed = context.route
        if routed is None:
            raise RuntimeError("a request is bound before it is routed")
        services = self._services_of(context.identity)
        _check_access(context.access, scope["method"], routed, services)
        if services.histories is not None:
            check_changeable(scope["method"], routed.bucket, services.named)
        memory = Share(services.memory)
        request = S3Request(
            routed.bucket,
            routed.key,
            routed.query,
            routed.headers,
            routed.parameters,
            receive,
            services,
            memory,
            context.access,
            context.chunk_signatures,
            scope["scheme"],
            scope["path"],
            context.body_has_come,
        )
        try:
            if not self._takes_body:
                await verify_unread_body(request)
            response = await self._handler(request)
            response.headers["x-amz-request-id"] = context.record.request_id
            await _send(response, scope, send)
        except NotLoggedIn:
            if not context.identity.token:
                raise
            raise InvalidAccessKeyId(AWSAccessKeyId=context.identity.name) from None
        finally:
            memory.shrink_to(0)


def _check_access(access: Access, method: str, routed: Routed, services: Services) -> None:
    """See that the bucket, and the one that a copy comes from, may be used by whoever asks."""
    access.check(method, routed.bucket, services.named)
    if (source := routed.headers.get(COPY_SOURCE)) is not None:
        access.check_source(services.named(copy_source(source).bucket).branch)


async def _send(response: S3Response, scope: Scope, send: Send) -> None:
    body = response.body
    if isinstance(body, LateDocument):
        await _send_late(response, body, scope, send)
        return
    if not isinstance(body, bytes):
        await _send_stream(response, body, send, scope)
        return
    if response.status not in _NO_BODY:
        response.headers.setdefault("Content-Length", str(len(body)))
    await _send_start(response, send)
    if scope["method"] == "HEAD":
        body = b""
    # In pieces, so that what is held of a budget is given back only once little is unsent.
    for at in range(0, len(body) - PIECE_BYTES, PIECE_BYTES):
        piece = body[at : at + PIECE_BYTES]
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send(
        {"type": "http.response.body", "body": body[-(len(body) % PIECE_BYTES or PIECE_BYTES) :]}
    )


async def _send_start(response: S3Response, send: Send) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})


async def _send_late(response: S3Response, late: LateDocument, scope: Scope, send: Send) -> None:
    """Send white space until a document is there, or say what has gone wrong with it.

    Nothing may stand before a document's declaration, and white space may behind it.
    """
    declaration = xml.DECLARATION.encode()
    await _send_start(response, send)
    await send({"type": "http.response.body", "body": declaration, "more_body": True})
    while not late.work.done():
        await asyncio.wait((late.work,), timeout=SPACE_SECONDS)
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
    try:
        document = late.work.result()
    except Exception as error:
        document = late_error(error, scope)
    body = document.removeprefix(declaration)
    await send({"type": "http.response.body", "body": body})


async def _send_stream(response: S3Response, body: ByteStream, send: Send, scope: Scope) -> None:
    """Send bytes while they come. A failure now can only cut the connection."""
    async with body:
        await _send_start(response, send)
        spans = body.file_spans() if SEND_FILE in scope["extensions"] else None
        async for piece in body if spans is None else spans:
            await send(_message_of(piece))
    await send({"type": "http.response.body", "body": b""})


def _message_of(piece: bytes | FileSpan) -> dict[str, object]:
    if isinstance(piece, bytes):
        return {"type": "http.response.body", "body": piece, "more_body": True}
    file = {"file": piece.descriptor, "offset": piece.offset, "count": piece.size_bytes}
    return {"type": SEND_FILE, "more_body": True, **file}
