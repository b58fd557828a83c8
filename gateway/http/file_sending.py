"""Files that the system sends to a socket by itself.

A large object of the embedded PFS goes from the page cache to the network without passing through
this process: half of what it costs otherwise. Reading from the disk happens on a thread; the socket
never blocks one.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from pfs_client.interface import FileSpan

SEND_FILE = "s3gateway.send_file"
"""In a request's scope, where its connection can: a `SendFile`."""

SendFile: TypeAlias = Callable[[FileSpan], Awaitable[bool]]
"""Sends a span of a file as the answer's body, and says False where that cannot be now."""

_BYTES_A_CALL = 8 * 1024 * 1024


async def send_file(
    socket_descriptor: int, span: FileSpan, idle_seconds: float, min_bytes_per_second: int = 0
) -> None:
    """Send a span of a file to a socket that does not block.

    Args:
        socket_descriptor: One that nobody else closes.
        span: What to send.
        idle_seconds: How long the other side may take nothing.
        min_bytes_per_second: How much it must take in that time.

    Raises:
        ConnectionError: The other side has gone, or took nothing for too long.
    """
    at, end = span.offset, span.offset + span.size_bytes
    while at < end:
        sent = await _on_thread(socket_descriptor, span.descriptor, at, end - at)
        if sent is None:
            await _until_writable(
                socket_descriptor, idle_seconds, idle_seconds * min_bytes_per_second
            )
        elif not sent:
            raise ConnectionError("a file is shorter than its size")
        else:
            at += sent


async def _on_thread(to: int, source: int, offset: int, size_bytes: int) -> int | None:
    """Send once; None where the socket takes nothing now.

    If the request is cancelled, the thread is waited for: it uses what would be closed.
    """
    call = asyncio.get_running_loop().run_in_executor(
        None, _send_once, to, source, offset, min(size_bytes, _BYTES_A_CALL)
    )
    try:
        return await asyncio.shield(call)
    except asyncio.CancelledError:
        await asyncio.wait([call])
        call.exception()  # who has gone is told nothing more
        raise


def _send_once(to: int, source: int, offset: int, size_bytes: int) -> int | None:
    try:
        return os.sendfile(to, source, offset, size_bytes)
    except BlockingIOError:
        return None


def unsent_bytes(descriptor: int) -> int:
    """How much of what was written to a socket the other side has not got."""
    count: int = struct.unpack("i", fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4)))[0]
    return count


async def _until_writable(descriptor: int, idle_seconds: float, least_bytes: float) -> None:
    """Wait, for as long as the other side takes more than so much in this time."""
    loop = asyncio.get_running_loop()
    writable: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not writable.done():
            writable.set_result(None)

    loop.add_writer(descriptor, wake)
    try:
        while not writable.done():
            before_bytes = unsent_bytes(descriptor)
            await asyncio.wait([writable], timeout=idle_seconds)
            if not writable.done() and before_bytes - unsent_bytes(descriptor) <= least_bytes:
                raise ConnectionError("the client reads nothing")
    finally:
        loop.remove_writer(descriptor)
