"""Whatever botocore signs is right, and whatever is changed afterwards is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import (
    HmacV1Auth,
    HmacV1QueryAuth,
    S3SigV4Auth,
    S3SigV4QueryAuth,
)
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given
from hypothesis import strategies as st

from s3_wire.canonical import SignedRequest
from s3_wire.errors import S3Error
from s3_wire.signatures import signature_of

KEY, SECRET = "AKIDEXAMPLE", "a secret/of+40 characters, or another"
AUTHORITY = "gateway.example:30655"

METHODS = st.sampled_from(["GET", "HEAD", "PUT", "DELETE", "POST"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
KEYS = TEXTS.map(lambda text: quote(text, safe="/~"))
QUERIES = st.dictionaries(
    st.sampled_from(["prefix", "delimiter", "list-type", "acl", "uploadId", "marker", "é"]),
    TEXTS, max_size=4,
)  # fmt: skip
# A header's value has no white space at its ends: HTTP takes that off.
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20).map(str.strip)
HEADERS = st.dictionaries(
    st.sampled_from(["x-amz-meta-a", "x-amz-acl", "Range", "Content-Type", "x-amz-meta-B"]),
    VALUES, max_size=3,
)  # fmt: skip


def signed(auth: Any, method: str, target: str, headers: dict[str, str]) -> SignedRequest:
    """A request as it arrives that botocore has signed."""
    made = AWSRequest(method, f"http://{AUTHORITY}{target}", headers)
    auth.add_auth(made)
    target = made.url.removeprefix(f"http://{AUTHORITY}")
    path, _, query = target.partition("?")
    sent = [(b"host", AUTHORITY.encode())]
    sent += [(n.lower().encode(), v.encode("latin-1")) for n, v in made.headers.items()]
    return SignedRequest(method, path.encode(), query.encode(), sent)


def target_of(key: str, query: dict[str, str]) -> str:
    pairs = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in query.items())
    return f"/bucket/{key}" + (f"?{pairs}" if pairs else "")


def auth(kind: str) -> Any:
    credentials = Credentials(KEY, SECRET)
    if kind == "v4":
        return S3SigV4Auth(credentials, "s3", "eu-north-1")
    if kind == "v4 presigned":
        return S3SigV4QueryAuth(credentials, "s3", "eu-north-1", expires=60)
    return HmacV1Auth(credentials) if kind == "v2" else HmacV1QueryAuth(credentials, expires=60)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize("kind", ["v4", "v4 presigned"])
@given(METHODS, KEYS, QUERIES, HEADERS)
def test_what_botocore_signs_is_right(
    kind: str, method: str, key: str, query: dict[str, str], headers: dict[str, str]
) -> None:
    sent = signed(auth(kind), method, target_of(key, query), headers)
    found = signature_of(sent, now(), "eu-north-1")
    assert found.access_key == KEY
    found.verify(SECRET)


@pytest.mark.parametrize("kind", ["v2", "v2 presigned"])
@given(METHODS, KEYS, HEADERS)
def test_what_botocore_signs_with_version_2_is_right(
    kind: str, method: str, key: str, headers: dict[str, str]
) -> None:
    # botocore's version 2 keeps runs of spaces, which S3's does not.
    headers = {name: " ".join(value.split()) for name, value in headers.items()}
    # What it makes of repeated parameters and of parameters without a value is its own.
    sent = signed(auth(kind), method, target_of(key, {}), headers)
    signature_of(sent, now()).verify(SECRET)


@pytest.mark.parametrize("kind", ["v4", "v4 presigned"])
@given(st.data(), METHODS, KEYS, QUERIES)
def test_what_is_changed_afterwards_is_refused(
    kind: str, data: st.DataObject, method: str, key: str, query: dict[str, str]
) -> None:
    sent = signed(auth(kind), method, target_of(key, query), {"x-amz-meta-a": "b"})
    changed = data.draw(
        st.sampled_from(
            [
                SignedRequest("PATCH", sent.raw_path, sent.query_string, sent.headers),
                SignedRequest(method, sent.raw_path + b"x", sent.query_string, sent.headers),
                SignedRequest(method, b"/" + sent.raw_path, sent.query_string, sent.headers),
                SignedRequest(method, sent.raw_path, sent.query_string + b"&acl", sent.headers),
                SignedRequest(
                    method, sent.raw_path, sent.query_string, _changed(sent, b"x-amz-meta-a")
                ),
                SignedRequest(method, sent.raw_path, sent.query_string, _changed(sent, b"host")),
                SignedRequest(
                    method, sent.raw_path, sent.query_string,
                    [*sent.headers, (b"x-amz-acl", b"public-read")],
                ),
            ]
        )
    )  # fmt: skip
    with pytest.raises(S3Error):
        signature_of(changed, now()).verify(SECRET)


def _changed(sent: SignedRequest, name: bytes) -> list[tuple[bytes, bytes]]:
    assert any(one == name for one, _ in sent.headers)
    return [(one, value + b"x" if one == name else value) for one, value in sent.headers]


@given(st.binary(max_size=80), st.binary(max_size=200))
def test_nothing_that_can_come_is_an_error_of_ours(query: bytes, header: bytes) -> None:
    assume(b"\n" not in header)
    for prefix in (b"", b"AWS ", b"AWS4-HMAC-SHA256 "):
        sent = SignedRequest("GET", b"/", query, [(b"authorization", prefix + header)])
        with pytest.raises(S3Error):
            signature_of(sent, now()).verify(SECRET)
