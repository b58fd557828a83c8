"""Conditional writes: If-Match and If-None-Match on PUT and DELETE.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html and
`conditional-deletes.html` beside it. A condition is decided where the write is applied, atomically;
where that cannot be, and for forms that S3 itself does not take, the answer is `NotImplemented`. A
condition is never ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from handlers.addressing import is_directory_marker
from pfs_client.failures import ConditionFailed
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.values import ExpectFile
from s3_wire.errors import NoSuchKey, NotImplemented, PreconditionFailed
from s3_wire.etags import file_hash_of, is_any, listed_etags

_NO_FILES_HASH = b""
"""Stands for an ETag that no file of ours has: present, it makes the condition fail."""

_MODIFIED_SINCE = ("if-modified-since", "if-unmodified-since")


def put_condition(
    writes: GroupedWrites, headers: Mapping[str, str], key: str, path: str
) -> ExpectFile | None:
    """The condition that a PUT of a key, which stands at a path, carries in its headers.

    Raises:
        NotImplemented: S3 takes no such condition here, the key is a directory marker's, or this
            PFS cannot decide conditions.
    """
    match = headers.get("if-match")
    none_match = headers.get("if-none-match")
    _refuse_dates(headers)
    if match is None and none_match is None:
        return None
    _check_supported(writes, key)
    if match is not None and none_match is not None:
        raise _not_accepted(
            "If-Match,If-None-Match", "Multiple conditional request headers present"
        )
    if none_match is not None:
        if not is_any(none_match):
            raise _not_accepted("If-None-Match", "A write takes only * as its value")
        return ExpectFile(path, frozenset())
    if match is not None and is_any(match):
        raise _not_accepted("If-Match", "A PUT takes only ETags as its value")
    return _expect_match(path, match or "")


def delete_condition(
    writes: GroupedWrites, headers: Mapping[str, str], key: str, path: str
) -> ExpectFile | None:
    """The condition that a DELETE of a key, which stands at a path, carries in its headers.

    Raises:
        NotImplemented: S3 takes no such condition here, the key is a directory marker's, or this
            PFS cannot decide conditions.
    """
    match = headers.get("if-match")
    _refuse_dates(headers)
    if "if-none-match" in headers:
        raise _not_accepted("If-None-Match", "A DELETE takes If-Match only")
    if match is None:
        return None
    _check_supported(writes, key)
    return ExpectFile(path, None) if is_any(match) else _expect_match(path, match)


def object_condition(
    writes: GroupedWrites, key: str, path: str, etag: str | None
) -> ExpectFile | None:
    """The condition of one object in a DeleteObjects.

    Raises:
        NotImplemented: The key is a directory marker's, or this PFS cannot decide conditions.
    """
    if etag is None:
        return None
    _check_supported(writes, key)
    return ExpectFile(path, None) if is_any(etag) else _expect_match(path, etag)


@contextmanager
def told_as_s3(key: str) -> Iterator[None]:
    """Answer a failed condition as S3 does: 404 for a missing object, 412 for another one."""
    try:
        yield
    except ConditionFailed as failed:
        raise condition_error(failed, key) from None


def condition_error(failed: ConditionFailed, key: str) -> NoSuchKey | PreconditionFailed:
    """S3's error for a failed condition."""
    if not failed.exists:
        return NoSuchKey(Key=key)
    return PreconditionFailed(Condition="If-None-Match" if failed.expected_none else "If-Match")


def _expect_match(path: str, etags: str) -> ExpectFile:
    # A weak ETag stands for bytes that are only as good as the object's (RFC 9110 section 13.1.1).
    listed = listed_etags(etags, weak=False)
    hashes = (file_hash_of(etag) or _NO_FILES_HASH for etag in listed)
    return ExpectFile(path, frozenset(hashes) or frozenset([_NO_FILES_HASH]))


def _check_supported(writes: GroupedWrites, key: str) -> None:
    if not writes.takes_conditions:
        raise NotImplemented(
            "Conditional writes need a PFS that can compare and set, which pachd cannot. Where this"
            " gateway alone writes, start it with --sole-writer."
        )
    if is_directory_marker(key):
        raise NotImplemented("A directory marker (a key that ends in /) takes no conditions.")


def _refuse_dates(headers: Mapping[str, str]) -> None:
    for name in _MODIFIED_SINCE:
        if name in headers:
            raise _not_accepted(name.title(), "Writes take no dates as conditions")


def _not_accepted(header: str, why: str) -> NotImplemented:
    return NotImplemented(
        f"A header you provided implies functionality that is not implemented: {why}.",
        Header=header,
    )
