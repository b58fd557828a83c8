"""Keeps web pages of other origins out.

Where there are no access keys, a browser on a machine that reaches the gateway would do for any
page what that page's author wants. Browsers say where a request comes from, and other clients say
nothing: https://www.w3.org/TR/fetch-metadata/ and https://www.rfc-editor.org/rfc/rfc6454#section-7.
Where only this machine reaches the gateway, a name that is not this machine's is refused as well,
and elsewhere one that is none of the gateway's, where it has been told which those are: its owner
has made it point here, so that the browser takes the owner's page for one of ours (DNS rebinding).

No answer ever allows another origin to read it, and what a browser shows of an object cannot act in
the gateway's name: objects are no pages of ours.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from functools import lru_cache

from gateway import request_context
from gateway.asgi import App, Message, Receive, Scope, Send
from gateway.hosts import is_address, is_loopback, is_within, name_of
from gateway.identity import ANYBODY
from gateway.reserved_paths import is_reserved
from gateway.settings import ANY, Settings
from s3_wire.errors import AccessDenied

_LOOKED_AT = (b"host", b"origin", b"referer", b"sec-fetch-site", b"accept")
_OURS = ("same-origin", "none")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SANDBOX = (
    (b"content-security-policy", b"sandbox"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class BrowserGuard:
    """Refuses what a page of another origin sends, and confines what a browser shows."""

    def __init__(self, next_app: App, settings: Settings) -> None:
        self._next_app = next_app
        self._origins = frozenset(settings.allowed_origin)
        self._hosts = frozenset(settings.allowed_host)
        self._domains = ("localhost", *settings.domain)
        knows_its_names = is_loopback(settings.host) or bool(self._hosts)
        self._checks_host = knows_its_names and ANY not in self._hosts
        self._is_known_host = lru_cache(maxsize=1024)(self._knows)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Look at where a request comes from.

        Raises:
            AccessDenied: From a page of another origin, or to a name that is not the gateway's.
        """
        if scope["type"] != "http":
            return self._next_app(scope, receive, send)
        headers = {
            name: value.decode("latin-1") for name, value in scope["headers"] if name in _LOOKED_AT
        }
        host = headers.get(b"host", "")
        if self._checks_host and not self._is_known_host(host):
            name = name_of(host)
            raise AccessDenied(
                f"This gateway does not know itself as {name}."
                f" If that is its name, start it with --allowed-host {name.lower()}."
            )
        if is_reserved(scope["raw_path"]):
            return self._next_app(scope, receive, send)
        if request_context.current().identity == ANYBODY:  # no page can sign in somebody's name
            self._check_origin(headers, host)
        return self._next_app(scope, receive, _confining(send) if _is_shown(headers) else send)

    def _knows(self, host: str) -> bool:
        name = name_of(host)
        if not name:  # a browser always names one; who names none (as in HTTP/1.0) is none
            return True
        return is_address(name) or is_within(name, self._domains) or name.lower() in self._hosts

    def _check_origin(self, headers: Mapping[bytes, str], host: str) -> None:
        site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
        if site is None and (origin is None or _is_same(origin, host)):
            return
        if site in _OURS or ANY in self._origins:
            return
        # Without an Origin the Referer may tell, which a page can withhold but not forge.
        origin = origin or "/".join(headers.get(b"referer", "").split("/")[:3])
        if origin.lower() not in self._origins:
            who = origin if "://" in origin else "another origin"
            setting = origin.lower() if "://" in origin else "ORIGIN"
            raise AccessDenied(
                f"A web page of {who} may not use this gateway, which anybody may who reaches it."
                f" If it shall, start the gateway with --allowed-origin {setting}."
            )


def _is_same(origin: str, host: str) -> bool:
    """Whether an origin is at a host. Only the Host may name a port that goes without saying."""
    scheme, _, authority = origin.lower().partition("://")
    host = host.lower()
    return bool(authority) and authority in (
        host,
        host.removesuffix(_DEFAULT_PORTS.get(scheme, "")),
    )


def _is_shown(headers: Mapping[bytes, str]) -> bool:
    """Whether a browser is going to show the answer."""
    return b"sec-fetch-site" in headers or "text/html" in headers.get(b"accept", "")


def _confining(send: Send) -> Send:
    async def confined(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *_SANDBOX]
        await send(message)

    return confined
