"""What a request's head must be, beyond what the parser looks at.

Whatever two parties can read in two ways is refused, never guessed at
(`docs/negative-cases.md`, row 22): a body has one length, a request one host, and a target is what
is in front of a fragment, not a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from s3_wire.errors import InvalidRequest, InvalidURI, NotImplemented, RequestHeaderSectionTooLarge

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

_ABSOLUTE_FORM = re.compile(rb"https?://([^/?#]+)(.*)", re.IGNORECASE | re.DOTALL)
# https://www.rfc-editor.org/rfc/rfc9110#section-7.2: a name or address, and perhaps a port.
_HOST = re.compile(rb"([A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
MAX_TARGET_BYTES = 65_535
_SEPARATORS_BYTES = len(": \r\n")
FRAMING_HEADERS = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request's line and headers: names in lower case, values without white space around them."""

    method: str
    target: bytes
    version: str
    headers: list[tuple[bytes, bytes]]
    keeps_alive: bool

    @property
    def has_body(self) -> bool:
        """Whether bytes of a body may follow."""
        return bool([v for name, v in self.headers if name in FRAMING_HEADERS and v != b"0"])

    @property
    def expects_continue(self) -> bool:
        """Whether its client waits to be asked for the body; HTTP/1.0 has no way to ask."""
        expected = [value.lower() for name, value in self.headers if name == b"expect"]
        return b"100-continue" in expected and self.version != "1.0"


def origin_form(target: bytes) -> tuple[bytes, bytes | None]:
    """A request target as path and query, and the host that it names, if it names one."""
    absolute = _ABSOLUTE_FORM.fullmatch(target)
    if absolute is None:
        return target, None
    authority, rest = absolute.groups()
    return rest if rest.startswith(b"/") else b"/" + rest, authority.rpartition(b"@")[2]


def check_head(version: str, target: bytes, headers: Headers, max_bytes: int) -> None:
    """See that there is one way to read a head.

    Raises:
        RequestHeaderSectionTooLarge: It is larger than `max_bytes`.
        InvalidRequest: Its version is none of ours, it has two lengths, or not one valid Host.
        InvalidURI: Its target is no path, or holds a fragment.
        NotImplemented: Its body has another transfer coding than chunked.
    """
    _check_size(target, headers, max_bytes)
    if len(target) > MAX_TARGET_BYTES:
        raise InvalidRequest("The request is not valid HTTP/1.1.")
    if version not in ("1.0", "1.1"):
        raise InvalidRequest(f"HTTP/{version} is not spoken here; say HTTP/1.1.")
    if not target.startswith(b"/") and target != b"*":
        raise InvalidURI("The request target is not a path.")
    if b"#" in target:
        raise InvalidURI("A # in a key is sent as %23.")
    _check_length(version, headers)
    _check_host(version, [value for name, value in headers if name == b"host"])


def _check_size(target: bytes, headers: Headers, max_bytes: int) -> None:
    size_bytes = len(target)
    for name, value in headers:
        size_bytes += len(name) + len(value) + _SEPARATORS_BYTES
    if size_bytes > max_bytes:
        raise RequestHeaderSectionTooLarge(MaxSizeAllowed=str(max_bytes))


def _check_length(version: str, headers: Headers) -> None:
    codings = [value for name, value in headers if name == b"transfer-encoding"]
    if not codings:
        return
    if any(name == b"content-length" for name, _ in headers):
        raise InvalidRequest("Both Content-Length and Transfer-Encoding were sent.")
    if version == "1.0":
        raise InvalidRequest("HTTP/1.0 knows no Transfer-Encoding.")
    if [value.lower() for value in codings] != [b"chunked"]:
        raise NotImplemented("Only the transfer coding chunked is implemented.")


def _check_host(version: str, hosts: list[bytes]) -> None:
    if not hosts and version == "1.1":
        raise InvalidRequest("HTTP/1.1 demands a Host.")
    if len(hosts) > 1:
        raise InvalidRequest("More than one Host was sent.")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise InvalidRequest("The Host is none.")
