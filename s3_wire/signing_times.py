"""When a request was signed, and whether that is now: old requests must not be sent again.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html and
`docs/negative-cases.md`, row 16.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from s3_wire.errors import AccessDenied
from s3_wire.signature_errors import AuthorizationQueryParametersError, RequestTimeTooSkewed

MAX_SKEW = timedelta(minutes=15)
MAX_EXPIRES_SECONDS = 7 * 24 * 3600

_BASIC_ISO = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_NO_DATE = "AWS authentication requires a valid Date or x-amz-date header"


@lru_cache(maxsize=256)
def time_of(text: str) -> datetime | None:
    """A time as signatures have it, or as HTTP has it; None for what is neither.

    Remembered: requests of the same second have the same.
    """
    try:
        if _BASIC_ISO.fullmatch(text):
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        time = parsedate_to_datetime(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter: a year or a zone beyond what there can be
        return None


@lru_cache(maxsize=256)
def basic_iso(time: datetime) -> str:
    """A UTC time as signatures of version 4 have it."""
    return f"{time:%Y%m%dT%H%M%SZ}"


def checked_time(text: str | None, now: datetime) -> datetime:
    """The time of a request that is signed in its headers.

    Raises:
        AccessDenied: There is none.
        RequestTimeTooSkewed: It is more than `MAX_SKEW` away.
    """
    time = time_of(text or "")
    if time is None:
        raise AccessDenied(_NO_DATE)
    if abs(now - time) > MAX_SKEW:
        raise RequestTimeTooSkewed(
            RequestTime=text or "",
            ServerTime=_shown(now),
            MaxAllowedSkewMilliseconds=str(int(MAX_SKEW.total_seconds() * 1000)),
        )
    return time


def expires_seconds_of(text: str) -> int:
    """How long a presigned URL lives.

    Raises:
        AuthorizationQueryParametersError: That is no number from 1 second to 7 days.
    """
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise AuthorizationQueryParametersError("X-Amz-Expires should be a number")
    if text.startswith("-") or not digits.strip("0"):
        raise AuthorizationQueryParametersError("X-Amz-Expires must be positive")
    if len(digits) > 9 or int(digits) > MAX_EXPIRES_SECONDS:
        raise AuthorizationQueryParametersError(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given"
            f" X-Amz-Expires must be less than {MAX_EXPIRES_SECONDS} seconds"
        )
    return int(digits)


def check_lifetime(begin: datetime, lifetime: timedelta, now: datetime) -> None:
    """See that a presigned URL is valid now.

    Raises:
        AccessDenied: It is not yet, or no longer.
    """
    if begin - now > MAX_SKEW:
        raise AccessDenied("Request is not valid yet", ServerTime=_shown(now))
    end = begin + lifetime  # not before: what begins at the end of time has none
    if now >= end:
        raise AccessDenied("Request has expired", Expires=_shown(end), ServerTime=_shown(now))


def _shown(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
