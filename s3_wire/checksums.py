"""The digests that clients send along with a body, verified while it streams.

`Content-MD5`, the hex `x-amz-content-sha256`, and S3's flexible checksums as header or as trailer:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html. The
CRCs are awscrt's, AWS's own native code; the rest is the standard library's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from awscrt import checksums as crt

from s3_wire.errors import (
    BadDigest,
    InvalidDigest,
    InvalidRequest,
    MalformedTrailerError,
    XAmzContentSHA256Mismatch,
)

CHECKSUM_PREFIX = "x-amz-checksum-"
_HEX_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


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
class _Algorithm:
    create: Callable[[], _Hash]
    size_bytes: int


_MD5 = _Algorithm(lambda: hashlib.md5(usedforsecurity=False), 16)
_SHA256 = _Algorithm(hashlib.sha256, 32)
_ALGORITHMS: dict[str, _Algorithm] = {
    "crc32": _Algorithm(lambda: _Crc(crt.crc32, 4), 4),
    "crc32c": _Algorithm(lambda: _Crc(crt.crc32c, 4), 4),
    "crc64nvme": _Algorithm(lambda: _Crc(crt.crc64nvme, 8), 8),
    "md5": _MD5,
    "sha1": _Algorithm(lambda: hashlib.sha1(usedforsecurity=False), 20),
    "sha256": _SHA256,
    "sha512": _Algorithm(hashlib.sha512, 64),
    "xxhash64": _Algorithm(lambda: _XxHash(crt.XXHash.new_xxhash64()), 8),
    "xxhash3": _Algorithm(lambda: _XxHash(crt.XXHash.new_xxhash3_64()), 8),
    "xxhash128": _Algorithm(lambda: _XxHash(crt.XXHash.new_xxhash3_128()), 16),
}


class _Check:
    """One digest of the body and what it must be; a trailer's is not known until the end."""

    def __init__(
        self, name: str, algorithm: _Algorithm, expected: bytes | None, mismatch: Exception
    ) -> None:
        self.name = name
        self.expected = expected
        self.mismatch = mismatch
        self.hash = algorithm.create()


class BodyDigests:
    """All digests of one body that the client has asked to have verified.

    Args:
        headers: The request's, names in lower case.
        announced_trailers: Names that `x-amz-trailer` announces, in lower case.

    Raises:
        InvalidDigest: Content-MD5 is no base64 of 16 bytes.
        InvalidRequest: More than one checksum, a malformed one, or one that S3 does not have.
    """

    def __init__(self, headers: Mapping[str, str], announced_trailers: Iterable[str] = ()) -> None:
        self._checks: list[_Check] = []
        self._add_content_md5(headers.get("content-md5"))
        self._add_content_sha256(headers.get("x-amz-content-sha256", ""))
        self._add_flexible(headers, announced_trailers)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to compute."""
        return not self._checks

    def update(self, data: bytes) -> None:
        """Take the next piece of the body.

        CPU-bound: give it large pieces on a thread, small ones inline.
        """
        for check in self._checks:
            check.hash.update(data)

    def verify(self, trailers: Mapping[str, str]) -> dict[str, str]:
        """Compare everything at the end of the body.

        Returns:
            The flexible checksums that held, as response headers, which S3 sends back.

        Raises:
            BadDigest: A digest differs.
            XAmzContentSHA256Mismatch: The one in x-amz-content-sha256 does.
            InvalidRequest: A trailer is no base64 of the right length.
            MalformedTrailerError: An announced trailer has not come, or a checksum has come that
                was not announced.
        """
        held = {}
        for check in self._checks:
            actual = check.hash.digest()
            if (check.expected or _from_trailer(check.name, trailers, len(actual))) != actual:
                raise check.mismatch
            if check.name.startswith(CHECKSUM_PREFIX):
                held[check.name] = base64.b64encode(actual).decode("ascii")
        self._check_announced(trailers)
        return held

    def _check_announced(self, trailers: Mapping[str, str]) -> None:
        # It would not be verified, and the client believes that it was.
        for name in filter(_is_checksum, trailers):
            if name not in {check.name for check in self._checks}:
                raise MalformedTrailerError(
                    f"The trailer {name} has come, but x-amz-trailer does not announce it."
                )

    def _add_content_md5(self, value: str | None) -> None:
        if value is None:
            return
        expected = _decoded(value, _MD5.size_bytes)
        if expected is None:
            raise InvalidDigest(Content_MD5=value)
        mismatch = BadDigest("The Content-MD5 you specified did not match what we received.")
        self._checks.append(_Check("content-md5", _MD5, expected, mismatch))

    def _add_content_sha256(self, value: str) -> None:
        if _HEX_SHA256.fullmatch(value):
            expected = bytes.fromhex(value)
            mismatch = XAmzContentSHA256Mismatch(ClientComputedContentSHA256=value)
            self._checks.append(_Check("x-amz-content-sha256", _SHA256, expected, mismatch))

    def _add_flexible(self, headers: Mapping[str, str], announced_trailers: Iterable[str]) -> None:
        sent = [n for n in (*headers, *announced_trailers) if _is_checksum(n)]
        names = set(sent)
        if len(sent) > 1:
            raise InvalidRequest(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not"
                " allowed."
            )
        _check_sdk_algorithm(headers.get("x-amz-sdk-checksum-algorithm"), names)
        for name in names:
            algorithm = _algorithm_of(name)
            value = headers.get(name)
            expected = None if value is None else _checksum_value(name, value, algorithm.size_bytes)
            mismatch = BadDigest(
                f"The {_label(name)} you specified did not match the calculated checksum."
            )
            self._checks.append(_Check(name, algorithm, expected, mismatch))


def _is_checksum(name: str) -> bool:
    # `-algorithm`, `-type` and `-mode` say something about a checksum; they are none.
    return name.startswith(CHECKSUM_PREFIX) and name.removeprefix(CHECKSUM_PREFIX) not in (
        "algorithm",
        "type",
        "mode",
    )


def _algorithm_of(name: str) -> _Algorithm:
    algorithm = _ALGORITHMS.get(name.removeprefix(CHECKSUM_PREFIX))
    if algorithm is None:
        raise InvalidRequest(
            f"The checksum {name} is none of S3's: " + ", ".join(_ALGORITHMS) + "."
        )
    return algorithm


def _label(name: str) -> str:
    return name.removeprefix(CHECKSUM_PREFIX).upper()


def _check_sdk_algorithm(algorithm: str | None, names: set[str]) -> None:
    # Both refusals are documented under x-amz-sdk-checksum-algorithm in API_PutObject.
    if not algorithm:
        return
    if not names:
        raise InvalidRequest(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or"
            " x-amz-trailer headers were found."
        )
    if algorithm.upper() not in map(_label, names):
        raise BadDigest("The checksum is not of the algorithm in x-amz-sdk-checksum-algorithm.")


def _from_trailer(name: str, trailers: Mapping[str, str], size_bytes: int) -> bytes:
    value = trailers.get(name)
    if value is None:
        raise MalformedTrailerError(
            f"The trailer {name} that x-amz-trailer announces has not come."
        )
    return _checksum_value(name, value, size_bytes)


def _checksum_value(name: str, value: str, size_bytes: int) -> bytes:
    digest = _decoded(value, size_bytes)
    if digest is None:
        raise InvalidRequest(f"Value for {name} header is invalid.")
    return digest


def _decoded(value: str, size_bytes: int) -> bytes | None:
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == size_bytes else None
