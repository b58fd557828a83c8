"""Names for ASGI's types."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""A layer that only looks at a request returns what the next one does, and awaits nothing.

So it is no coroutine that the event loop goes through whenever the request goes on.
"""

SEND_FILE = "http.response.zerocopysend"
"""ASGI's extension for a part of a file as a part of an answer's body, sent by the system itself.

https://asgi.readthedocs.io/en/latest/extensions.html#zero-copy-send .
"""
