"""What a request's headers say of the size of its body."""

from __future__ import annotations

import re
from collections.abc import Mapping

from s3_wire.errors import InvalidArgument, MissingContentLength
from s3_wire.payload_modes import PayloadMode

_DECODED_LENGTH = "x-amz-decoded-content-length"
_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)


def content_length(headers: Mapping[str, str], *, may_be_missing: bool) -> int | None:
    """The body's size on the wire; None where only its end will tell.

    Args:
        headers: The request's, names in lower case.
        may_be_missing: Whether there need be no body.

    Raises:
        InvalidArgument: It is no size.
        MissingContentLength: There is none, and no other way to tell the body's end.
    """
    value = headers.get("content-length")
    if value is not None:
        size_bytes = _size(value)
        if size_bytes is None:
            raise InvalidArgument(
                "content-length is not a size.", ArgumentName="content-length", ArgumentValue=value
            )
        return size_bytes
    if "transfer-encoding" in headers:
        return None
    if may_be_missing:
        return 0
    raise MissingContentLength


def decoded_size(headers: Mapping[str, str], mode: PayloadMode) -> int | None:
    """The size that a body has within its framing, which one without may also declare.

    Raises:
        InvalidArgument: It is no size.
        MissingContentLength: There is none, and the framing needs it.
    """
    value = headers.get(_DECODED_LENGTH)
    size_bytes = None if value is None else _size(value)
    if mode.needs_decoded_size and not _INTEGER.fullmatch(value or ""):
        raise MissingContentLength(Reason=f"{_DECODED_LENGTH} must be the size of the object.")
    if value is not None and size_bytes is None:
        raise InvalidArgument(
            f"{_DECODED_LENGTH} must be a number of bytes",
            ArgumentName=_DECODED_LENGTH,
            ArgumentValue=value,
        )
    return size_bytes


def _size(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None
