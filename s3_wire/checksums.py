"""The digests that clients send along with a body, verified while it streams.

`x-amz-content-sha256`, `Content-MD5`, and S3's flexible checksums as header or as trailer:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html. Of
several that are wrong, S3 tells of the first in this order.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Protocol

from s3_wire.algorithms import ALGORITHMS, MD5, Hash, in_base64
from s3_wire.errors import (
    BadDigest,
    InvalidDigest,
    InvalidRequest,
    MalformedTrailerError,
    XAmzContentSHA256Mismatch,
)
from s3_wire.payload_modes import PLAIN, PayloadMode

_PREFIX = "x-amz-checksum-"
# They say something about a checksum, and are none.
_ABOUT_CHECKSUMS = {_PREFIX + word for word in ("algorithm", "type", "mode")}
_BY_HEADER = {_PREFIX + name: algorithm for name, algorithm in ALGORITHMS.items()}
_SINGLE = "Expecting a single x-amz-checksum- header"
_MULTIPLE = f"{_SINGLE}. Multiple checksum Types are not allowed."
_SDK_ALGORITHM = "x-amz-sdk-checksum-algorithm"
_TRAILER = "x-amz-trailer"
_COUNT_OF_PARTS = re.compile(r"-\d+\Z", re.ASCII)
"""Behind the checksum of an object in parts, where it is made of theirs."""


class _Check(Protocol):
    """One digest of the body and what it must be."""

    hash: Hash

    def verify(self, trailers: Mapping[str, str]) -> dict[str, str]:
        """Compare at the end of the body, and say what S3 sends back of it, as headers."""


class BodyDigests:
    """All digests of one body that the client has asked to have verified.

    Args:
        headers: The request's, names in lower case.
        mode: What they say of how the body comes.
        is_document: Whether the body is a request's document and no object.

    Raises:
        InvalidDigest: Content-MD5 is no base64 of 16 bytes.
        InvalidRequest: More than one checksum, a malformed one, or one that S3 does not have.
        MalformedTrailerError: A checksum is to come in a trailer, where the body can have none.
    """

    def __init__(
        self, headers: Mapping[str, str], mode: PayloadMode = PLAIN, *, is_document: bool = False
    ) -> None:
        self._checks: list[_Check] = []
        if mode.sha256 is not None:
            self._checks.append(_ContentSha256(mode.sha256))
        if (value := headers.get("content-md5")) is not None:
            self._checks.append(_ContentMd5(value, is_document))
        checksum = _flexible_checksum(headers)
        if checksum is not None:
            self._checks.append(checksum)
        self.trailer: str | None = None
        """The checksum that comes in the trailer, if one does."""
        if checksum is not None and checksum.is_in_trailer:
            if not mode.is_framed:
                raise MalformedTrailerError(Reason="Only an aws-chunked body has a trailer.")
            self.trailer = checksum.name

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

        Args:
            trailers: The body's, with the one that was announced.

        Returns:
            The flexible checksum that held, as a response header, which S3 sends back.

        Raises:
            XAmzContentSHA256Mismatch: The digest in x-amz-content-sha256 differs.
            BadDigest: Another one does.
            InvalidRequest: The checksum in the trailer is no base64 of the right length.
        """
        held: dict[str, str] = {}
        for check in self._checks:
            held |= check.verify(trailers)
        return held


def names_checksum(headers: Mapping[str, str]) -> bool:
    """Whether a request says something of its body's flexible checksum."""
    return _SDK_ALGORITHM in headers or _TRAILER in headers or any(map(_is_checksum, headers))


def named_checksum(headers: Mapping[str, str]) -> str | None:
    """The algorithm of the checksum that comes with a body, in its headers or its trailer."""
    names = _in_headers(headers) or _in_trailer(headers)
    return names[0].removeprefix(_PREFIX) if names else None


def own_checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """The checksums in headers, by algorithm, where they are not of the request's own body.

    Raises:
        InvalidRequest: S3 has no such algorithm, there is more than one, or one is no checksum.
    """
    own = {name: headers[name] for name in _in_headers(headers)}
    for name, value in own.items():
        if not is_checksum(name.removeprefix(_PREFIX), _COUNT_OF_PARTS.sub("", value)):
            raise InvalidRequest(f"Value for {name} header is invalid.")
    return {name.removeprefix(_PREFIX): value for name, value in own.items()}


def is_checksum(algorithm: str, value: str) -> bool:
    """Whether a text is a checksum of an algorithm in base64, be it the right one or not."""
    return _decoded(value, ALGORITHMS[algorithm].size_bytes) is not None


def without_checksums(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that say nothing of a checksum that is not in the trailer."""
    return {
        name: value
        for name, value in headers.items()
        if not _is_checksum(name) and name != _SDK_ALGORITHM
    }


class _ContentSha256:
    """The SHA-256 of the body in hex; any other text differs from it."""

    def __init__(self, expected: str) -> None:
        self.hash: Hash = hashlib.sha256()
        self._expected = expected

    def verify(self, trailers: Mapping[str, str]) -> dict[str, str]:
        actual = self.hash.digest().hex()
        if actual != self._expected.lower():
            raise XAmzContentSHA256Mismatch(
                ClientComputedContentSHA256=self._expected, S3ComputedContentSHA256=actual
            )
        return {}


class _ContentMd5:
    """The MD5 of the body in base64."""

    def __init__(self, value: str, is_document: bool) -> None:
        self.hash: Hash = MD5.create()
        expected = _decoded(value, MD5.size_bytes)
        if expected is None:
            raise InvalidDigest(Content_MD5=value)
        self._expected = expected
        # S3 repeats an object's MD5 in hex, and a document's as it was sent.
        self._repeated = value if is_document else expected.hex()

    def verify(self, trailers: Mapping[str, str]) -> dict[str, str]:
        actual = self.hash.digest()
        if actual != self._expected:
            raise BadDigest(ExpectedDigest=self._repeated, CalculatedDigest=in_base64(actual))
        return {}


class _FlexibleChecksum:
    """One of S3's own; one in a trailer is not known until the end."""

    def __init__(self, name: str, value: str | None) -> None:
        self.name = name
        self.is_in_trailer = value is None
        self._algorithm = _BY_HEADER[name]
        self._expected = None if value is None else self._read(value, "header")
        self.hash = self._algorithm.create()

    @property
    def label(self) -> str:
        """The algorithm, as S3 writes it."""
        return self.name.removeprefix(_PREFIX).upper()

    def verify(self, trailers: Mapping[str, str]) -> dict[str, str]:
        expected = self._expected
        if expected is None:
            expected = self._read(trailers[self.name], "trailing header")
        actual = self.hash.digest()
        if actual != expected:
            raise BadDigest(
                f"The {self.label} you specified did not match the calculated checksum."
            )
        return {self.name: in_base64(actual)}

    def _read(self, value: str, place: str) -> bytes:
        digest = _decoded(value, self._algorithm.size_bytes)
        if digest is None:
            raise InvalidRequest(f"Value for {self.name} {place} is invalid.")
        return digest


def _flexible_checksum(headers: Mapping[str, str]) -> _FlexibleChecksum | None:
    in_headers = _in_headers(headers)
    in_trailer = _in_trailer(headers)
    if in_headers and in_trailer:
        raise InvalidRequest(_SINGLE)
    names = in_headers or in_trailer
    checksum = _FlexibleChecksum(names[0], headers.get(names[0])) if names else None
    _check_sdk_algorithm(headers.get(_SDK_ALGORITHM), checksum)
    return checksum


def _in_headers(headers: Mapping[str, str]) -> list[str]:
    names = [name for name in headers if _is_checksum(name)]
    if not _BY_HEADER.keys() >= set(names):
        raise InvalidRequest(
            "The algorithm type you specified in x-amz-checksum- header is invalid."
        )
    return _at_most_one(names)


def _in_trailer(headers: Mapping[str, str]) -> list[str]:
    """The checksum that x-amz-trailer announces. S3 takes commas behind it, but no other field.

    Its client would believe of a field without a checksum that something was verified.
    """
    value = headers.get(_TRAILER)
    if value is None:
        return []
    names = [name.strip() for name in value.lower().strip().rstrip(",").split(",")]
    if not _BY_HEADER.keys() >= set(names):
        raise InvalidRequest("The value specified in the x-amz-trailer header is not supported")
    return _at_most_one(names)


def _at_most_one(names: list[str]) -> list[str]:
    if len(names) > 1:
        raise InvalidRequest(_MULTIPLE)
    return names


def _check_sdk_algorithm(algorithm: str | None, checksum: _FlexibleChecksum | None) -> None:
    # API_PutObject says BadDigest of another algorithm; S3 says InvalidRequest.
    if not algorithm:
        return
    if checksum is None:
        raise InvalidRequest(
            f"{_SDK_ALGORITHM} specified, but no corresponding x-amz-checksum-* or x-amz-trailer"
            " headers were found."
        )
    if algorithm.upper() != checksum.label:
        raise InvalidRequest(f"Value for {_SDK_ALGORITHM} header is invalid.")


def _is_checksum(name: str) -> bool:
    return name.startswith(_PREFIX) and name not in _ABOUT_CHECKSUMS


def _decoded(value: str, size_bytes: int) -> bytes | None:
    """Base64 of so many bytes, written in the one way that there is."""
    try:
        digest = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == size_bytes and in_base64(digest) == value else None
