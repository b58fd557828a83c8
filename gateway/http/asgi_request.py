"""One request between its connection and the ASGI app that answers it.

A body that its client cut short ends with a disconnect, one that is no HTTP with an error, not as
if they were whole. What is left of a body is never taken for the next request: where an answer
comes before its request's body has been read, the connection ends behind it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gateway.asgi import SEND_FILE, Message, Scope
from gateway.http.answer_framing import CONTINUE, AnswerFraming
from gateway.http.request_head import RequestHead
from gateway.request_context import RequestContext
from pfs_client.interface import FileSpan
from s3_wire.errors import S3Error

if TYPE_CHECKING:
    from gateway.http.protocol import S3Protocol

_HELD_BODY_BYTES = 64 * 1024
"""So much of a body waits for the app before its client has to."""

_ASGI = {"version": "3.0", "spec_version": "2.3"}


class AsgiRequest:
    """A request that is served, or waits for those before it on its connection.

    Args:
        head: What it is.
        connection: Where it came, and where its answer goes.
    """

    def __init__(self, head: RequestHead, connection: S3Protocol) -> None:
        self.context = RequestContext()
        self.answer = AnswerFraming(head.method, keeps_alive=head.keeps_alive)
        self.head = head
        self.task: asyncio.Task[None] | None = None
        self._connection = connection
        self._awaits_continue = head.expects_continue
        self._body = bytearray()
        self.has_body_ended = False
        self._is_body_taken = not head.has_body
        self._news = asyncio.Event()

    def scope(self) -> Scope:
        """The request as ASGI describes it."""
        connection, head = self._connection, self.head
        raw_path, _, query = head.target.partition(b"?")
        path = raw_path.decode("ascii")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": head.version,
            "method": head.method,
            "scheme": connection.scheme,
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": head.headers,
            "client": connection.client,
            "server": connection.server,
            "state": {},
            "extensions": {SEND_FILE: {}} if connection.scheme == "http" else {},
        }

    def take_body(self, data: bytes) -> None:
        """Bytes of the body have come."""
        if self.answer.is_complete:
            return
        self._body += data
        if len(self._body) > _HELD_BODY_BYTES:
            self._connection.transport.pause_reading()
        self._news.set()

    def end_body(self) -> None:
        """All of the body has come. Who asked to be told to go on waits for that all the same."""
        self.context.body_has_come = not self._awaits_continue
        self._end_body()

    def end_input(self, error: S3Error | None = None) -> None:
        """Nothing more can come: its client has ended its side, or what came is no HTTP."""
        self.answer.keeps_alive = False
        if not self.has_body_ended:
            self.context.body_cut_short = error is None
            self.context.body_error = error
            self._end_body()

    def _end_body(self) -> None:
        """Nothing more of the body will come."""
        self.has_body_ended = True
        self._news.set()

    def lose_client(self) -> None:
        """Nobody waits for the answer any more: end serving it."""
        self.context.client_gone = True
        if self.task is not None:
            self.task.cancel()

    async def receive(self) -> Message:
        """ASGI's `receive`: what has come of the body, once something has.

        Raises:
            S3Error: What came of the body was no HTTP; why is in the error.
        """
        context = self.context
        if self._awaits_continue:
            self._awaits_continue = False
            self._connection.out.write(CONTINUE)
        if not (context.client_gone or self.answer.is_complete):
            self._connection.transport.resume_reading()
            await self._news.wait()
            self._news.clear()
        if context.body_error is not None:
            raise context.body_error
        if context.client_gone or self.answer.is_complete:
            return {"type": "http.disconnect"}
        if self.has_body_ended and context.body_cut_short:
            return {"type": "http.disconnect"}
        self._is_body_taken = self.has_body_ended
        data, self._body = bytes(self._body), bytearray()
        return {"type": "http.request", "body": data, "more_body": not self.has_body_ended}

    async def send(self, message: Message) -> None:
        """ASGI's `send`: a part of the answer."""
        out, answer = self._connection.out, self.answer
        if not out.may_write.is_set():
            await out.may_write.wait()
        if self.context.client_gone:
            return
        kind = message["type"]
        if kind == "http.response.start":
            self._awaits_continue = False
            if not self._is_body_taken:
                answer.keeps_alive = False
            headers = [*self._connection.default_headers, *message["headers"]]
            out.hold(answer.head(message["status"], headers))
        elif kind == SEND_FILE:
            answer.skip(message["count"])
            await out.send_file(FileSpan(message["file"], message["offset"], message["count"]))
        else:
            is_last = not message.get("more_body", False)
            data = answer.body(message.get("body", b""), more=not is_last)
            out.write(data)
            if is_last:
                # Others are sent together at the end of a turn: if clients are woken one by one,
                # all requests take a sixth longer.
                if self._connection.served.lifecycle.serves_one():
                    out.flush()
                self._news.set()
                self._connection.answered(self)
