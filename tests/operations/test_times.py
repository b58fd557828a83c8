"""Times in answers, and dates as conditions."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from tests.raw_http import send
from tests.servers import GatewayProcess


def test_nothing_is_later_than_its_answer(gateway: GatewayProcess, bucket: str) -> None:
    for number in range(40):
        put = send(gateway, "PUT", f"/{bucket}/key", b"%d" % number)
        for method in ("GET", "HEAD"):
            answer = send(gateway, method, f"/{bucket}/key")
            answered = parsedate_to_datetime(answer.headers["date"])
            assert parsedate_to_datetime(answer.headers["last-modified"]) <= answered
        assert parsedate_to_datetime(put.headers["date"]) <= answered
        for query in ("", "?list-type=2"):
            page = send(gateway, "GET", f"/{bucket}{query}")
            (modified,) = page.texts("Contents", "LastModified")
            assert datetime.fromisoformat(modified) <= parsedate_to_datetime(page.headers["date"])


def test_a_list_and_an_object_say_the_same_time(gateway: GatewayProcess, bucket: str) -> None:
    send(gateway, "PUT", f"/{bucket}/key", b"1")
    modified = parsedate_to_datetime(
        send(gateway, "HEAD", f"/{bucket}/key").headers["last-modified"]
    )
    for query in ("", "?list-type=2"):
        (listed,) = send(gateway, "GET", f"/{bucket}{query}").texts("Contents", "LastModified")
        assert datetime.fromisoformat(listed) == modified


def test_an_object_has_the_time_of_its_own_last_write(gateway: GatewayProcess, bucket: str) -> None:
    send(gateway, "PUT", f"/{bucket}/a", b"1")
    first = modified(gateway, bucket, "a")
    time.sleep(1.1)  # HTTP dates have whole seconds
    send(gateway, "PUT", f"/{bucket}/b", b"1")
    assert modified(gateway, bucket, "a") == first < modified(gateway, bucket, "b")
    send(gateway, "DELETE", f"/{bucket}/a")
    send(gateway, "PUT", f"/{bucket}/a", b"1")
    assert modified(gateway, bucket, "a") >= modified(gateway, bucket, "b") > first
    since = {"If-Modified-Since": format_datetime(first, usegmt=True)}
    assert send(gateway, "GET", f"/{bucket}/a", None, since).status == 200


def modified(gateway: GatewayProcess, bucket: str, key: str) -> datetime:
    """What GET, HEAD and both lists say, which is the same."""
    dates = {send(gateway, m, f"/{bucket}/{key}").headers["last-modified"] for m in ("GET", "HEAD")}
    (changed,) = map(parsedate_to_datetime, dates)
    for query in (f"?prefix={key}", f"?list-type=2&prefix={key}&delimiter=/"):
        (listed,) = send(gateway, "GET", f"/{bucket}{query}").texts("Contents", "LastModified")
        assert datetime.fromisoformat(listed) == changed
    return changed


def test_the_date_of_an_answer_is_now(gateway: GatewayProcess, bucket: str) -> None:
    for _ in range(5):
        before = datetime.now(UTC).replace(microsecond=0)
        answered = parsedate_to_datetime(send(gateway, "HEAD", f"/{bucket}").headers["date"])
        assert before <= answered <= datetime.now(UTC)


def test_a_date_in_the_future_is_no_condition(gateway: GatewayProcess, bucket: str) -> None:
    send(gateway, "PUT", f"/{bucket}/key", b"1")
    tomorrow = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    headers = {"If-Modified-Since": tomorrow}
    for method in ("GET", "HEAD"):
        assert send(gateway, method, f"/{bucket}/key", None, headers).status == 200
    assert (
        send(gateway, "GET", f"/{bucket}/key", None, {"If-Unmodified-Since": tomorrow}).status
        == 200
    )
