"""Last-Modified in a listing is what it is in a header."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from handlers.modification_times import Modified, not_later
from handlers.timestamps import http_date, iso_8601, iso_8601_seconds

NOW = datetime(2026, 7, 1, 12, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    "changed",
    [
        None,
        NOW,
        NOW - timedelta(microseconds=500_001),
        NOW + timedelta(hours=1),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2024, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_list_and_a_header_say_the_same_second(changed: datetime | None) -> None:
    listed = iso_8601_seconds(not_later(changed, NOW))
    modified = Modified.since(changed, NOW).time
    assert listed == iso_8601(modified)
    assert datetime.fromisoformat(listed) == parsedate_to_datetime(http_date(modified)) <= NOW
