"""Requests that name their bucket in the Host, turned into those that name it in the path."""

from __future__ import annotations

from collections.abc import Awaitable

from gateway.asgi import App, Receive, Scope, Send
from gateway.hosts import path_style
from gateway.settings import Settings


class VirtualHosts:
    """Gives everything behind it path-style requests."""

    def __init__(self, next_app: App, settings: Settings) -> None:
        self._next_app = next_app
        self._domains = settings.domain

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Look at the Host, if there are domains at all."""
        if self._domains and scope["type"] == "http":
            host = next((value for name, value in scope["headers"] if name == b"host"), b"")
            scope["raw_path"] = path_style(host, scope["raw_path"], self._domains)
        return self._next_app(scope, receive, send)
