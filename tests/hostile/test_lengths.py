"""What a client says of its sizes costs nothing until it comes, and has limits then.

Row 18 of `docs/negative-cases.md`.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import pytest

from tests.hostile.conftest import BUCKET, KEY
from tests.hostile.measures import at_most
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

TARGET = f"/{BUCKET}/declared"
STREAMING = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
FLOOD_BYTES = 200 * 1024 * 1024


@pytest.mark.parametrize("size", [2**32, 5 * 1024**3])
def test_a_large_body_that_never_comes_costs_nothing(target: GatewayProcess, size: int) -> None:
    with Connection(target) as connection, at_most(target.process.pid, seconds=5):
        connection.send(connection.head("PUT", TARGET, None, {"Content-Length": str(size)}))
        answer = connection.read()
        assert (answer.status, answer.code) == (400, "RequestTimeout")
        assert connection.is_closed()


@pytest.mark.parametrize("size", [5 * 1024**3 + 1, 2**63 - 1, 2**63, 2**64 - 1])
def test_a_body_that_is_declared_too_large_is_refused_at_once(
    target: GatewayProcess, size: int
) -> None:
    with Connection(target) as connection, at_most(target.process.pid, seconds=1):
        connection.send(connection.head("PUT", TARGET, None, {"Content-Length": str(size)}))
        answer = connection.read()
        assert answer.status == 400
        # From 20 digits on it is no size any more.
        assert answer.code == ("EntityTooLarge" if size < 10**19 else "InvalidArgument")


@pytest.mark.parametrize("chunk", [b"ffffffffffffffff", b"7fffffffffffffff", b"100000000"])
def test_a_large_chunk_that_never_comes_costs_nothing(target: GatewayProcess, chunk: bytes) -> None:
    with Connection(target) as connection, at_most(target.process.pid, seconds=5):
        head = connection.head("PUT", TARGET, None, {"Transfer-Encoding": "chunked"})
        connection.send(head + chunk + b"\r\nhello")
        assert connection.read().code == "RequestTimeout"


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("6", "IncompleteBody"),
        ("4", "IncompleteBody"),
        ("-5", "InvalidArgument"),
        ("", "MissingContentLength"),
        ("five", "MissingContentLength"),
        ("5.0", "MissingContentLength"),
        ("+5", "MissingContentLength"),
        ("5 5", "MissingContentLength"),
        ("5, 5", "MissingContentLength"),
        ("\xb2", "MissingContentLength"),
        (str(2**53), "EntityTooLarge"),
        (str(2**63), "EntityTooLarge"),
        (str(2**64), "InvalidArgument"),
        ("9" * 400, "InvalidArgument"),
    ],
)
def test_an_absurd_decoded_length_is_refused(
    target: GatewayProcess, declared: str, code: str
) -> None:
    headers = {**STREAMING, "x-amz-decoded-content-length": declared}
    with at_most(target.process.pid, seconds=2):
        answer = send(target, "PUT", TARGET, b"5\r\nhello\r\n0\r\n\r\n", headers)
    assert (answer.status, answer.code) == (411 if code == "MissingContentLength" else 400, code)


def flood(target: GatewayProcess, before: bytes, piece: bytes) -> tuple[Answer, int]:
    """Send something that has no end, until the server has had enough of it."""
    piece *= 1 + 65536 // len(piece)
    sent = 0
    with Connection(target) as connection:
        connection.send(before)
        connection.socket.settimeout(0.5)
        with contextlib.suppress(OSError):
            while sent < FLOOD_BYTES:
                connection.send(piece)
                sent += len(piece)
                if connection.has_answer():
                    break
        connection.socket.settimeout(10)
        answer = connection.read()
    return answer, sent


def http_chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


PUT_CHUNKED = (
    f"PUT {TARGET} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
)


@pytest.mark.parametrize(
    ("before", "piece"),
    [
        (b"GET /" + BUCKET.encode() + b"/", b"a"),
        (b"GET /" + BUCKET.encode() + b"?", b"a=b&"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"a"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X: y\r\n"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X"),
        (b"", b"\r\n"),
        (PUT_CHUNKED + b"5;", b"a"),
        (PUT_CHUNKED + b"5\r\nhello\r\n0;", b"a"),
        (PUT_CHUNKED + b"5\r\nhello\r\n0\r\nX: ", b"a"),
        (PUT_CHUNKED + b"5\r\nhello\r\n0\r\n", b"X: y\r\n"),
    ],
)
def test_lines_without_end_have_an_end(target: GatewayProcess, before: bytes, piece: bytes) -> None:
    with at_most(target.process.pid, seconds=8):
        answer, _ = flood(target, before, piece)
    assert (answer.status, answer.code) == (400, "RequestHeaderSectionTooLarge")


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize(
    ("before", "piece"),
    [
        (b"5;", b"a"),
        (b"5;", b";"),
        (b"5;", b"chunk-signature="),
        (b"", b" "),
        (b"0\r\n", b"x-amz-checksum-crc32:"),
        (b"0\r\n", b"x-amz-checksum-crc32:NhCmhg==\r\n"),
        (b"0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", b"a"),
        (b"0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", b"\r\n"),
    ],
)
def test_aws_chunked_framing_without_end_has_an_end(
    target: GatewayProcess, before: bytes, piece: bytes, framing: str
) -> None:
    headers = {
        **STREAMING,
        "x-amz-decoded-content-length": "5" if before.startswith(b"5") else "0",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    if framing == "chunked":
        headers["Transfer-Encoding"] = "chunked"
        before, piece = http_chunk(before) if before else b"", http_chunk(piece * 1000)
    else:
        headers["Content-Length"] = str(2**32)
    with Connection(target) as connection:
        head = connection.head("PUT", TARGET, None, headers)
    with at_most(target.process.pid, seconds=8):
        answer, _ = flood(target, head + before, piece)
    assert (answer.status, answer.code) == (400, "IncompleteBody")
    assert send(target, "HEAD", TARGET).status == 404


@pytest.mark.parametrize(
    "head",
    [
        f"GET /{BUCKET}/{KEY} HTTP/1.1\r\nHost: localhost\r\nX: {'a' * 20_000_000}\r\n\r\n",
        f"GET /{BUCKET}/{KEY} HTTP/1.1\r\nHost: localhost\r\n" + "X: y\r\n" * 3_000_000 + "\r\n",
        f"GET /{BUCKET}/{'a' * 20_000_000} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET /{BUCKET}/{KEY} HTTP/1.1\r\nHost: localhost\r\nX: {'a' * 33_000}\r\n\r\n",
    ],
)
def test_a_head_is_limited(target: GatewayProcess, head: str) -> None:
    with Connection(target) as connection, at_most(target.process.pid, seconds=5):
        connection.send_body(head.encode())
        answer = connection.read()
        assert (answer.status, answer.code) == (400, "RequestHeaderSectionTooLarge")
        assert answer.xml.findtext("MaxSizeAllowed") == str(32 * 1024)


def test_a_head_below_the_limit_is_read_whatever_it_holds(tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--max-head-bytes", "4000000") as gateway:
        send(gateway, "PUT", "/master.b", b"")
        # The parser of targets takes 64 KiB, whatever the setting.
        too_many = "&".join(f"p{n}" for n in range(100_000))
        assert send(gateway, "GET", f"/master.b?{too_many}").code == "InvalidRequest"
        many = "&".join(f"p{n}" for n in range(9_000))
        heads: list[tuple[str, str, dict[str, str]]] = [
            ("GET", f"/master.b?{many}", {}),
            ("GET", f"/master.b?{'prefix=a&' * 7000}", {}),
            ("GET", f"/master.b?{'&' * 60_000}", {}),
            ("GET", "/master.b", {f"X-{n}": "v" for n in range(100_000)}),
            ("PUT", "/master.b/k", {f"x-amz-meta-{n}": "v" for n in range(100_000)}),
            ("GET", "/master.b", {"Range": "bytes=" + "0-1," * 500_000}),
            ("GET", "/master.b/k", {"If-None-Match": '"a",' * 500_000}),
            ("GET", "/master.b/k", {"Authorization": "AWS4-HMAC-SHA256 " * 100_000}),
        ]
        for method, target, headers in heads:
            begun = time.monotonic()
            answer = send(gateway, method, target, b"" if method == "PUT" else None, headers)
            assert answer.status in (200, 404, 501), answer
            assert time.monotonic() - begun < 5
