"""From a connection's bytes to its requests, within limits. No I/O.

- A request's head has a size and a time to arrive in, and so has what stands around a body's bytes
  (`docs/negative-cases.md`, rows 8 and 22).
- What is no HTTP, or can be read in two ways, is refused; what came before it stays valid.
- A wish to speak another protocol is ignored, as HTTP allows.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

import httptools

from gateway.http.request_head import FRAMING_HEADERS, RequestHead, check_head, origin_form
from s3_wire.errors import InvalidRequest, NotImplemented, RequestHeaderSectionTooLarge, S3Error


class BodyEnded(Enum):
    """The event that ends a request."""

    BODY_ENDED = 1


BODY_ENDED = BodyEnded.BODY_ENDED

Event: TypeAlias = RequestHead | bytes | BodyEnded | S3Error
"""A request's head, bytes of its body, its end; or at last why nothing more can be read."""


class RequestParser:
    """One connection's requests, one after the other.

    Args:
        max_head_bytes: How large a head may be, and whatever is neither head nor body.
        head_seconds: How long a head may take from its first byte.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self, max_head_bytes: int, head_seconds: float, clock: Callable[[], float]
    ) -> None:
        self._max_head_bytes = max_head_bytes
        self._head_seconds = head_seconds
        self._clock = clock
        self._parser = self._new_parser()
        self._events: list[Event] = []
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._unseen_bytes = 0
        self._in_head = True
        self._has_begun = False
        self.refusal: S3Error | None = None
        """Why nothing more can be read, once nothing can."""
        self.head_due: float | None = None
        """When the head that has begun must be there; None while none has."""

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they come, and say what they bring. After a refusal they bring nothing."""
        if self.refusal is not None:
            return []
        events: list[Event] = []
        self._events = events
        self._unseen_bytes += len(data)
        self._parse(data)
        if self.refusal is None and self._unseen_bytes > self._max_head_bytes:
            self.refusal = RequestHeaderSectionTooLarge(MaxSizeAllowed=str(self._max_head_bytes))
        if self.refusal is not None:
            self.head_due = None
            events.append(self.refusal)
        elif self.head_due is None and self._in_head and (self._has_begun or self._unseen_bytes):
            self.head_due = self._clock() + self._head_seconds
        return events

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._go_on_without_upgrade()
            self._parse(data[upgrade.args[0] :])
        except httptools.HttpParserInvalidMethodError:
            self.refusal = self.refusal or NotImplemented()
        except httptools.HttpParserError:
            self.refusal = self.refusal or InvalidRequest("The request is not valid HTTP/1.1.")

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # A client that has announced its end may send more; its answer must still reach it.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def on_message_begin(self) -> None:
        """Called by httptools: a head begins."""
        self._has_begun = True
        self._target = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        """Called by httptools: a part of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by httptools: a header, or a trailer, for which S3 has no use."""
        if self._in_head:
            self._headers.append((name.lower(), value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        """Called by httptools: the head is there. See that there is one way to read it."""
        version = self._parser.get_http_version()
        target, host = origin_form(self._target)
        if host is not None:
            self._headers = [(b"host", host), *(h for h in self._headers if h[0] != b"host")]
        try:
            check_head(version, target, self._headers, self._max_head_bytes)
            target.decode("ascii")
        except S3Error as error:
            self.refusal = error
            raise
        self._in_head = self._has_begun = False
        self._unseen_bytes = 0
        self.head_due = None
        method = self._parser.get_method().decode("ascii")
        keeps_alive = version != "1.0" and self._parser.should_keep_alive()
        self._events.append(RequestHead(method, target, version, self._headers, keeps_alive))

    def on_body(self, body: bytes) -> None:
        """Called by httptools: bytes of a body, without their framing."""
        self._unseen_bytes = 0
        self._events.append(body)

    def on_message_complete(self) -> None:
        """Called by httptools: a request has ended, unless the wish to upgrade seemed to end it."""
        if not self._parser.should_upgrade():
            self._unseen_bytes = 0
            self._in_head = True
            self._events.append(BODY_ENDED)

    def _go_on_without_upgrade(self) -> None:
        """Read on as if no other protocol had been asked for.

        httptools takes the request as ended with its head. Another parser is shown that head again,
        without the wish, and then the body.
        """
        lines = [b"%s: %s\r\n" % one for one in self._headers if one[0] in FRAMING_HEADERS]
        known = len(self._events)
        self._in_head = True
        self._parser = self._new_parser()
        self._parser.feed_data(b"POST / HTTP/1.1\r\nhost:\r\n" + b"".join(lines) + b"\r\n")
        del self._events[known]
