"""How answers look on the wire."""

from __future__ import annotations

import pytest

from gateway.http.answer_framing import AnswerFraming

LENGTH = (b"content-length", b"5")


def test_a_length_is_kept() -> None:
    answer = AnswerFraming("GET", keeps_alive=True)
    assert answer.head(200, [LENGTH]) == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
    assert answer.body(b"he", more=True) == b"he"
    assert not answer.is_complete
    assert answer.body(b"llo", more=False) == b"llo"
    assert answer.is_complete
    assert answer.keeps_alive


def test_without_a_length_the_body_comes_in_chunks() -> None:
    answer = AnswerFraming("GET", keeps_alive=True)
    assert answer.head(200, []) == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    assert answer.body(b"hello", more=True) == b"5\r\nhello\r\n"
    assert answer.body(b"", more=True) == b""
    assert answer.body(b"", more=False) == b"0\r\n\r\n"
    assert answer.is_complete


@pytest.mark.parametrize("status", [204, 304])
def test_some_answers_have_no_body(status: int) -> None:
    answer = AnswerFraming("GET", keeps_alive=True)
    assert b"chunked" not in answer.head(status, [])
    assert answer.body(b"", more=False) == b""
    assert answer.is_complete


def test_an_answer_to_head_says_the_length_and_has_no_body() -> None:
    answer = AnswerFraming("HEAD", keeps_alive=True)
    assert b"content-length: 5\r\n" in answer.head(200, [LENGTH])
    assert answer.body(b"", more=False) == b""
    assert answer.is_complete


def test_a_connection_that_ends_is_told_so() -> None:
    answer = AnswerFraming("GET", keeps_alive=False)
    assert answer.head(200, [LENGTH]).count(b"connection: close\r\n") == 1
    assert not answer.keeps_alive


def test_an_answer_may_end_its_connection() -> None:
    answer = AnswerFraming("GET", keeps_alive=True)
    head = answer.head(200, [LENGTH, (b"connection", b"close")])
    assert head.count(b"connection: close\r\n") == 1
    assert not answer.keeps_alive


@pytest.mark.parametrize("header", [(b"x", b"a\r\nb: c"), (b"x\ny", b"z"), (b"x", b"a\x00")])
def test_a_header_is_never_two(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(RuntimeError, match="header"):
        AnswerFraming("GET", keeps_alive=True).head(200, [header])


def test_a_body_is_as_long_as_was_announced() -> None:
    answer = AnswerFraming("GET", keeps_alive=True)
    answer.head(200, [LENGTH])
    with pytest.raises(RuntimeError, match="shorter"):
        answer.body(b"hell", more=False)
    with pytest.raises(RuntimeError, match="longer"):
        answer.body(b"oo", more=True)


def test_what_the_system_sends_counts() -> None:
    answer = AnswerFraming("GET", keeps_alive=True)
    answer.head(200, [LENGTH])
    answer.skip(5)
    assert answer.body(b"", more=False) == b""
    with pytest.raises(RuntimeError, match="longer"):
        answer.skip(1)
