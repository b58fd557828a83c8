from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import product

import pytest

from s3_wire.errors import PreconditionFailed
from s3_wire.preconditions import allows_range, http_date, is_unchanged

ETAG = '"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f-1"'
BARE = ETAG.strip('"')
OTHER = '"5d41402abc4b2a76b9719d911017c592"'
MODIFIED = datetime(1994, 11, 6, 8, 49, 37, 250_000, tzinfo=UTC)
NOW = MODIFIED + timedelta(days=1)
BEFORE = "Sun, 06 Nov 1994 08:49:36 GMT"
SAME = "Sun, 06 Nov 1994 08:49:37 GMT"
AFTER = "Sun, 06 Nov 1994 08:49:38 GMT"
FORMATS = [SAME, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
NO_DATES = [
    "Fri, 31 Dec 9999 23:59:59 -0100",
    "",
    " ",
    ",",
    "0",
    "-1",
    "never",
    "784111777",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 25:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 99999 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 +9999",
    "Sun, 06 Nov " + "9" * 5000 + " 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 +" + "9" * 4000,
    ETAG,
    "\x00",
    "é",
]

# RFC 9110 section 13.2.2 over all combinations; None is a header that was not sent.
MATCHES = {"holds": ETAG, "fails": OTHER, None: None}
UNMODIFIED = {"holds": AFTER, "fails": BEFORE, None: None}
NONE_MATCHES = {"holds": OTHER, "fails": ETAG, None: None}
MODIFIEDS = {"holds": BEFORE, "fails": AFTER, None: None}
ANY = ("holds", "fails", None)
PRECEDENCE = [
    # If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, status
    (("fails",), ANY, ANY, ANY, 412),
    ((None,), ("fails",), ANY, ANY, 412),
    (("holds",), ANY, ("fails",), ANY, 304),
    (("holds",), ANY, ("holds",), ANY, 200),
    (("holds",), ANY, (None,), ("fails",), 304),
    (("holds",), ANY, (None,), ("holds", None), 200),
    ((None,), ("holds", None), ("fails",), ANY, 304),
    ((None,), ("holds", None), ("holds",), ANY, 200),
    ((None,), ("holds", None), (None,), ("fails",), 304),
    ((None,), ("holds", None), (None,), ("holds", None), 200),
]


def _combinations() -> Iterator[tuple[dict[str, str], int]]:
    for match, unmodified, none_match, modified, status in PRECEDENCE:
        for m, u, n, s in product(match, unmodified, none_match, modified):
            sent = {
                "if-match": MATCHES[m],
                "if-unmodified-since": UNMODIFIED[u],
                "if-none-match": NONE_MATCHES[n],
                "if-modified-since": MODIFIEDS[s],
            }
            yield {name: value for name, value in sent.items() if value is not None}, status


def test_the_table_has_every_combination_once() -> None:
    assert len({tuple(headers.items()) for headers, _ in _combinations()}) == 3**4
    assert len(list(_combinations())) == 3**4


@pytest.mark.parametrize(("headers", "status"), list(_combinations()))
def test_preconditions_have_their_precedence(headers: dict[str, str], status: int) -> None:
    assert _status(headers) == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (ETAG, 200),
        (BARE, 200),
        (f"{OTHER}, {ETAG}", 200),
        (f"{BARE},{OTHER}", 200),
        ("*", 200),
        (" * ", 200),
        ("", 200),
        (OTHER, 412),
        (OTHER.strip('"'), 412),
        (f'{OTHER}, "x"', 412),
        ('"*"', 412),
        ('""', 412),
        (",", 412),
        (ETAG.upper(), 412),
        (BARE[:-2], 412),
    ],
)
def test_if_match_wants_one_of_its_etags(header: str, status: int) -> None:
    assert _status({"if-match": header}) == status


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (ETAG, 304),
        (BARE, 304),
        (f"W/{ETAG}", 304),
        (f"{OTHER}, W/{ETAG}", 304),
        (f"{OTHER},{BARE}", 304),
        ("*", 304),
        ("", 200),
        (OTHER, 200),
        (f"W/{OTHER}", 200),
        ('"*"', 200),
        (BARE[:-2], 200),
    ],
)
def test_if_none_match_is_unchanged_with_any_of_its_etags(header: str, status: int) -> None:
    assert _status({"if-none-match": header}) == status


@pytest.mark.parametrize(
    ("name", "date", "status"),
    [
        ("if-modified-since", BEFORE, 200),
        ("if-modified-since", SAME, 304),
        ("if-modified-since", AFTER, 304),
        ("if-unmodified-since", BEFORE, 412),
        ("if-unmodified-since", SAME, 200),
        ("if-unmodified-since", AFTER, 200),
    ],
)
def test_dates_compare_in_whole_seconds(name: str, date: str, status: int) -> None:
    assert _status({name: date}) == status


@pytest.mark.parametrize("date", FORMATS)
def test_a_precondition_takes_dates_in_all_http_formats(date: str) -> None:
    assert _status({"if-modified-since": date}) == 304
    later = MODIFIED + timedelta(seconds=1)
    assert not is_unchanged({"if-modified-since": date}, ETAG, later, NOW)
    with pytest.raises(PreconditionFailed):
        is_unchanged({"if-unmodified-since": date}, ETAG, later, NOW)


def test_a_date_in_the_future_is_ignored() -> None:
    for ahead, unchanged in ((timedelta(0), True), (timedelta(seconds=1), False)):
        date = format_datetime(NOW.replace(microsecond=0) + ahead, usegmt=True)
        assert is_unchanged({"if-modified-since": date}, ETAG, MODIFIED, NOW) is unchanged


def test_what_goes_on_changing_has_changed_since_any_date() -> None:
    now = format_datetime(NOW, usegmt=True)
    for date in (SAME, now):
        assert not is_unchanged({"if-modified-since": date}, ETAG, None, NOW)
        assert not allows_range(date, ETAG, None)
    with pytest.raises(PreconditionFailed):
        is_unchanged({"if-unmodified-since": SAME}, ETAG, None, NOW)
    assert is_unchanged({"if-none-match": ETAG}, ETAG, None, NOW)
    assert allows_range(ETAG, ETAG, None)


@pytest.mark.parametrize("date", NO_DATES)
def test_a_malformed_date_counts_as_not_sent(date: str) -> None:
    assert _status({"if-modified-since": date}) == 200
    assert _status({"if-unmodified-since": date}) == 200
    assert _status({"if-unmodified-since": date, "if-modified-since": SAME}) == 304


@pytest.mark.parametrize(
    ("headers", "condition"),
    [
        ({"if-match": OTHER}, "If-Match"),
        ({"if-match": OTHER, "if-unmodified-since": BEFORE}, "If-Match"),
        ({"if-unmodified-since": BEFORE}, "If-Unmodified-Since"),
    ],
)
def test_a_failed_precondition_is_named(headers: dict[str, str], condition: str) -> None:
    with pytest.raises(PreconditionFailed) as refusal:
        is_unchanged(headers, ETAG, MODIFIED, NOW)
    assert refusal.value.details == {"Condition": condition}


@pytest.mark.parametrize("if_range", [None, "", ETAG, BARE, *FORMATS])
def test_a_range_counts_while_the_object_is_the_same(if_range: str | None) -> None:
    assert allows_range(if_range, ETAG, MODIFIED)


@pytest.mark.parametrize(
    "if_range", [OTHER, OTHER.strip('"'), BEFORE, AFTER, "*", '""', "never", BARE[:-2]]
)
def test_a_range_does_not_count_once_the_object_is_another(if_range: str) -> None:
    assert not allows_range(if_range, ETAG, MODIFIED)


@pytest.mark.parametrize(
    "date", [*FORMATS, "Sun, 06 Nov 1994 08:49:37 -0000", "Sun, 06 Nov 1994 10:49:37 +0200"]
)
def test_an_http_date_is_read_in_utc(date: str) -> None:
    read = http_date(date)
    assert read == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize("value", [None, *NO_DATES])
def test_what_is_no_http_date_is_none(value: str | None) -> None:
    assert http_date(value) is None


def _status(headers: dict[str, str]) -> int:
    try:
        return 304 if is_unchanged(headers, ETAG, MODIFIED, NOW) else 200
    except PreconditionFailed as failed:
        return failed.status
