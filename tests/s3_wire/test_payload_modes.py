from __future__ import annotations

import pytest

from s3_wire.errors import InvalidArgument
from s3_wire.payload_modes import (
    PLAIN,
    SIGNED_CHUNKS,
    SIGNED_TRAILER,
    UNSIGNED_CHUNKS,
    PayloadMode,
    payload_mode,
)

SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
V4 = {"authorization": "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00"}
V4A = {"authorization": "AWS4-ECDSA-P256-SHA256 Credential=a/b, SignedHeaders=host, Signature=00"}
V2 = {"authorization": "AWS a:b"}
NAMED = {
    "UNSIGNED-PAYLOAD": PLAIN,
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER": UNSIGNED_CHUNKS,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": SIGNED_CHUNKS,
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": SIGNED_TRAILER,
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD": SIGNED_CHUNKS,
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER": SIGNED_TRAILER,
}
NONE_OF_THEM = [
    "", "invalid", "unsigned-payload", "STREAMING-", "STREAMING-UNSIGNED-PAYLOAD", SHA256[1:],
    SHA256 + "0", "g" * 64, f" {SHA256}", f"{SHA256}\n",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILERS", "streaming-aws4-hmac-sha256-payload",
    "\N{ARABIC-INDIC DIGIT FIVE}" * 64,
]  # fmt: skip
ELSEWHERE: list[tuple[dict[str, str], dict[str, str]]] = [
    (V2, {}),
    ({}, {"X-Amz-Signature": "00"}),
    ({}, {"Signature": "00", "AWSAccessKeyId": "a", "Expires": "1"}),
]
IN_THE_HEADER = pytest.mark.parametrize("signed", [{}, V4, V4A])
EACH_ELSEWHERE = pytest.mark.parametrize(("signed", "query"), ELSEWHERE)


def says(value: str) -> dict[str, str]:
    return {"x-amz-content-sha256": value}


@IN_THE_HEADER
@pytest.mark.parametrize(("value", "mode"), NAMED.items())
def test_a_mode_is_named(signed: dict[str, str], value: str, mode: PayloadMode) -> None:
    assert payload_mode({**signed, **says(value)}, {}) == mode


@IN_THE_HEADER
@pytest.mark.parametrize("coding", [{}, {"content-encoding": "aws-chunked"}])
@pytest.mark.parametrize("value", [SHA256, SHA256.upper()])
def test_a_digest_is_of_a_body_without_framing(
    signed: dict[str, str], value: str, coding: dict[str, str]
) -> None:
    assert payload_mode({**signed, **coding, **says(value)}, {}) == PayloadMode(sha256=value)


@IN_THE_HEADER
@pytest.mark.parametrize("value", NONE_OF_THEM)
def test_other_values_are_refused(signed: dict[str, str], value: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        payload_mode({**signed, **says(value)}, {})
    assert refusal.value.message == (
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER,"
        " STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER,"
        " STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD,"
        " STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value."
    )
    assert refusal.value.details == {
        "ArgumentName": "x-amz-content-sha256",
        "ArgumentValue": value,
    }


@EACH_ELSEWHERE
@pytest.mark.parametrize("value", [SHA256, *NONE_OF_THEM, *NAMED])
def test_a_signature_elsewhere_makes_every_value_a_digest(
    signed: dict[str, str], query: dict[str, str], value: str
) -> None:
    mode = payload_mode({**signed, **says(value)}, query)
    if value == "UNSIGNED-PAYLOAD":
        assert mode == PLAIN
    else:
        assert (mode.sha256, mode.is_framed) == (value, False)
        assert mode.needs_decoded_size == (value in NAMED)


@pytest.mark.parametrize("codings", ["aws-chunked", "gzip, aws-chunked", "AWS-Chunked,gzip"])
def test_content_encoding_counts_where_nothing_else_is_said(codings: str) -> None:
    for signed, query in [({}, {}), (V4, {}), *ELSEWHERE]:
        assert payload_mode({**signed, "content-encoding": codings}, query) == UNSIGNED_CHUNKS


@pytest.mark.parametrize("codings", ["", "gzip", "xaws-chunked", "aws-chunked;q=1"])
def test_other_codings_say_nothing(codings: str) -> None:
    assert payload_mode({"content-encoding": codings}, {}) == PLAIN
    assert payload_mode({**says("UNSIGNED-PAYLOAD"), "content-encoding": codings}, {}) == PLAIN


@IN_THE_HEADER
@pytest.mark.parametrize("codings", ["aws-chunked", "gzip,aws-chunked"])
def test_a_framed_body_is_never_said_to_have_no_framing(
    signed: dict[str, str], codings: str
) -> None:
    headers = {**signed, **says("UNSIGNED-PAYLOAD"), "content-encoding": codings}
    with pytest.raises(InvalidArgument, match="aws-chunked encoding is not supported") as refusal:
        payload_mode(headers, {})
    assert refusal.value.details["ArgumentName"] == "Content-Encoding"


def test_nothing_said_is_nothing_compared() -> None:
    assert payload_mode({}, {}) == payload_mode(V4, {}) == payload_mode(V2, {}) == PLAIN
