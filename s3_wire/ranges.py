"""The `Range` header, as S3 reads it: one range of bytes, or the whole object.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html and RFC 9110 section 14. What is
not a valid single range of bytes is ignored, as the RFC says and AWS does; a valid one that holds
no byte of the object is `InvalidRange`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from s3_wire.errors import InvalidArgument, InvalidRange

# More digits than any object's size has; Python would read a gigabyte of digits as a number.
_SINGLE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\s*+", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A run of an object's bytes: where it starts and how many there are."""

    offset: int
    size_bytes: int

    def content_range(self, object_size_bytes: int) -> str:
        """The `Content-Range` of an answer that carries this span."""
        last = self.offset + self.size_bytes - 1
        return f"bytes {self.offset}-{last}/{object_size_bytes}"


def requested_span(header: str | None, object_size_bytes: int) -> Span | None:
    """Read a `Range` header for an object of the given size.

    Returns:
        The span to answer with status 206, or None where the whole object is the answer.

    Raises:
        InvalidRange: The range is well formed and holds no byte of the object.
    """
    match = _SINGLE_RANGE.fullmatch(header) if header else None
    if match is None:
        return None
    first, last = match.groups()
    if first:
        return _from_offset(int(first), int(last) if last else None, object_size_bytes, match[0])
    if last:
        return _last_bytes(int(last), object_size_bytes, match[0])
    return None


def _from_offset(first: int, last: int | None, size: int, header: str) -> Span | None:
    if last is not None and last < first:
        return None
    if first >= size:
        raise _unsatisfiable(header, size)
    end = size if last is None else min(last + 1, size)
    return Span(first, end - first)


def _last_bytes(wanted: int, size: int, header: str) -> Span | None:
    if wanted == 0:
        raise _unsatisfiable(header, size)
    if size == 0:  # all of it, which no Content-Range could say
        return None
    span = min(wanted, size)
    return Span(size - span, span)


def _unsatisfiable(header: str, size: int) -> InvalidRange:
    return InvalidRange(RangeRequested=header, ActualObjectSize=str(size))


def copied_span(header: str, source_size_bytes: int) -> Span:
    """Read `x-amz-copy-source-range`, which must name first and last byte.

    Raises:
        InvalidArgument: It does not, or they are not in the source.
    """
    match = _SINGLE_RANGE.fullmatch(header)
    first, last = match.groups() if match else ("", "")
    if not first or not last or int(last) < int(first):
        raise _not_copied(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and"
            " last are the zero-based offsets of the first and last bytes to copy",
            header,
        )
    if int(last) >= source_size_bytes:
        what = f"Range specified is not valid for source object of size: {source_size_bytes}"
        raise _not_copied(what, header)
    return Span(int(first), int(last) - int(first) + 1)


def _not_copied(what: str, header: str) -> InvalidArgument:
    return InvalidArgument(what, ArgumentName="x-amz-copy-source-range", ArgumentValue=header)
