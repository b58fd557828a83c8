"""What verifying keeps from one request to the next, or hands on, says what it would say anew."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3_wire.canonical import SignedRequest
from s3_wire.credential import SigningKey


@given(key=st.binary(max_size=64), text=st.binary(max_size=300))
def test_a_signing_key_signs_as_hmac_does(key: bytes, text: bytes) -> None:
    assert SigningKey(key).signature(text) == hmac.digest(key, text, "sha256").hex()


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("a=1&b=%2F+x", {"a": "1", "b": "/ x"}),
        ("acl&&a=", {"acl": "", "a": ""}),
        ("a=1&a=2", None),
        ("a=%C3%A9", None),
        ("a=%FF", None),
    ],
)
def test_a_query_is_handed_on_only_where_all_read_it_alike(
    query: str, read: dict[str, str] | None
) -> None:
    sent = SignedRequest("GET", b"/b/k", query.encode(), [])
    assert sent.plain_query() == read
