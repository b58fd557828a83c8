"""The bytes of files, as streams."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator

from embedded_pfs.threads import Threads
from pfs_client.failures import PfsFailure
from pfs_client.interface import ByteStream, FileSpan

READ_BYTES = 256 * 1024


class MemoryStream(ByteStream):
    """A content that is in memory already."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._content:
            yield self._content

    async def aclose(self) -> None:
        """Nothing is held."""


class BlobStream(ByteStream):
    """A blob, read in pieces of `READ_BYTES` on threads, one piece ahead of who takes them."""

    def __init__(self, descriptor: int, offset: int, end: int, threads: Threads) -> None:
        self._descriptor = descriptor
        self._at = offset
        self._end = end
        self._threads = threads
        self._ahead: asyncio.Task[bytes] | None = None

    async def file_spans(self) -> AsyncIterator[FileSpan | bytes]:
        """Where the bytes lie."""
        if self._at < self._end:
            yield FileSpan(self._descriptor, self._at, self._end - self._at)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            self._read_ahead()
            while self._ahead is not None:
                piece = await self._ahead
                self._read_ahead()
                yield piece
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Close the file, once no thread reads from it."""
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.gather(self._ahead, return_exceptions=True)
            self._ahead = None
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            os.close(descriptor)

    def _read_ahead(self) -> None:
        size_bytes = min(READ_BYTES, self._end - self._at)
        if size_bytes <= 0:
            self._ahead = None
            return
        self._ahead = asyncio.create_task(self._threads.run(self._read, self._at, size_bytes))
        self._at += size_bytes

    def _read(self, offset: int, size_bytes: int) -> bytes:
        piece = os.pread(self._descriptor, size_bytes, offset)
        if len(piece) != size_bytes:
            raise PfsFailure("a blob of the embedded PFS is shorter than its file")
        return piece


class JoinedStream(ByteStream):
    """Streams, one after the other, each opened when its turn comes.

    Args:
        streams: Opens them.
        lease: A file descriptor that keeps what they read until the end.
    """

    def __init__(self, streams: AsyncGenerator[ByteStream, None], lease: int) -> None:
        self._streams = streams
        self._lease = lease
        self._current: ByteStream | None = None

    async def file_spans(self) -> AsyncIterator[FileSpan | bytes]:
        """Where the bytes lie; those that are in memory come as they are."""
        async for stream in self._opened():
            async for span in stream.file_spans() or stream:
                yield span

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for stream in self._opened():
            async for piece in stream:
                yield piece

    async def aclose(self) -> None:
        """Close the stream whose turn it is, and have no other opened."""
        await self._streams.aclose()
        await self._close_current()
        if self._lease >= 0:
            lease, self._lease = self._lease, -1
            os.close(lease)

    async def _opened(self) -> AsyncIterator[ByteStream]:
        try:
            async for stream in self._streams:
                self._current = stream
                yield stream
                await self._close_current()
        finally:
            await self.aclose()

    async def _close_current(self) -> None:
        if self._current is not None:
            current, self._current = self._current, None
            await current.aclose()
