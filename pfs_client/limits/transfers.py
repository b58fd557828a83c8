"""Large transfers, only as many at a time as there is memory for.

What one takes was measured (`docs/cluster.md`, "How large"): pachd sends messages of 19 MiB, of
which one is on its way while another is being sent on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pfs_client.interface import ByteStream, FileSpan, PfsClient
from pfs_client.limits.memory_budget import WAIT_SECONDS, MemoryBudget
from pfs_client.values import File

DOWNLOAD_BYTES = 30 * 1024 * 1024
DIRECT_DOWNLOAD_BYTES = 1024 * 1024
"""What one from a PFS at hand needs: a piece that is sent, and the next that is read."""

UPLOAD_BYTES = 6 * 1024 * 1024
MEMORY_BYTES = 1024**3


class Transfers:
    """Transfers between this process and a PFS.

    Args:
        pfs: Where files are.
        memory_bytes: What they may need together.
        download_bytes: What one download needs at most.
        wait_seconds: How long one may wait for its turn.
    """

    def __init__(
        self,
        pfs: PfsClient,
        memory_bytes: int = MEMORY_BYTES,
        wait_seconds: float = WAIT_SECONDS,
        download_bytes: int = DOWNLOAD_BYTES,
    ) -> None:
        self._pfs = pfs
        self._download_bytes = download_bytes
        self._memory = MemoryBudget(memory_bytes, wait_seconds)

    async def get_file(
        self, file: File, *, file_size_bytes: int, offset: int = 0, size_bytes: int | None = None
    ) -> ByteStream:
        """As `PfsClient.get_file`, of a file of known size: pachd sends all that follows `offset`.

        Raises:
            PfsOverloaded: There are too many, and none has ended in time.
        """
        taken_bytes = await self._memory.take(min(self._download_bytes, file_size_bytes - offset))
        try:
            stream = await self._pfs.get_file(file, offset=offset, size_bytes=size_bytes)
        except BaseException:
            self._memory.give_back(taken_bytes)
            raise
        return _Download(stream, self._memory, taken_bytes)

    @asynccontextmanager
    async def upload(self, size_bytes: int | None = None) -> AsyncIterator[None]:
        """Have memory for a file set of so many bytes, if that is known, for the body's length.

        Raises:
            PfsOverloaded: There are too many transfers, and none has ended in time.
        """
        needed_bytes = UPLOAD_BYTES if size_bytes is None else min(size_bytes, UPLOAD_BYTES)
        async with self._memory.hold(needed_bytes):
            yield


class _Download(ByteStream):
    """A stream that gives back its memory at its end."""

    def __init__(self, stream: ByteStream, memory: MemoryBudget, taken_bytes: int) -> None:
        self._stream = stream
        self._memory = memory
        self._taken_bytes = taken_bytes

    def file_spans(self) -> AsyncIterator[FileSpan | bytes] | None:
        """Where the bytes lie, as the stream says."""
        return self._stream.file_spans()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._stream:
                yield piece
        finally:
            await self.aclose()

    async def aclose(self) -> None:
        """Release what the stream holds."""
        taken_bytes, self._taken_bytes = self._taken_bytes, 0
        try:
            await self._stream.aclose()
        finally:
            self._memory.give_back(taken_bytes)
