"""The bytes of a file, as pachd streams them.

From an offset, with no length, in messages of up to 19 MiB.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from pfs_client.failures import PfsTimeout
from pfs_client.interface import ByteStream
from pfs_client.pachd.documented import as_documented
from pfs_client.pachd.endings import raise_unless_cancelled
from pfs_client.pachd.error_texts import failure_of
from pfs_client.pachd.messages import CHUNK_BYTES

_abandoned: set[asyncio.Future[Any]] = set()
"""Reads that nobody waits for. The event loop itself would not keep them."""


class FileStream(ByteStream):
    """A GetFile under way. It is cancelled where it should end, and never read on.

    A large message leaves in smaller pieces, so that the next is asked for only once it has left: a
    server takes one piece more than its client does.

    Args:
        call: The gRPC call.
        size_bytes: Where to stop; None for the end.
        idle_seconds: How long it may bring nothing.
    """

    def __init__(self, call: Any, size_bytes: int | None, idle_seconds: float) -> None:
        self._call = call
        self._left = size_bytes
        self._idle_seconds = idle_seconds
        self._first: bytes | None = None

    async def open(self, deadline_seconds: float) -> None:
        """Await the first bytes, so that a failure is known before anything is answered.

        Raises:
            grpc.RpcError: pachd refused, or is away.
            PfsTimeout: Nothing came in time.
        """
        try:
            self._first = await self._next(deadline_seconds)
        except BaseException:
            self._call.cancel()
            raise

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            piece = self._first
            self._first = None
            while piece is not None:
                if self._left is not None:
                    piece = piece[: self._left]
                    self._left -= len(piece)
                for at in range(0, len(piece), CHUNK_BYTES):
                    yield piece[at : at + CHUNK_BYTES]
                if self._left == 0:
                    return
                piece = await self._next(self._idle_seconds)
        except grpc.RpcError as error:
            raise as_documented("GetFile", failure_of(error)) from error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancel the call; pachd stops sending."""
        self._call.cancel()

    async def _next(self, seconds: float) -> bytes | None:
        """The next message's bytes; None at the end.

        Who is cancelled meanwhile cancels the call, not the read: one that gRPC has begun must end,
        or what it reads is never freed (https://github.com/grpc/grpc/issues/43360).
        """
        reading = asyncio.ensure_future(self._call.read())
        try:
            async with asyncio.timeout(seconds):
                message = await asyncio.shield(reading)
        except TimeoutError:
            self._abandon(reading)
            raise PfsTimeout("pachd sent nothing in time") from None
        except asyncio.CancelledError:
            self._abandon(reading)
            raise_unless_cancelled()
            raise
        return None if message is grpc.aio.EOF else message.value

    def _abandon(self, reading: asyncio.Future[Any]) -> None:
        self._call.cancel()
        _abandoned.add(reading)
        reading.add_done_callback(_forget)


def _forget(reading: asyncio.Future[Any]) -> None:
    _abandoned.discard(reading)
    if not reading.cancelled():
        reading.exception()  # there is nobody to be told
