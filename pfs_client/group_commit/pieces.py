"""Bodies in pieces, of which the first are looked at before it is known how they are stored."""

from __future__ import annotations

from collections.abc import AsyncIterator


async def read_up_to(pieces: AsyncIterator[bytes], max_bytes: int) -> tuple[bytes, bool]:
    """Read until more than so many bytes have come; say whether there are more to come."""
    read = b""
    async for piece in pieces:
        read += piece
        if len(read) > max_bytes:
            return read, True
    return read, False


async def chained(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A body of which the first bytes have been read."""
    yield first
    async for piece in pieces:
        yield piece
