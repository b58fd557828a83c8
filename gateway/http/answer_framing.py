"""From an answer's status, headers and bytes to those of a connection. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import TypeAlias

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CLOSE = (b"connection", b"close")
_CHUNKED = (b"transfer-encoding", b"chunked")
_WITHOUT_BODY = (204, 304)
# A line break in a value would begin another header (`docs/negative-cases.md`, row 22).
_NO_HEADER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_STATUS_LINES = {
    status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode())
    for status in HTTPStatus
}


class AnswerFraming:
    """One answer.

    `keeps_alive` says whether the connection may go on behind it.
    """

    def __init__(self, method: str, *, keeps_alive: bool) -> None:
        self.keeps_alive = keeps_alive
        self.has_begun = False
        self.is_complete = False
        self._is_to_head = method == "HEAD"
        self._is_chunked = False
        self._left_bytes = 0

    def head(self, status: int, headers: Headers) -> bytes:
        """The answer's first bytes.

        Raises:
            RuntimeError: A header holds the end of a line, and so would be more than one.
        """
        self.has_begun = True
        all_headers = list(headers)
        lengths = [int(value) for name, value in all_headers if name == b"content-length"]
        if _CLOSE in all_headers:
            self.keeps_alive = False
        elif not self.keeps_alive:
            all_headers.append(_CLOSE)
        if not (lengths or self._is_to_head or status in _WITHOUT_BODY):
            self._is_chunked = True
            all_headers.append(_CHUNKED)
        self._left_bytes = 0 if self._is_to_head else sum(lengths)
        lines = [b"%s: %s" % header for header in all_headers]
        if _NO_HEADER.search(b"\t".join(lines)):  # a tab is the one control character that may be
            raise RuntimeError("a header of an answer holds what none may")
        return _STATUS_LINES[status] + b"\r\n".join(lines) + b"\r\n\r\n"

    def body(self, data: bytes, *, more: bool) -> bytes:
        """Bytes of the body as they are sent, its end included.

        Raises:
            RuntimeError: They are more, or at the end fewer, than was announced.
        """
        if self._is_chunked:
            framed = b"%x\r\n%s\r\n" % (len(data), data) if data else b""
            framed += b"" if more else b"0\r\n\r\n"
        else:
            framed = b"" if self._is_to_head else data
            self.skip(len(framed))
        if not more:
            if self._left_bytes:
                raise RuntimeError("an answer is shorter than its Content-Length")
            self.is_complete = True
        return framed

    def skip(self, size_bytes: int) -> None:
        """Count bytes of the body that somebody else sends.

        Raises:
            RuntimeError: They are more than was announced.
        """
        self._left_bytes -= size_bytes
        if self._left_bytes < 0:
            raise RuntimeError("an answer is longer than its Content-Length")


def date_header(now: float) -> tuple[bytes, bytes]:
    """The time of an answer."""
    return b"date", _date(int(now))


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()
