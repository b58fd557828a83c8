"""Bucket and key as requests name them: the one place where their percent-encoding is taken off.

Once, and nothing else is changed: `//` and `..` stay what they are, in a path and in the source of
a copy alike (`docs/negative-cases.md`, rows 11 and 13). Only a `+` differs: it is itself in a path,
and a space in a source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from s3_wire.errors import InvalidArgument, InvalidURI

COPY_SOURCE = "x-amz-copy-source"
UNVERSIONED = "null"
"""The version id of an object in a bucket without versions."""

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_VERSION = "?versionId="


@dataclass(frozen=True, slots=True)
class CopySource:
    """The object that a copy is made of."""

    bucket: str
    key: str
    version: str = ""


def bucket_and_key(raw: bytes) -> tuple[str, str]:
    """Bucket and key of a path without its leading slash, decoded once.

    Raises:
        InvalidURI: It cannot be decoded, or is no UTF-8.
    """
    bucket, _, key = raw.partition(b"/")
    return _decoded(bucket), _decoded(key)


def copy_source(header: str) -> CopySource:
    """What `x-amz-copy-source` names.

    The version is looked for before anything is decoded: an encoded `?` belongs to the key. The
    slash behind the bucket may be encoded too: some programs encode the whole, and S3 takes it.
    A `+` is a space, as for S3: s5cmd encodes a source as a query. No key of PFS has a `+`.

    Raises:
        InvalidArgument: It is no bucket and key, or a version without an id.
    """
    address, names_version, version = header.partition(_VERSION)
    if names_version and not version:
        raise _invalid("Version id cannot be the empty string", header)
    try:
        decoded = _decoded(address.replace("+", " ").encode("latin-1"))
    except InvalidURI as error:
        raise _invalid(str(error), header) from None
    bucket, _, key = decoded.removeprefix("/").partition("/")
    if not bucket or not key:
        what = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise _invalid(what, header)
    return CopySource(bucket, key, version)


def _decoded(raw: bytes) -> str:
    if _BAD_ESCAPE.search(raw):
        raise InvalidURI("The path holds a % that is not followed by two hex digits.")
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise InvalidURI("The path is not UTF-8.") from None


def _invalid(what: str, header: str) -> InvalidArgument:
    return InvalidArgument(what, ArgumentName=COPY_SOURCE, ArgumentValue=header)
