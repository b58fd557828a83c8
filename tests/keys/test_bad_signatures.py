"""What a signature covers, and for how long; a body that is not what was signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.keys.conftest import (
    BUCKET,
    CONTENT,
    FORMER,
    KEY,
    READER,
    WRITER,
    assert_unchanged,
)
from tests.keys.signer import (
    DIGEST,
    MODES,
    SIGNED_CHUNKS,
    SIGNED_TRAILER,
    Key,
    Signer,
    wrong,
)
from tests.raw_http import send
from tests.servers import GatewayProcess


@pytest.fixture(autouse=True, scope="module")
def nothing_changes(keyed: GatewayProcess) -> Iterator[None]:
    yield
    assert_unchanged(keyed)


@pytest.mark.parametrize("mode", MODES)
def test_a_presigned_url_allows_no_other_form_of_body(keyed: GatewayProcess, mode: str) -> None:
    """Its signature says that the payload is unsigned: any other form is another request."""
    signer = Signer(WRITER, spoil_chunk=wrong)
    target = f"/{BUCKET}/{KEY}"
    answer = signer.send(keyed, "PUT", target, CONTENT, mode=mode, presigned=True)
    assert answer.status == (200 if mode == "UNSIGNED-PAYLOAD" else 403)


@pytest.mark.parametrize("mode", [SIGNED_CHUNKS, SIGNED_TRAILER])
@pytest.mark.parametrize("size", [10, 3_000_000])
def test_the_last_chunk_is_verified(keyed: GatewayProcess, mode: str, size: int) -> None:
    signer = Signer(WRITER, spoil_chunk=wrong)
    answer = signer.send(keyed, "PUT", f"/{BUCKET}/{KEY}", b"x" * size, mode=mode)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_the_trailer_is_verified(keyed: GatewayProcess) -> None:
    signer = Signer(WRITER, spoil_trailer=wrong)
    answer = signer.send(keyed, "PUT", f"/{BUCKET}/{KEY}", b"changed", mode=SIGNED_TRAILER)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("mode", MODES)
def test_every_form_of_body_is_taken_when_it_is_right(keyed: GatewayProcess, mode: str) -> None:
    assert Signer(WRITER).send(keyed, "PUT", f"/{BUCKET}/{KEY}", CONTENT, mode=mode).status == 200
    assert_unchanged(keyed)


def test_another_body_than_the_signed_one_is_refused(keyed: GatewayProcess) -> None:
    signer = Signer(WRITER)
    digest = "0" * 64
    answer = signer.send(keyed, "PUT", f"/{BUCKET}/{KEY}", b"changed", mode=digest)
    assert (answer.status, answer.code) == (400, "XAmzContentSHA256Mismatch")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"), ("GET", f"/{BUCKET}"), ("GET", f"/{BUCKET}/{KEY}"), ("HEAD", f"/{BUCKET}"),
        ("PUT", f"/{BUCKET}/{KEY}"), ("PUT", f"/{BUCKET}/{KEY}?acl"), ("POST", f"/{BUCKET}"),
        ("DELETE", f"/{BUCKET}/{KEY}"), ("PATCH", "/"), ("GET", "/nosuch.bucket/k"),
        ("GET", "/a..b/%zz"), ("GET", "//"),
    ],
)  # fmt: skip
def test_whoever_does_not_sign_learns_nothing(
    keyed: GatewayProcess, method: str, target: str
) -> None:
    answer = send(keyed, method, target, b"" if method in ("PUT", "POST") else None)
    assert answer.status == 403
    if method != "HEAD":
        assert answer.code == "AccessDenied"


def test_conditions_are_not_decided_before_the_signature(keyed: GatewayProcess) -> None:
    signer = Signer(WRITER, spoil=wrong)
    for headers in ({"If-None-Match": "*"}, {"If-Match": '"no"'}):
        for key in (KEY, "nosuch"):
            answer = signer.send(keyed, "GET", f"/{BUCKET}/{key}", b"", headers)
            assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("minutes", [-16, 16])
def test_a_request_of_another_time_is_refused(keyed: GatewayProcess, minutes: int) -> None:
    signer = Signer(WRITER, datetime.now(UTC) + timedelta(minutes=minutes))
    answer = signer.send(keyed, "GET", f"/{BUCKET}/{KEY}")
    assert (answer.status, answer.code) == (403, "RequestTimeTooSkewed")
    answer = signer.send(keyed, "GET", f"/{BUCKET}/{KEY}", mode="UNSIGNED-PAYLOAD", presigned=True)
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_key_expires(keyed: GatewayProcess) -> None:
    answer = Signer(FORMER).send(keyed, "PUT", f"/{BUCKET}/{KEY}", b"changed")
    assert (answer.status, answer.code) == (400, "ExpiredToken")
    answer = Signer(FORMER, spoil=wrong).send(keyed, "PUT", f"/{BUCKET}/{KEY}", b"changed")
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_a_header_that_is_not_signed_is_refused(keyed: GatewayProcess) -> None:
    target = f"/{BUCKET}/{KEY}"
    signer = Signer(WRITER)
    sent = {"Host": f"{keyed.host}:{keyed.port}", "x-amz-date": signer.timestamp}
    sent["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD"
    signer.sign_headers("PUT", target, sent, "UNSIGNED-PAYLOAD")
    sent["x-amz-copy-source"] = "/master.other/k"
    answer = send(keyed, "PUT", target, b"", sent)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert answer.texts("HeadersNotSigned") == ["x-amz-copy-source"]


def test_a_wrong_signature_is_told_with_what_was_signed(keyed: GatewayProcess) -> None:
    answer = Signer(Key("WRITER", "guessed")).send(keyed, "GET", f"/{BUCKET}/a%2Fb?x=1")
    assert answer.texts("CanonicalRequest")[0].startswith(f"GET\n/{BUCKET}/a%2Fb\nx=1\nhost:")
    assert answer.texts("StringToSign")[0].startswith("AWS4-HMAC-SHA256\n")
    assert answer.texts("AWSAccessKeyId") == ["WRITER"]


def test_signatures_are_in_no_log(keyed: GatewayProcess) -> None:
    signer = Signer(WRITER)
    signer.send(keyed, "GET", f"/{BUCKET}/{KEY}", mode="UNSIGNED-PAYLOAD", presigned=True)
    Signer(READER, spoil=wrong).send(keyed, "GET", f"/{BUCKET}/{KEY}")
    written = "".join([*keyed.log, *keyed.output])
    for text in ("Signature=", "Credential", WRITER.secret, READER.secret, signer.scope):
        assert text not in written
    assert DIGEST not in written
