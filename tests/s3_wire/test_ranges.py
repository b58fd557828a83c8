from __future__ import annotations

import pytest

from s3_wire.errors import InvalidRange
from s3_wire.ranges import Span, requested_span

LARGEST = "9" * 19  # The most digits that are read.


@pytest.mark.parametrize(
    ("header", "size_bytes", "span"),
    [
        ("bytes=0-0", 10, Span(0, 1)),
        ("bytes=0-4", 10, Span(0, 5)),
        ("bytes=3-6", 10, Span(3, 4)),
        ("bytes=9-9", 10, Span(9, 1)),
        ("bytes=0-9", 10, Span(0, 10)),
        ("bytes=0-", 10, Span(0, 10)),
        ("bytes=9-", 10, Span(9, 1)),
        ("bytes=0-0", 1, Span(0, 1)),
        ("bytes=0-10", 10, Span(0, 10)),
        ("bytes=5-1000", 10, Span(5, 5)),
        (f"bytes=5-{LARGEST}", 10, Span(5, 5)),
        ("bytes=00005-00006", 10, Span(5, 2)),
        ("bytes=4294967296-4294967297", 2**33, Span(2**32, 2)),
        ("bytes=-1", 10, Span(9, 1)),
        ("bytes=-5", 10, Span(5, 5)),
        ("bytes=-10", 10, Span(0, 10)),
        ("bytes=-11", 10, Span(0, 10)),
        (f"bytes=-{LARGEST}", 10, Span(0, 10)),
    ],
)
def test_a_range_is_a_span_of_the_object(header: str, size_bytes: int, span: Span) -> None:
    assert requested_span(header, size_bytes) == span


@pytest.mark.parametrize("header", ["Bytes=2-3", "BYTES=2-3", "bytes=2-3 ", "bytes=2-3\t"])
def test_case_and_whitespace_behind_change_nothing(header: str) -> None:
    assert requested_span(header, 10) == Span(2, 2)


@pytest.mark.parametrize(
    ("header", "size_bytes"),
    [
        ("bytes=10-", 10),
        ("bytes=10-10", 10),
        ("bytes=10-20", 10),
        (f"bytes={LARGEST}-", 10),
        (f"bytes={LARGEST}-{LARGEST}", 10),
        ("bytes=-0", 10),
        ("bytes=-000", 10),
        ("bytes=0-", 0),
        ("bytes=0-0", 0),
        ("bytes=0-9", 0),
        ("bytes=-0", 0),
    ],
)
def test_a_range_that_holds_no_byte_is_invalid(header: str, size_bytes: int) -> None:
    with pytest.raises(InvalidRange) as refusal:
        requested_span(header, size_bytes)
    assert refusal.value.details == {
        "RangeRequested": header,
        "ActualObjectSize": str(size_bytes),
    }


@pytest.mark.parametrize("size_bytes", [0, 10])
@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes= - ",
        "bytes= 2-3",
        "bytes=2 -3",
        "bytes=2- 3",
        "bytes= -1",
        "bytes =2-3",
        "bytes=5",
        "bytes=a-b",
        "bytes=0-4x",
        "x bytes=0-4",
        "bytes=0x0-0x4",
        "bytes=0-4-8",
        "bytes=--4",
        "bytes=-+4",
        "bytes=1.5-4",
        "bytes=1_0-2_0",
        "bytes=\N{ARABIC-INDIC DIGIT ZERO}-\N{ARABIC-INDIC DIGIT FOUR}",
        "bytes=0-4\x00",
        "bytes:0-4",
        "bytes 0-4/10",
        "0-4",
        "items=0-4",
        "pages=-1",
        "bytes=0-4,6-8",
        "bytes=0-0,-1",
        "bytes=100-200,300-400",
        "bytes=0-4,",
        "bytes=4-3",
        "bytes=100-50",
        "bytes=-" + "9" * 20,
        "bytes=0-" + "9" * 20,
        "bytes=" + "9" * 20 + "-",
        "bytes=" + "9" * 100_000 + "-",
        "bytes=0-" + "9" * 100_000,
    ],
)
def test_what_is_no_single_range_of_bytes_is_ignored(header: str | None, size_bytes: int) -> None:
    assert requested_span(header, size_bytes) is None


@pytest.mark.parametrize(
    ("span", "size_bytes", "content_range"),
    [
        (Span(0, 1), 10, "bytes 0-0/10"),
        (Span(3, 4), 10, "bytes 3-6/10"),
        (Span(0, 10), 10, "bytes 0-9/10"),
        (Span(2**32, 1), 2**33, "bytes 4294967296-4294967296/8589934592"),
    ],
)
def test_a_span_says_its_content_range(span: Span, size_bytes: int, content_range: str) -> None:
    assert span.content_range(size_bytes) == content_range


def test_every_range_of_a_small_object_is_the_slice_it_names() -> None:
    content = b"abcde"
    for first in range(len(content)):
        for last in range(first, len(content) + 2):
            span = requested_span(f"bytes={first}-{last}", len(content))
            assert span is not None
            taken = content[span.offset : span.offset + span.size_bytes]
            assert taken == content[first : last + 1]
            assert len(taken) == span.size_bytes


@pytest.mark.timeout(5)
@pytest.mark.parametrize("header", ["bytes=1-" + " " * 32000 + "x", "bytes=" + " " * 32000 + "x"])
def test_no_header_takes_long_to_read(header: str) -> None:
    assert requested_span(header, 10) is None


def test_the_last_bytes_of_nothing_are_all_of_it() -> None:
    assert requested_span("bytes=-1", 0) is None
