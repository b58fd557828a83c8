"""The checksums that S3 knows, all in the shape of hashlib's.

The CRCs and the XXHashes are awscrt's, AWS's own native code; the rest is the standard library's.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from awscrt import checksums as crt


class Hash(Protocol):
    """What a hashlib object can do."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """The digest of all bytes taken."""


class _Crc:
    """One of awscrt's CRC functions in the shape of a hashlib object."""

    def __init__(self, function: Callable[[bytes, int], int], size_bytes: int) -> None:
        self._function = function
        self._size_bytes = size_bytes
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size_bytes, "big")


class _XxHash:
    """One of awscrt's XXHash objects in the shape of a hashlib object."""

    def __init__(self, hash_: crt.XXHash) -> None:
        self._hash = hash_

    def update(self, data: bytes, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        digest: bytes = self._hash.finalize()
        return digest


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How to compute a checksum, and how many bytes it has."""

    create: Callable[[], Hash]
    size_bytes: int


MD5 = Algorithm(lambda: hashlib.md5(usedforsecurity=False), 16)
SHA256 = Algorithm(hashlib.sha256, 32)
ALGORITHMS: dict[str, Algorithm] = {
    "crc32": Algorithm(lambda: _Crc(crt.crc32, 4), 4),
    "crc32c": Algorithm(lambda: _Crc(crt.crc32c, 4), 4),
    "crc64nvme": Algorithm(lambda: _Crc(crt.crc64nvme, 8), 8),
    "md5": MD5,
    "sha1": Algorithm(lambda: hashlib.sha1(usedforsecurity=False), 20),
    "sha256": SHA256,
    "sha512": Algorithm(hashlib.sha512, 64),
    "xxhash64": Algorithm(lambda: _XxHash(crt.XXHash.new_xxhash64()), 8),
    "xxhash3": Algorithm(lambda: _XxHash(crt.XXHash.new_xxhash3_64()), 8),
    "xxhash128": Algorithm(lambda: _XxHash(crt.XXHash.new_xxhash3_128()), 16),
}


def in_base64(digest: bytes) -> str:
    """A digest as S3 writes it."""
    return base64.b64encode(digest).decode("ascii")
