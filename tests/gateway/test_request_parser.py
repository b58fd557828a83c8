"""The parser of a connection's requests: whole, byte by byte, cut anywhere, with garbage behind."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pytest

from gateway.http.request_head import RequestHead
from gateway.http.request_parser import BODY_ENDED, Event, RequestParser
from s3_wire.errors import S3Error

MAX_HEAD_BYTES = 2048
HEAD_SECONDS = 10.0
GARBAGE = (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"no such thing\r\n\r\n")


class Said(NamedTuple):
    """One request as the parser tells of it."""

    method: str
    target: bytes
    body: bytes
    is_whole: bool
    keeps_alive: bool


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def parser(clock: Clock | None = None) -> RequestParser:
    return RequestParser(MAX_HEAD_BYTES, HEAD_SECONDS, clock or Clock())


def read(pieces: Iterable[bytes]) -> tuple[list[Said], str]:
    """All requests, and the code of the refusal that ends them."""
    one = parser()
    return told(event for piece in pieces for event in one.feed(piece))


def told(events: Iterable[Event]) -> tuple[list[Said], str]:
    requests: list[Said] = []
    for event in events:
        if isinstance(event, S3Error):
            return requests, event.code
        if isinstance(event, RequestHead):
            requests.append(Said(event.method, event.target, b"", False, event.keeps_alive))
        elif isinstance(event, bytes):
            requests[-1] = requests[-1]._replace(body=requests[-1].body + event)
        else:
            assert event is BODY_ENDED
            requests[-1] = requests[-1]._replace(is_whole=True)
    return requests, ""


GET = b"GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n"
ACCEPTED: dict[str, tuple[bytes, list[Said]]] = {
    "without a body": (GET, [Said("GET", b"/b/k", b"", True, True)]),
    "two, one behind the other": (GET + GET, [Said("GET", b"/b/k", b"", True, True)] * 2),
    "with a length": (
        b"PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + GET,
        [Said("PUT", b"/b/k", b"hello", True, True), Said("GET", b"/b/k", b"", True, True)],
    ),
    "in chunks, with a trailer": (
        b"PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nx-t: 1\r\n\r\n" + GET,
        [Said("PUT", b"/b/k", b"hello", True, True), Said("GET", b"/b/k", b"", True, True)],
    ),
    "that ends the connection": (
        b"GET /b/k HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        [Said("GET", b"/b/k", b"", True, False)],
    ),
    "of HTTP/1.0": (b"GET /b/k HTTP/1.0\r\n\r\n", [Said("GET", b"/b/k", b"", True, False)]),
    "to a proxy": (
        b"GET http://me@h:1/b/k?x HTTP/1.1\r\nHost: other\r\n\r\n",
        [Said("GET", b"/b/k?x", b"", True, True)],
    ),
    "that wants another protocol": (
        b"GET /b/k HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + GET,
        [Said("GET", b"/b/k", b"", True, True)] * 2,
    ),
    "that wants another protocol, with a body": (
        b"PUT /b/k HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
        b"Content-Length: 5\r\n\r\nhello" + GET,
        [Said("PUT", b"/b/k", b"hello", True, True), Said("GET", b"/b/k", b"", True, True)],
    ),
    "with empty lines before it": (b"\r\n\r\n" + GET, [Said("GET", b"/b/k", b"", True, True)]),
}
REFUSED = {
    "no HTTP": (GARBAGE[0], "NotImplemented"),
    "no version that there is": (b"GET / HTTP/9.9\r\n\r\n", "InvalidRequest"),
    "no method that there is": (b"HELLO / HTTP/1.1\r\nHost: h\r\n\r\n", "NotImplemented"),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", "InvalidRequest"),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "InvalidRequest"),
    "two lengths": (
        b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "InvalidRequest",
    ),
    "a fragment": (b"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", "InvalidURI"),
    "another coding": (
        b"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "NotImplemented",
    ),
    "a header that is too large": (
        b"GET / HTTP/1.1\r\nHost: h\r\nx: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n",
        "RequestHeaderSectionTooLarge",
    ),
    "headers that never end": (
        b"GET / HTTP/1.1\r\nHost: h\r\n" + b"x: y\r\n" * MAX_HEAD_BYTES,
        "RequestHeaderSectionTooLarge",
    ),
}


def splits(wire: bytes) -> Sequence[list[bytes]]:
    """A wire in one piece, byte by byte, and cut in two at every place."""
    cuts = [[wire[:at], wire[at:]] for at in range(1, len(wire), max(1, len(wire) // 200))]
    return [[wire], [wire[at : at + 1] for at in range(len(wire))], *cuts]


@pytest.mark.parametrize("name", ACCEPTED)
def test_requests_are_the_same_however_they_come(name: str) -> None:
    wire, requests = ACCEPTED[name]
    for pieces in splits(wire):
        assert read(pieces) == (requests, "")


@pytest.mark.parametrize("garbage", GARBAGE)
@pytest.mark.parametrize("name", ACCEPTED)
def test_requests_before_garbage_are_whole(name: str, garbage: bytes) -> None:
    wire, requests = ACCEPTED[name]
    for pieces in splits(wire + garbage):
        # Behind a request that ends the connection nothing is looked at any more.
        code = "NotImplemented" if requests[-1].keeps_alive else ""
        assert read(pieces) == (requests, code)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_the_same_however_it_comes(name: str) -> None:
    wire, code = REFUSED[name]
    for pieces in splits(wire):
        assert read(pieces) == ([], code)


def test_after_a_refusal_nothing_is_read() -> None:
    one = parser()
    assert told(one.feed(GARBAGE[0])) == ([], "NotImplemented")
    assert one.refusal is not None
    assert one.feed(GET) == []


def test_garbage_in_a_body_is_told_with_what_came_before() -> None:
    head = b"PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    for pieces in splits(head + b"5\r\nhello\r\nno chunk\r\n"):
        assert read(pieces) == ([Said("PUT", b"/b/k", b"hello", False, True)], "InvalidRequest")


@pytest.mark.parametrize("framing", [b"1;" + b"x" * 4000, b"0\r\n" + b"x: y\r\n" * 1000])
def test_what_stands_around_a_body_has_a_limit(framing: bytes) -> None:
    head = b"PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    # What has come together with the head is not counted; that is what one read brings, at most.
    for size in (1, 7, 1000, len(framing)):
        pieces = [framing[at : at + size] for at in range(0, len(framing), size)]
        assert read([head, *pieces])[1] == "RequestHeaderSectionTooLarge"


def test_names_are_in_lower_case_and_values_without_white_space() -> None:
    (head, *_) = parser().feed(b"GET /a?b=C HTTP/1.1\r\nHOST: h\r\nX-Amz-Y: \t z \t\r\n\r\n")
    assert isinstance(head, RequestHead)
    assert head.headers == [(b"host", b"h"), (b"x-amz-y", b"z")]
    assert head.target == b"/a?b=C"
    assert not head.has_body
    assert not head.expects_continue


@pytest.mark.parametrize(
    ("version", "headers", "has_body", "expects"),
    [
        (b"1.1", b"Content-Length: 0\r\n", False, False),
        (b"1.1", b"Content-Length: 1\r\n", True, False),
        (b"1.1", b"Transfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n", True, True),
        (b"1.0", b"Content-Length: 1\r\nExpect: 100-continue\r\n", True, False),
    ],
)
def test_a_head_tells_of_its_body(
    version: bytes, headers: bytes, has_body: bool, expects: bool
) -> None:
    (head, *_) = parser().feed(b"PUT / HTTP/%s\r\nHost: h\r\n%s\r\n" % (version, headers))
    assert isinstance(head, RequestHead)
    assert (head.has_body, head.expects_continue) == (has_body, expects)


def test_a_head_is_due_from_its_first_byte_on() -> None:
    clock = Clock()
    one = parser(clock)
    assert one.head_due is None
    one.feed(b"G")
    assert one.head_due == clock.now + HEAD_SECONDS
    clock.now += 5
    one.feed(b"ET / HT")
    assert one.head_due == clock.now - 5 + HEAD_SECONDS
    one.feed(b"TP/1.1\r\nHost: h\r\n\r\n")
    assert one.head_due is None


def test_the_next_head_is_due_where_it_begins_behind_another_request() -> None:
    clock = Clock()
    one = parser(clock)
    one.feed(GET + b"GE")
    assert one.head_due == clock.now + HEAD_SECONDS


def test_a_body_has_no_time_to_be_there() -> None:
    one = parser()
    one.feed(b"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
    assert one.head_due is None


def test_random_cuts_change_nothing() -> None:
    choice = random.Random(7)  # noqa: S311 - no secret
    wires = [choice.choice(list(ACCEPTED.values())) for _ in range(20)]
    keeping = [one for one in wires if all(said.keeps_alive for said in one[1])]
    wire = b"".join(wire for wire, _ in keeping)
    expected = [said for _, requests in keeping for said in requests]
    for _ in range(200):
        at, pieces = 0, []
        while at < len(wire):
            size = choice.randint(1, 60)
            pieces.append(wire[at : at + size])
            at += size
        assert read(pieces) == (expected, "")
