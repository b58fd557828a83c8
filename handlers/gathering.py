"""What has come of a body and waits until there is enough of it for a piece."""

from __future__ import annotations

_COPIED_BYTES = 4 * 1024
"""Below this a copy costs less than an object of its own."""


class Gathered:
    """Bytes in the order in which they came.

    A client may send two bytes at a time. As objects of their own they would take twenty times as
    much memory, so that what is small is copied together.
    """

    __slots__ = ("_parts", "size_bytes")

    def __init__(self) -> None:
        self._parts: list[bytes | bytearray] = []
        self.size_bytes = 0

    def add(self, data: bytes) -> None:
        """More has come."""
        self.size_bytes += len(data)
        last = self._parts[-1] if self._parts else None
        if len(data) >= _COPIED_BYTES:
            self._parts.append(data)
        elif isinstance(last, bytearray):
            last += data
        else:
            self._parts.append(bytearray(data))

    def take(self) -> bytes:
        """All of it. Nothing waits any more."""
        piece = b"".join(self._parts)
        self._parts.clear()
        self.size_bytes = 0
        return piece
