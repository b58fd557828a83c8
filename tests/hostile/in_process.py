"""A gateway on the test's own event loop, where everything can be counted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from gateway.app import create_app
from gateway.settings import Settings


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class InProcess:
    """A gateway that serves."""

    address: tuple[str, int]
    server: uvicorn.Server

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self.server.server_state.connections)

    async def request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """One request on a connection of its own; gives the whole answer."""
        sent = {"Host": "localhost", "Connection": "close", **(headers or {})}
        if body is not None:
            sent["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        head = f"{method} {target} HTTP/1.1\r\n{lines}\r\n"
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(head.encode() + (body or b""))
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    async def until(self, condition: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait for a condition.

        Raises:
            TimeoutError: It does not come true.
        """
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def serving(
    pfs: Path | str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    send_buffer_bytes: int | None = None,
    **settings: Any,
) -> AsyncIterator[InProcess]:
    """Run a gateway.

    Args:
        pfs: The directory of its embedded PFS, or the address of another.
        monkeypatch: Hands it its settings.
        send_buffer_bytes: How much the operating system holds of what it sends.
        **settings: Of the gateway.
    """
    name = f"embedded:{pfs}" if isinstance(pfs, Path) else pfs
    given = Settings(**{"pfs": name, "synchronous": "off", **settings})
    listener = socket.create_server(("127.0.0.1", 0))
    if send_buffer_bytes is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer_bytes)
    config = uvicorn.Config(
        create_app(given),
        http="gateway.http.protocol:S3Protocol",
        lifespan="on",
        log_config=None,
        proxy_headers=False,
        date_header=False,
        timeout_keep_alive=given.keep_alive_seconds,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    gateway = InProcess(listener.getsockname(), server)
    await gateway.until(lambda: server.started)
    try:
        yield gateway
    finally:
        server.should_exit = True
        await task
