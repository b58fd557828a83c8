"""What nobody signs, and somebody sends: it is refused as an error of S3, never a failure of ours.

All of it comes before anybody has shown that they know a secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from urllib.parse import quote

import pytest

from s3_wire.canonical import SignedRequest
from s3_wire.errors import S3Error
from s3_wire.signature_errors import SignatureDoesNotMatch
from s3_wire.signatures import signature_of
from tests.s3_wire.signing import ACCESS_KEY, DATE, HOST, NO_BODY, NOW, SCOPE, SECRET, request

V4 = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": f"{ACCESS_KEY}/{SCOPE}",
    "X-Amz-Date": DATE[1],
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0" * 64,
}
V2 = {
    "AWSAccessKeyId": ACCESS_KEY,
    "Signature": "AAAA",
    "Expires": str(int((NOW + timedelta(minutes=1)).timestamp())),
}
ODD = (
    "", "€", "é", "\0", "٣", "a" * 5000, "host;€", f"{ACCESS_KEY}/20130524/€/s3/aws4_request",
    "99991231T235959Z", "-1", "604801", "9" * 400, "host;", ";", "/////", "\ufffd",
)  # fmt: skip
DATES = (
    "Fri, 31 Dec 9999 23:59:59 -2359", "Fri, 31 Dec 99999 23:59:59 GMT",
    "Mon, 1" + "0" * 30 + " Jan 2024 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +" + "9" * 5000,
    "Mon, 32 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 0 00:00:00", "(" * 5000, "é", "1 2 3 4 5 6",
    "99991231T235959Z", "00000101T000000Z", "20130524T250000Z", "2013052\u0664T000000Z",
)  # fmt: skip


def presigned(parameters: dict[str, str]) -> SignedRequest:
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return request("GET", f"/b/k?{query}", HOST)


def refusal_of(sent: SignedRequest) -> S3Error:
    """How it is refused: as S3 refuses, or the test fails with what was raised instead."""
    with pytest.raises(S3Error) as raised:
        signature_of(sent, NOW).verify("another secret")
    return raised.value


@pytest.mark.parametrize("odd", ODD, ids=ascii)
@pytest.mark.parametrize("name", [*V4, "X-Amz-Content-Sha256", "X-Amz-Security-Token", "x"])
def test_any_parameter_of_version_4_may_be_odd(name: str, odd: str) -> None:
    error = refusal_of(presigned({**V4, name: odd}))
    assert error.status in (400, 403)


@pytest.mark.parametrize("odd", ODD, ids=ascii)
@pytest.mark.parametrize("name", [*V2, "versionId", "response-content-disposition", "x"])
def test_any_parameter_of_version_2_may_be_odd(name: str, odd: str) -> None:
    error = refusal_of(presigned({**V2, name: odd}))
    assert error.status in (400, 403)


def test_a_url_from_the_end_of_time_is_not_valid_yet() -> None:
    changed = {"X-Amz-Date": "99991231T235959Z", "X-Amz-Expires": "604800"}
    credential = f"{ACCESS_KEY}/99991231/us-east-1/s3/aws4_request"
    error = refusal_of(presigned({**V4, **changed, "X-Amz-Credential": credential}))
    assert (error.code, error.status) == ("AccessDenied", 403)


@pytest.mark.parametrize("date", DATES, ids=lambda date: ascii(date)[:30])
@pytest.mark.parametrize("name", ["date", "x-amz-date"])
@pytest.mark.parametrize(
    "authorization",
    [
        f"AWS {ACCESS_KEY}:AAAA",
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{SCOPE},SignedHeaders=host;x-amz-date,"
        "Signature=0",
    ],
)
def test_a_date_may_be_anything(authorization: str, name: str, date: str) -> None:
    sent = request("GET", "/b", HOST, NO_BODY, (name, date), ("authorization", authorization))
    assert refusal_of(sent).code in ("AccessDenied", "RequestTimeTooSkewed")


@pytest.mark.parametrize(("name", "seconds"), [("x-amz-date", 0), ("date", 3600)])
def test_the_date_of_s3_goes_before_that_of_http(name: str, seconds: int) -> None:
    """A proxy or a library may set the other one."""
    dates = {"date": "Fri, 24 May 2013 01:00:00 GMT", "x-amz-date": DATE[1]}
    for authorization in (
        f"AWS {ACCESS_KEY}:AAAA",
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{SCOPE},SignedHeaders=host;x-amz-date,"
        "Signature=0",
    ):
        sent = request("GET", "/b", HOST, NO_BODY, *dates.items(), ("authorization", authorization))
        assert refusal_of(sent).code == "SignatureDoesNotMatch"
        alone = request(
            "GET", "/b", HOST, NO_BODY, (name, dates[name]), ("authorization", authorization)
        )
        refused = refusal_of(alone).code
        assert refused == ("RequestTimeTooSkewed" if seconds else "SignatureDoesNotMatch")


def test_a_signed_parameter_of_version_2_may_have_any_letters() -> None:
    """As with boto3: `response-content-disposition` holds a file's name."""
    name = "attachment; filename=é€.txt"
    lines = f"GET\n\n\n{V2['Expires']}\n/b/k?response-content-disposition={name}"
    digest = hmac.digest(SECRET.encode(), lines.encode(), hashlib.sha1)
    given = {"Signature": base64.b64encode(digest).decode(), "response-content-disposition": name}
    sent = presigned({**V2, **given})
    signature_of(sent, NOW).verify(SECRET)
    with pytest.raises(SignatureDoesNotMatch):
        signature_of(sent, NOW).verify("another secret")


def test_a_token_of_a_session_is_signed_and_otherwise_ignored() -> None:
    """Only an `x-amz-` header that is signed is let through; in a URL all is signed."""
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{SCOPE},SignedHeaders=host;x-amz-date,"
        "Signature=0"
    )
    token = ("x-amz-security-token", "t")
    sent = request("GET", "/b", HOST, NO_BODY, DATE, token, ("authorization", authorization))
    error = refusal_of(sent)
    assert error.code == "AccessDenied"
    assert error.details["HeadersNotSigned"] == "x-amz-security-token"
    assert (
        refusal_of(presigned({**V4, "X-Amz-Security-Token": "t"}))
        .details["CanonicalRequest"]
        .count("X-Amz-Security-Token=t")
    )
