"""Times in S3's XML and headers."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache


def iso_8601(time: datetime) -> str:
    """A UTC time with milliseconds, as S3 writes it in XML."""
    return f"{time.isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


@lru_cache(maxsize=4096)
def iso_8601_seconds(time: datetime) -> str:
    """The same, cut to whole seconds; remembered, as who lists a bucket lists it again."""
    return iso_8601(time.replace(microsecond=0))


@lru_cache(maxsize=1024)
def http_date(time: datetime) -> str:
    """A UTC time as in headers; remembered, as all objects of a commit have the same."""
    return format_datetime(time, usegmt=True)
