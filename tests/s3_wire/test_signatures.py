from __future__ import annotations

import base64
import hashlib
import hmac
import tracemalloc
from datetime import datetime, timedelta

import pytest

from s3_wire import errors, signature_errors
from s3_wire.aws_chunked import AwsChunkedDecoder
from s3_wire.canonical import SignedRequest
from s3_wire.errors import AccessDenied, InvalidArgument, NotImplemented, S3Error
from s3_wire.payload_modes import SIGNED_CHUNKS
from s3_wire.signature_errors import (
    AuthorizationHeaderMalformed,
    AuthorizationQueryParametersError,
    MissingSecurityHeader,
    RequestTimeTooSkewed,
    SignatureDoesNotMatch,
)
from s3_wire.signatures import signature_of
from tests.s3_wire.signed_chunks import chunk_signatures, chunked
from tests.s3_wire.signing import (
    ACCESS_KEY,
    DATE,
    HOST,
    NO_BODY,
    NOW,
    SCOPE,
    SECRET,
    authorization,
    request,
)

SIGNED = "host;x-amz-content-sha256;x-amz-date"
PRESIGNED = (
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
    "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=1"
)


def signed_over(canonical_request: str, *, date: str = DATE[1], secret: str = SECRET) -> str:
    """What a client computes, written down once more from AWS's description."""
    key = f"AWS4{secret}".encode()
    for part in SCOPE.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    digest = hashlib.sha256(canonical_request.encode("latin-1")).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{date}\n{SCOPE}\n{digest}"
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def canonical_request(path: str, query: str = "") -> str:
    lines = f"host:{HOST[1]}\nx-amz-content-sha256:{NO_BODY[1]}\nx-amz-date:{DATE[1]}\n"
    return f"GET\n{path}\n{query}\n{lines}\n{SIGNED}\n{NO_BODY[1]}"


def signed_get(target: str, path: str, query: str = "") -> SignedRequest:
    signature = signed_over(canonical_request(path, query))
    return request("GET", target, HOST, DATE, NO_BODY, authorization(SIGNED, signature))


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/b/a%2Fb", "/b/a%2Fb", ""),
        ("/b//a", "/b//a", ""),
        ("/b/./../a", "/b/./../a", ""),
        ("/b/a=b", "/b/a%3Db", ""),  # sent with fewer escapes than signed
        ("/b/%61%7e", "/b/a~", ""),  # and with more
        ("/b/%c3%a9", "/b/%C3%A9", ""),
        ("/b/a%2fb", "/b/a%2Fb", ""),
        ("/b/a+b", "/b/a%2Bb", ""),
        ("/b/100%", "/b/100%25", ""),
        ("/b?acl", "/b", "acl="),
        ("/b?b=2&a=1", "/b", "a=1&b=2"),
        ("/b?a=2&a=1&a", "/b", "a=&a=1&a=2"),
        ("/b?prefix=a+b", "/b", "prefix=a%20b"),
        ("/b?prefix=a/b", "/b", "prefix=a%2Fb"),
        ("/b?&a=1&&", "/b", "a=1"),
        ("/b?a=b=c", "/b", "a=b%3Dc"),
    ],
)
def test_a_target_is_signed_as_it_came_or_as_aws_escapes_it(
    target: str, path: str, query: str
) -> None:
    signature_of(signed_get(target, path, query), NOW).verify(SECRET)


@pytest.mark.parametrize(
    ("target", "path"),
    [("/b/a%2Fb", "/b/a/b"), ("/b/a/b", "/b/a%2Fb"), ("/b//a", "/b/a"), ("/b/a", "/b/a/")],
)
def test_what_names_another_key_is_not_what_was_signed(target: str, path: str) -> None:
    with pytest.raises(SignatureDoesNotMatch):
        signature_of(signed_get(target, path), NOW).verify(SECRET)


def test_white_space_in_a_header_is_one_space() -> None:
    lines = f"host:{HOST[1]}\nx-amz-content-sha256:{NO_BODY[1]}\nx-amz-date:{DATE[1]}\n"
    lines += "x-amz-meta-a:a b c,d\n"
    names = f"{SIGNED};x-amz-meta-a"
    signature = signed_over(f"GET\n/b\n\n{lines}\n{names}\n{NO_BODY[1]}")
    meta = (("x-amz-meta-a", "a  b \t c"), ("x-amz-meta-a", "d"))
    sent = request("GET", "/b", HOST, DATE, NO_BODY, *meta, authorization(names, signature))
    signature_of(sent, NOW).verify(SECRET)


def test_what_does_not_match_says_what_was_signed() -> None:
    sent = request("GET", "/b", HOST, DATE, NO_BODY, authorization(SIGNED, "0" * 64))
    with pytest.raises(SignatureDoesNotMatch) as raised:
        signature_of(sent, NOW).verify(SECRET)
    details = raised.value.details
    assert details["CanonicalRequest"] == canonical_request("/b")
    assert details["StringToSign"].startswith("AWS4-HMAC-SHA256\n20130524T000000Z\n20130524/us-")
    assert details["StringToSignBytes"].startswith("41 57 53 34 2d")
    assert details["SignatureProvided"] == "0" * 64
    assert details["AWSAccessKeyId"] == ACCESS_KEY
    assert SECRET not in str(details)


@pytest.mark.parametrize("secret", ["", "another", SECRET + " "])
def test_another_secret_does_not_match(secret: str) -> None:
    with pytest.raises(SignatureDoesNotMatch):
        signature_of(signed_get("/b", "/b"), NOW).verify(secret)


@pytest.mark.parametrize("minutes", [-15, 0, 15])
def test_a_clock_may_differ_by_a_quarter_of_an_hour(minutes: int) -> None:
    signature_of(signed_get("/b", "/b"), NOW + timedelta(minutes=minutes)).verify(SECRET)


@pytest.mark.parametrize("seconds", [-901, 901, 86400])
def test_an_old_request_is_refused(seconds: int) -> None:
    with pytest.raises(RequestTimeTooSkewed) as raised:
        signature_of(signed_get("/b", "/b"), NOW + timedelta(seconds=seconds))
    assert raised.value.details["MaxAllowedSkewMilliseconds"] == "900000"


def of_header(**changed: str) -> SignedRequest:
    """A request whose parts can be changed; None leaves one out."""
    given = {"Credential": f"{ACCESS_KEY}/{SCOPE}", "SignedHeaders": SIGNED, "Signature": "0"}
    given |= changed
    text = ", ".join(f"{name}={value}" for name, value in given.items() if value)
    return request("GET", "/b", HOST, DATE, NO_BODY, ("authorization", f"AWS4-HMAC-SHA256 {text}"))


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (of_header(Credential=""), "Credential is missing"),
        (of_header(SignedHeaders=""), "SignedHeaders is missing"),
        (of_header(Signature=""), "Signature is missing"),
        (of_header(Credential=ACCESS_KEY), "mal-formed"),
        (of_header(Credential=f"/{SCOPE}"), "mal-formed"),
        (of_header(Credential=f"a/{SCOPE}".replace("20130524", "2013")), "mal-formed"),
        (of_header(Credential=f"a/{SCOPE}".replace("/s3/", "/sts/")), 'incorrect service "sts"'),
        (of_header(Credential=f"a/{SCOPE}4"), 'incorrect terminal "aws4_request4"'),
        (of_header(Credential=f"a/{SCOPE}".replace("24/", "25/")), "Invalid credential date"),
    ],
)
def test_a_malformed_header_is_refused(sent: SignedRequest, message: str) -> None:
    with pytest.raises(AuthorizationHeaderMalformed, match=message):
        signature_of(sent, NOW)


def test_a_region_may_be_demanded() -> None:
    sent = signed_get("/b", "/b")
    signature_of(sent, NOW, "us-east-1").verify(SECRET)
    with pytest.raises(AuthorizationHeaderMalformed, match="'us-east-1' is wrong") as raised:
        signature_of(sent, NOW, "eu-west-1")
    assert raised.value.details == {"Region": "eu-west-1"}
    presigned = request("GET", f"/b?{PRESIGNED}", HOST)
    with pytest.raises(AuthorizationQueryParametersError, match="'us-east-1' is wrong"):
        signature_of(presigned, NOW, "eu-west-1")


def test_headers_of_s3_must_be_signed() -> None:
    source = ("x-amz-copy-source", "secret/key")
    sent = request("PUT", "/b/k", HOST, DATE, NO_BODY, source, authorization(SIGNED, "0"))
    with pytest.raises(AccessDenied) as raised:
        signature_of(sent, NOW)
    assert raised.value.details["HeadersNotSigned"] == "x-amz-copy-source"
    with pytest.raises(AccessDenied):
        signature_of(request("PUT", f"/b/k?{PRESIGNED}", HOST, source), NOW)


def test_the_host_must_be_signed() -> None:
    names = "x-amz-content-sha256;x-amz-date"
    with pytest.raises(AccessDenied) as raised:
        signature_of(request("GET", "/b", HOST, DATE, NO_BODY, authorization(names, "0")), NOW)
    assert raised.value.details["HeadersNotSigned"] == "host"


def test_the_digest_of_the_body_must_be_there() -> None:
    names = "host;x-amz-date"
    with pytest.raises(MissingSecurityHeader):
        signature_of(request("GET", "/b", HOST, DATE, authorization(names, "0")), NOW)


@pytest.mark.parametrize("date", ["", "yesterday", "20130524", "20131324T000000Z"])
def test_a_request_without_a_time_is_refused(date: str) -> None:
    sent = request("GET", "/b", HOST, ("x-amz-date", date), NO_BODY, authorization(SIGNED, "0"))
    with pytest.raises(AccessDenied, match="valid Date"):
        signature_of(sent, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        "X-Amz-Expires=0", "X-Amz-Expires=-1", "X-Amz-Expires=604801", "X-Amz-Expires=soon",
        "X-Amz-Expires=", "X-Amz-Expires=1e3", "X-Amz-Expires=9999999999999999999999",
        "X-Amz-Date=", "X-Amz-Date=today", "X-Amz-Date=2013-05-24T00:00:00Z",
        "X-Amz-Algorithm=AWS3", "X-Amz-SignedHeaders=", "X-Amz-Signature=", "X-Amz-Credential=A",
    ],
)  # fmt: skip
def test_a_malformed_presigned_url_is_refused(changed: str) -> None:
    name = changed.partition("=")[0]
    target = "&".join(
        changed if part.startswith(f"{name}=") else part for part in PRESIGNED.split("&")
    )
    with pytest.raises(AuthorizationQueryParametersError):
        signature_of(request("GET", f"/b?{target}", HOST), NOW)


@pytest.mark.parametrize("part", PRESIGNED.split("&"))
def test_a_presigned_url_is_whole_and_says_nothing_twice(part: str) -> None:
    without = "&".join(one for one in PRESIGNED.split("&") if one != part)
    for target in (without, f"{PRESIGNED}&{part}"):
        with pytest.raises(AuthorizationQueryParametersError):
            signature_of(request("GET", f"/b?{target}", HOST), NOW)


def test_a_presigned_url_expires() -> None:
    sent = request("GET", f"/b?{PRESIGNED}", HOST)
    for seconds in (-900, 59):
        signature_of(sent, NOW + timedelta(seconds=seconds))
    with pytest.raises(AccessDenied, match="has expired"):
        signature_of(sent, NOW + timedelta(seconds=60))
    with pytest.raises(AccessDenied, match="not valid yet"):
        signature_of(sent, NOW - timedelta(seconds=901))


def test_a_presigned_url_says_one_thing_of_its_body() -> None:
    digest = f"X-Amz-Content-Sha256={'0' * 64}"
    with pytest.raises(AuthorizationQueryParametersError, match="differ"):
        signature_of(request("PUT", f"/b/k?{PRESIGNED}&{digest}", HOST, NO_BODY), NOW)


@pytest.mark.parametrize(
    ("target", "headers", "error"),
    [
        ("/b", [], AccessDenied),
        ("/b?X-Amz-Expires=60", [], AccessDenied),
        ("/b", ["Basic dTpw"], InvalidArgument),
        ("/b", ["Bearer abc"], InvalidArgument),
        ("/b", [""], InvalidArgument),
        ("/b", ["AWS4-HMAC-SHA256"], AuthorizationHeaderMalformed),
        ("/b", ["AWS4-HMAC-SHA256 \x00,=;"], AuthorizationHeaderMalformed),
        ("/b", ["AWS"], InvalidArgument),
        ("/b", ["AWS :"], InvalidArgument),
        ("/b", ["AWS a:b", "AWS a:b"], InvalidArgument),
        (f"/b?{PRESIGNED}", ["AWS a:b"], InvalidArgument),
        (f"/b?{PRESIGNED}&Signature=a", [], InvalidArgument),
        ("/b?Signature=a", [], AccessDenied),
        ("/b?AWSAccessKeyId=a&Signature=b&Expires=tomorrow", [], AccessDenied),
    ],
)
def test_whatever_is_no_signature_is_refused(
    target: str, headers: list[str], error: type[S3Error]
) -> None:
    sent = [("authorization", text) for text in headers]
    with pytest.raises(error):
        signature_of(request("GET", target, HOST, *sent), NOW)


@pytest.mark.parametrize(
    "sent",
    [
        request("GET", "/b", HOST, ("authorization", "AWS4-ECDSA-P256-SHA256 Credential=a")),
        request("GET", f"/b?{PRESIGNED}".replace("AWS4-HMAC", "AWS4-ECDSA-P256"), HOST),
        request(
            "PUT", "/b/k", HOST, DATE, authorization(SIGNED, "0"),
            ("x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"),
        ),
    ],
)  # fmt: skip
def test_version_4a_is_refused_by_its_name(sent: SignedRequest) -> None:
    with pytest.raises(NotImplemented, match="4A"):
        signature_of(sent, NOW)


def of_v2(expires: datetime) -> SignedRequest:
    stamp = str(int(expires.timestamp()))
    digest = hmac.new(SECRET.encode(), f"GET\n\n\n{stamp}\n/b/k".encode(), hashlib.sha1).digest()
    given = base64.b64encode(digest).decode().replace("+", "%2B").replace("=", "%3D")
    return request("GET", f"/b/k?AWSAccessKeyId={ACCESS_KEY}&Signature={given}&Expires={stamp}")


def test_a_presigned_url_of_version_2_expires() -> None:
    sent = of_v2(NOW + timedelta(hours=1))
    signature_of(sent, NOW).verify(SECRET)
    with pytest.raises(AccessDenied, match="expired"):
        signature_of(sent, NOW + timedelta(hours=1))
    with pytest.raises(AuthorizationQueryParametersError, match="week"):
        signature_of(of_v2(NOW + timedelta(days=8)), NOW)
    with pytest.raises(SignatureDoesNotMatch):
        signature_of(sent, NOW).verify("another")


def test_an_old_request_of_version_2_is_refused() -> None:
    date = ("date", "Fri, 24 May 2013 00:00:00 GMT")
    sent = request("GET", "/b", date, ("authorization", f"AWS {ACCESS_KEY}:AAAA"))
    assert signature_of(sent, NOW).access_key == ACCESS_KEY
    with pytest.raises(RequestTimeTooSkewed):
        signature_of(sent, NOW + timedelta(minutes=16))


def decoder() -> AwsChunkedDecoder:
    return AwsChunkedDecoder(5, SIGNED_CHUNKS, signatures=chunk_signatures())


def take(whole: AwsChunkedDecoder, wire: bytes, size: int) -> bytes:
    """Feed all in pieces of a size, to the end."""
    got = [whole.feed(wire[at : at + size]) for at in range(0, len(wire), size)]
    whole.finish()
    return b"".join(piece for pieces in got for piece in pieces)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_chunks_are_verified_however_they_come(size: int) -> None:
    assert take(decoder(), chunked(b"abc", b"de", b""), size) == b"abcde"


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("at", range(3))
def test_a_wrong_signature_of_any_chunk_is_seen(at: int, size: int) -> None:
    wire, whole = chunked(b"abc", b"de", b"", spoil=at), decoder()
    with pytest.raises(SignatureDoesNotMatch):
        take(whole, wire, size)


@pytest.mark.parametrize("chunks", [1, 2_000])
def test_what_waits_to_be_verified_is_counted_with_all_that_it_takes(chunks: int) -> None:
    """Chunks of two bytes, or pieces of two bytes of one chunk."""
    signatures = chunk_signatures()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for at in range(chunks):
            signatures.begin(f"{at:064x}")
            for _ in range(2_000 // chunks):
                signatures.update(bytes(bytearray(b"ab")))
            signatures.end()
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - before <= signatures.noted_bytes


def test_chunks_cannot_be_left_out_or_change_places() -> None:
    first, second, last = (chunked(b"abc", b"de", b"")[s] for s in (
        slice(0, 86), slice(86, 172), slice(172, None)))  # fmt: skip
    for wire in (second + first + last, first + last + second, second + last):
        with pytest.raises((SignatureDoesNotMatch, errors.IncompleteBody)):
            take(decoder(), wire, len(wire))


def test_codes_of_signatures_are_s3s() -> None:
    codes = {
        name: kind.status
        for name, kind in vars(signature_errors).items()
        if isinstance(kind, type) and issubclass(kind, S3Error) and kind is not S3Error
    }
    assert codes == {
        "AuthorizationHeaderMalformed": 400,
        "AuthorizationQueryParametersError": 400,
        "ExpiredToken": 400,
        "InvalidAccessKeyId": 403,
        "MissingSecurityHeader": 400,
        "RequestTimeTooSkewed": 403,
        "SignatureDoesNotMatch": 403,
    }
