"""Nothing that two parties could read in two ways is read at all.

Row 22 of `docs/negative-cases.md`.
"""

from __future__ import annotations

import pytest

from tests.hostile.conftest import BUCKET, CONTENT, KEY
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

NEXT = f"GET /{BUCKET}/{KEY} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
CHUNKED = "Transfer-Encoding: chunked"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"


def put(headers: str, body: bytes) -> bytes:
    head = f"PUT /{BUCKET}/smuggled HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n"
    return head.encode("latin-1") + body


def first_answer(gateway: GatewayProcess, request: bytes) -> tuple[Answer, bool]:
    """The answer to the first of what may be two requests, and whether the connection then ends."""
    with Connection(gateway) as connection:
        connection.send(request + NEXT)
        answer = connection.read()
        return answer, connection.is_closed()


LENGTHS = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 5",
    "Content-Length: 5\r\nContent-Length: 5",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5, 5",
    "Content-Length: +5",
    "Content-Length: -5",
    "Content-Length: 5 5",
    "Content-Length: 0x5",
    "Content-Length:",
    "Content-Length: 5\x0b",
    "Content-Length: \xb2",
    "Content-Length : 5",
    "Content-Length: 18446744073709551621",
    "Content-Length: 00000000000000000000000000000000005",
    "Content-Length:\r\n 5",
    f"{CHUNKED}\r\n{CHUNKED}",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: \x0bchunked",
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding:",
    "X: y\r\n folded: z\r\nContent-Length: 5",
    " Content-Length: 5",
    "Content-Length: 5\nX: y",
    "Content-Length: 5\rX: y",
    "X\x01: y\r\nContent-Length: 5",
    "X: a\x00b\r\nContent-Length: 5",
    "No colon\r\nContent-Length: 5",
]


@pytest.mark.parametrize("headers", LENGTHS)
@pytest.mark.parametrize("body", [b"hello", HELLO])
def test_a_body_without_one_clear_length_is_refused(
    target: GatewayProcess, headers: str, body: bytes
) -> None:
    answer, is_closed = first_answer(target, put(headers, body))
    assert (answer.status, is_closed) == (400, True)
    assert answer.code in ("InvalidRequest", "InvalidArgument")


@pytest.mark.parametrize("coding", ["gzip", "gzip, chunked", "identity", "xchunked", '"chunked"'])
def test_other_transfer_codings_are_not_implemented(target: GatewayProcess, coding: str) -> None:
    answer, is_closed = first_answer(target, put(f"Transfer-Encoding: {coding}", HELLO))
    assert (answer.status, answer.code, is_closed) == (501, "NotImplemented", True)


@pytest.mark.parametrize(
    "body",
    [
        b"zz\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"5;a\nhello\r\n0\r\n\r\n",
        b"3\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloX0\r\n\r\n",
        b"fffffffffffffffff\r\nhello",
        b"5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n",
    ],
)
def test_bad_chunks_are_refused_and_end_the_connection(target: GatewayProcess, body: bytes) -> None:
    answer, is_closed = first_answer(target, put(CHUNKED, body))
    assert (answer.status, answer.code, is_closed) == (400, "InvalidRequest", True)
    assert answer.xml.findtext("Resource") == f"/{BUCKET}/smuggled"


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ("Content-Length:   5 \t", b"hello"),
        ("Content-Length: 00005", b"hello"),
        ("content-length:5", b"hello"),
        ("tRANSFER-eNCODING:\tCHUNKED ", HELLO),
        (CHUNKED, b'5;a=b;c="d;\\"e"\r\nhello\r\n0;f\r\n\r\n'),
        (CHUNKED, b"00005\r\nhello\r\n0\r\n\r\n"),
        (
            CHUNKED,
            b"5\r\nhello\r\n0\r\nHost: evil\r\nX-Amz-Acl: private\r\nRange: bytes=0-0\r\n\r\n",
        ),
    ],
)
def test_what_http_allows_is_taken(target: GatewayProcess, headers: str, body: bytes) -> None:
    with Connection(target) as connection:
        connection.send(put(headers, body))
        assert connection.read().status == 200
        assert connection.request("GET", f"/{BUCKET}/smuggled").body == b"hello"
        assert connection.request("DELETE", f"/{BUCKET}/smuggled").status == 204


@pytest.mark.parametrize(
    "line",
    [
        "GET /{} HTTP/1.1\nHost: localhost\n\n",
        "GET /{} HTTP/2.0\r\nHost: localhost\r\n\r\n",
        "GET /{} HTTP/1.2\r\nHost: localhost\r\n\r\n",
        "GET /{} HTTP/1.1\r\n\r\n",
        "GET /{} HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /{} HTTP/1.1\r\nHost: a/b?c#d\r\n\r\n",
        "GET /{} HTTP/1.1\r\nHost: user@a\r\n\r\n",
        "GET /{} HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET /{} HTTP/1.1\r\nHost: a:b\r\n\r\n",
        "GET /{} HTTP/1.1\r\nHost: \xfc\r\n\r\n",
        "GET /{}\xfc HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /{}?prefix=\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "CONNECT {}:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(target: GatewayProcess, line: str) -> None:
    answer, is_closed = first_answer(target, line.format(f"{BUCKET}/{KEY}").encode("latin-1"))
    assert (answer.status, is_closed) == (400, True)
    assert answer.code == ("InvalidURI" if line.startswith("CONNECT") else "InvalidRequest")
    assert {"date", "server", "x-amz-request-id"} <= answer.headers.keys()


def test_a_fragment_is_no_part_of_a_target(target: GatewayProcess) -> None:
    for suffix in ("#x", "?x-id=GetObject#x"):
        answer = send(target, "GET", f"/{BUCKET}/{KEY}{suffix}")
        assert (answer.status, answer.code) == (400, "InvalidURI")


def test_http_1_0_has_no_transfer_codings(target: GatewayProcess) -> None:
    head = f"PUT /{BUCKET}/smuggled HTTP/1.0\r\n{CHUNKED}\r\n\r\n".encode()
    answer, is_closed = first_answer(target, head + HELLO)
    assert (answer.status, answer.code, is_closed) == (400, "InvalidRequest", True)


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01", b"no such thing\r\n\r\n"])
def test_requests_before_garbage_are_answered_first(target: GatewayProcess, garbage: bytes) -> None:
    with Connection(target) as connection:
        connection.send(NEXT + NEXT + garbage)
        assert [connection.read().body for _ in range(2)] == [CONTENT, CONTENT]
        assert connection.is_closed()


def test_garbage_in_a_body_does_not_get_into_an_answer_that_has_begun(
    target: GatewayProcess,
) -> None:
    content = bytes(8 * 1024 * 1024)
    assert send(target, "PUT", f"/{BUCKET}/large", content).status == 200
    with Connection(target) as connection:
        head = f"GET /{BUCKET}/large HTTP/1.1\r\nHost: localhost\r\n{CHUNKED}\r\n\r\n5\r\nhello\r\n"
        connection.send(head.encode())
        connection.socket.recv(1)  # the answer has begun, and cannot go on: nobody reads it
        connection.send(b"zz\r\n")
        connection._buffer = b"H"
        answer = connection.read()
        assert (answer.status, answer.body == content) == (200, True)
        assert connection.is_closed()
    assert send(target, "DELETE", f"/{BUCKET}/large").status == 204


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_a_wish_for_another_protocol_is_ignored(target: GatewayProcess, protocol: str) -> None:
    upgrade = f"Connection: Upgrade\r\nUpgrade: {protocol}"
    with Connection(target) as connection:
        for framing, body in (("Content-Length: 5", b"hello"), (CHUNKED, HELLO)):
            connection.send(put(f"{upgrade}\r\n{framing}", body) + NEXT)
            assert connection.read().status == 200
            assert connection.read().body == CONTENT
            assert connection.request("GET", f"/{BUCKET}/smuggled").body == b"hello"
        get = f"GET /{BUCKET}/{KEY} HTTP/1.1\r\nHost: localhost\r\n{upgrade}\r\n\r\n".encode()
        connection.send(get + NEXT)
        assert [connection.read().body for _ in range(2)] == [CONTENT, CONTENT]
        connection.send(put(f"{upgrade}\r\nContent-Length: 5", b"he"))
        connection.send(b"llo" + NEXT)
        assert connection.read().status == 200
        assert connection.read().body == CONTENT
        assert connection.request("DELETE", f"/{BUCKET}/smuggled").status == 204
