"""Times in S3's XML."""

from __future__ import annotations

from datetime import datetime


def iso_8601(time: datetime) -> str:
    """A UTC time with milliseconds, as S3 writes it."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
