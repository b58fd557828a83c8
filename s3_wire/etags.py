"""Entity tags: what ours look like, and how clients write them in If-… headers.

The tag is PFS's file hash with a dash and a one behind it: the dash tells clients that it is no MD5
(`docs/concepts.md`). It is the same in PUT, HEAD, GET and listings.
"""

from __future__ import annotations

import re

_OURS = re.compile(r"([0-9a-f]{64})-1", re.ASCII)


def etag_of(file_hash: bytes) -> str:
    """The quoted ETag of a file with this 32-byte PFS hash."""
    return f'"{file_hash.hex()}-1"'


def file_hash_of(etag: str) -> bytes | None:
    """The PFS hash behind an ETag, quoted or not; None if no file of ours could have that ETag."""
    match = _OURS.fullmatch(etag.strip().strip('"'))
    return bytes.fromhex(match[1]) if match else None


def listed_etags(header: str, *, weak: bool = True) -> frozenset[str]:
    """The ETags of an If-… header, quoted; clients send them with and without quotes.

    Args:
        header: Its value, a comma-separated list. No ETag of ours has a comma in it.
        weak: Whether tags marked as weak count. `If-Match` and `If-Range` want strong ones.
    """
    found = set()
    for listed in header.split(","):
        tag = listed.strip()
        if tag.startswith("W/"):
            if not weak:
                continue
            tag = tag.removeprefix("W/")
        if tag:
            found.add('"' + tag.strip('"') + '"')
    return frozenset(found)


def is_any(header: str) -> bool:
    """Whether the header is `*`, which every existing object matches."""
    return header.strip() == "*"
