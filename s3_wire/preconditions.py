"""The If-… headers of reads, and those of a copy on its source, with S3's precedence.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-reads.html and RFC 9110 section
13.2.2: an `If-Match` that holds outweighs `If-Unmodified-Since`, an `If-None-Match` that does not
match outweighs `If-Modified-Since`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from s3_wire.errors import PreconditionFailed
from s3_wire.etags import is_any, listed_etags

_CONDITIONS = frozenset(("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"))
_OF_SOURCE = "x-amz-copy-source-"


def is_unchanged(
    headers: Mapping[str, str], etag: str, last_modified: datetime, now: datetime
) -> bool:
    """Decide a read's preconditions against the object as it is.

    Args:
        headers: The request's, names in lower case.
        etag: The object's, quoted.
        last_modified: The object's; HTTP dates have whole seconds, so it is compared as such.
        now: The time. A client cannot have looked later than that, so that such a date is ignored.

    Returns:
        True where the answer is 304 Not Modified.

    Raises:
        PreconditionFailed: The object is not the one that the client wants.
    """
    if _CONDITIONS.isdisjoint(headers):
        return False
    modified = last_modified.replace(microsecond=0)
    _check_wanted(headers, etag, modified)
    none_match = headers.get("if-none-match")
    if none_match:
        return is_any(none_match) or etag in listed_etags(none_match)
    since = http_date(headers.get("if-modified-since"))
    return since is not None and modified <= since <= now


def check_copy_source(
    headers: Mapping[str, str], etag: str, last_modified: datetime, now: datetime
) -> None:
    """Decide a copy's preconditions against its source, with the precedence that reads have.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html

    Args:
        headers: The request's, names in lower case.
        etag: The source's, quoted.
        last_modified: The source's.
        now: The time.

    Raises:
        PreconditionFailed: The source is not the one that the client wants, or is still that which
            it has; a read would be 304 there.
    """
    asked = {
        name: headers[f"{_OF_SOURCE}{name}"]
        for name in _CONDITIONS
        if f"{_OF_SOURCE}{name}" in headers
    }
    try:
        unchanged = is_unchanged(asked, etag, last_modified, now)
    except PreconditionFailed as failed:
        raise PreconditionFailed(Condition=_OF_SOURCE + failed.details["Condition"]) from None
    if unchanged:
        name = "If-None-Match" if "if-none-match" in asked else "If-Modified-Since"
        raise PreconditionFailed(Condition=_OF_SOURCE + name)


def _check_wanted(headers: Mapping[str, str], etag: str, modified: datetime) -> None:
    match = headers.get("if-match")
    if match:
        if not is_any(match) and etag not in listed_etags(match, weak=False):
            raise PreconditionFailed(Condition="If-Match")
        return
    since = http_date(headers.get("if-unmodified-since"))
    if since is not None and modified > since:
        raise PreconditionFailed(Condition="If-Unmodified-Since")


def allows_range(if_range: str | None, etag: str, last_modified: datetime) -> bool:
    """Whether a `Range` counts: with an `If-Range` only while the object is still the same one."""
    if not if_range:
        return True
    date = http_date(if_range)
    if date is not None:
        return last_modified.replace(microsecond=0) == date
    return etag in listed_etags(if_range, weak=False)


def http_date(value: str | None) -> datetime | None:
    """Read an HTTP date, in UTC.

    A value that is none counts as not sent (RFC 9110 section 13.1.3).
    """
    if not value:
        return None
    try:
        date = parsedate_to_datetime(value)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
