"""The bytes of a file, as pachd streams them.

From an offset, with no length, in messages of up to 19 MiB.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc

from pfs_client.errors import pfs_error_of
from pfs_client.failures import PfsTimeout
from pfs_client.grpc_channel import raise_unless_cancelled
from pfs_client.interface import ByteStream
from pfs_client.messages import CHUNK_BYTES


class GrpcStream(ByteStream):
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
            grpc.RpcError, PfsTimeout: The call failed.
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
            raise pfs_error_of(error) from error
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Cancel the call; pachd stops sending."""
        self._call.cancel()

    async def _next(self, seconds: float) -> bytes | None:
        """The next message's bytes; None at the end."""
        try:
            async with asyncio.timeout(seconds):
                message = await self._call.read()
        except TimeoutError:
            raise PfsTimeout("pachd sent nothing in time") from None
        except asyncio.CancelledError:
            raise_unless_cancelled()
            raise
        return None if message is grpc.aio.EOF else message.value
