"""Names below localhost, which most systems resolve and some do not."""

from __future__ import annotations

import socket
from typing import Any

import pytest


def resolve_localhost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this process take every name below localhost for this machine."""
    resolve = socket.getaddrinfo

    def resolved(host: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(host, str) and host.endswith(".localhost"):
            host = "127.0.0.1"
        return resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
