"""The Content-Type of objects, guessed from the key.

PFS has no place to keep the one of the upload.
"""

from __future__ import annotations

import mimetypes
from functools import lru_cache

UNKNOWN = "binary/octet-stream"
"""S3's own default."""

# Without the machine's files, so that every gateway guesses the same.
_TYPES = mimetypes.MimeTypes()
_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


def content_type_of(key: str) -> str:
    """Guess a type from the last component of a key."""
    name = key.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    return _of_extension(extension.lower()) if dot and stem else UNKNOWN


@lru_cache(maxsize=256)
def _of_extension(extension: str) -> str:
    guessed, encoding = _TYPES.guess_type(f"x.{extension}")
    if encoding is not None:
        return _COMPRESSED.get(encoding, UNKNOWN)
    return guessed or UNKNOWN
