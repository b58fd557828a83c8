"""Uploads in parts on the wire: the list of parts that completes one, and checksums of the whole.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html and, of checksums,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/tutorial-s3-mpu-additional-checksums.html .
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from awscrt import checksums as crt

from s3_wire.algorithms import ALGORITHMS, in_base64
from s3_wire.checksums import is_checksum
from s3_wire.documents import Element
from s3_wire.errors import InvalidArgument, InvalidRequest, MalformedXML
from s3_wire.upload_errors import InvalidPartOrder

MAX_PARTS = 10_000
MIN_PART_BYTES = 5 * 1024**2
"""Of all parts but the last."""

MAX_PART_BYTES = 5 * 1024**3
MAX_UPLOAD_BYTES = 5 * 1024**4

COMPOSITE = "COMPOSITE"
"""The checksum of all parts' checksums, with how many there are behind a dash."""

FULL_OBJECT = "FULL_OBJECT"
"""The checksum of all bytes, which is computed from those of the parts."""

_COMBINE: Mapping[str, Callable[[int, int, int], int]] = {
    "crc32": crt.combine_crc32,
    "crc32c": crt.combine_crc32c,
    "crc64nvme": crt.combine_crc64nvme,
}
_ONLY_FULL_OBJECT = ("crc64nvme",)
_ELEMENTS = {f"checksum{name}": name for name in ALGORITHMS}


@dataclass(frozen=True, slots=True)
class ListedPart:
    """A part as the list names it: its ETag without quotes, and its checksums in base64."""

    number: int
    etag: str
    checksums: Mapping[str, str]


def listed_parts(root: Element) -> list[ListedPart]:
    """The parts in a `CompleteMultipartUpload`.

    Raises:
        MalformedXML: It names no part, or one without a number or an ETag, or something else.
        InvalidArgument: There is no part of this number, or a part has no checksum or several.
        InvalidPartOrder: They are not in the order of their numbers.
    """
    parts = [_listed_part(node) for node in root]
    if not 1 <= len(parts) <= MAX_PARTS:
        raise MalformedXML(f"It names 1 to {MAX_PARTS} parts, this one {len(parts)}.")
    if any(after.number <= part.number for part, after in itertools.pairwise(parts)):
        raise InvalidPartOrder
    return parts


def _listed_part(node: Element) -> ListedPart:
    number, etag = node.child_text("PartNumber"), node.child_text("ETag")
    if node.name != "Part" or number is None or etag is None:
        raise MalformedXML("Every Part has a PartNumber and an ETag.")
    return ListedPart(_part_number(number.strip()), etag.strip().strip('"'), _checksums(node))


def number_of(digits: str) -> int:
    """The number that digits are, with zeros before it or not.

    Of those that Python would not read it is another, which is larger than anything in S3, too.
    """
    return int((digits.lstrip("0") or "0")[:20])


def _part_number(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise MalformedXML("A PartNumber is a number.")
    number = number_of(digits)
    if digits != text or not 1 <= number <= MAX_PARTS:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive",
            ArgumentName="PartNumber",
            ArgumentValue=text,
        )
    return number


def _checksums(node: Element) -> dict[str, str]:
    """The checksums that a part is named with, of which there may be one."""
    found = [
        (_ELEMENTS[child.name.lower()], child.text.strip())
        for child in node
        if child.name.lower() in _ELEMENTS
    ]
    if len(found) > 1 or not all(is_checksum(*one) for one in found):
        raise InvalidArgument(
            "Invalid Base64 or multiple checksums present in request",
            ArgumentName="Checksum",
            ArgumentValue="".join(f"{name.upper()}:{value};" for name, value in found),
        )
    return dict(found)


def checksum_type_of(algorithm: str, asked: str) -> str:
    """What the checksum of a whole object is made of; empty where there is none.

    Args:
        algorithm: Of the upload, in lower case; empty if it has none.
        asked: What the request says, if it says anything.

    Raises:
        InvalidRequest: There is no such checksum.
    """
    if not algorithm:
        if asked:
            raise InvalidRequest(
                "The x-amz-checksum-type header can only be used with the"
                " x-amz-checksum-algorithm header."
            )
        return ""
    is_full = (asked or (FULL_OBJECT if algorithm in _ONLY_FULL_OBJECT else COMPOSITE)) == (
        FULL_OBJECT
    )
    if (is_full and algorithm not in _COMBINE) or (not is_full and algorithm in _ONLY_FULL_OBJECT):
        raise InvalidRequest(
            f"The {asked} checksum type cannot be used with the {algorithm} checksum algorithm."
        )
    return FULL_OBJECT if is_full else COMPOSITE


def whole_checksum(algorithm: str, checksum_type: str, parts: Sequence[tuple[bytes, int]]) -> str:
    """The checksum of a whole object, from those of its parts and their sizes, as S3 writes it."""
    if checksum_type == FULL_OBJECT:
        return in_base64(_combined(algorithm, parts))
    whole = ALGORITHMS[algorithm].create()
    for checksum, _ in parts:
        whole.update(checksum)
    return f"{in_base64(whole.digest())}-{len(parts)}"


def is_same_checksum(sent: str, computed: str) -> bool:
    """Whether a checksum that a client sends is the one computed: it may leave out the count."""
    return sent in (computed, computed.partition("-")[0])


def _combined(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    combine, value = _COMBINE[algorithm], 0
    for checksum, size_bytes in parts:
        value = combine(value, int.from_bytes(checksum, "big"), size_bytes)
    return value.to_bytes(ALGORITHMS[algorithm].size_bytes, "big")
