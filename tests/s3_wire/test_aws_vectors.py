"""The examples that AWS has published, with the signatures that it says are right.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, `sigv4-streaming`,
`sigv4-streaming-trailers` and `sigv4-query-string-auth` beside it, the user guide's page on
version 2, and the test suite for version 4 that AWS's SDKs share.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

import pytest

from s3_wire import canonical
from s3_wire.aws_chunked import AwsChunkedDecoder
from s3_wire.canonical import SignedRequest
from s3_wire.payload_modes import SIGNED_CHUNKS, SIGNED_TRAILER
from s3_wire.signatures import signature_of
from s3_wire.signing_times import time_of
from tests.s3_wire.signing import (
    DATE,
    HOST,
    NO_BODY,
    NOW,
    OF_NOTHING,
    SECRET,
    authorization,
    request,
)

IN_HEADERS = {
    "GET Object": request(
        "GET",
        "/test.txt",
        HOST,
        DATE,
        ("range", "bytes=0-9"),
        NO_BODY,
        authorization(
            "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
    ),
    "PUT Object": request(
        "PUT",
        "/test$file.text",
        HOST,
        DATE,
        ("date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        (
            "x-amz-content-sha256",
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
        ),
        authorization(
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
    ),
    "GET Bucket Lifecycle": request(
        "GET",
        "/?lifecycle",
        HOST,
        DATE,
        NO_BODY,
        authorization(
            "host;x-amz-content-sha256;x-amz-date",
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
    ),
    "List Objects": request(
        "GET",
        "/?max-keys=2&prefix=J",
        HOST,
        DATE,
        NO_BODY,
        authorization(
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ),
}


@pytest.mark.parametrize("example", IN_HEADERS)
def test_an_example_of_a_signed_request_is_right(example: str) -> None:
    signature_of(IN_HEADERS[example], NOW).verify(SECRET)


def test_the_example_of_a_presigned_url_is_right() -> None:
    target = (
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    signature = signature_of(request("GET", target, HOST), NOW + timedelta(hours=23))
    assert signature.is_presigned
    signature.verify(SECRET)


OF_CHUNKS = (
    ("host", "s3.amazonaws.com"),
    DATE,
    ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ("x-amz-decoded-content-length", "66560"),
    ("content-encoding", "aws-chunked"),
)
FIRST, SECOND = b"a" * 65536, b"a" * 1024


def chunk(content: bytes, signature: str) -> bytes:
    return b"%x;chunk-signature=%s\r\n%s\r\n" % (len(content), signature.encode(), content)


def test_the_example_of_signed_chunks_is_right() -> None:
    head = request(
        "PUT",
        "/examplebucket/chunkObject.txt",
        *OF_CHUNKS,
        ("content-length", "66824"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
        authorization(
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
            "x-amz-decoded-content-length;x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        ),
    )
    body = (
        chunk(FIRST, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648")
        + chunk(SECOND, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497")
        + chunk(b"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")
    )
    assert len(body) == 66824
    decoder = AwsChunkedDecoder(
        66560, SIGNED_CHUNKS, signatures=signature_of(head, NOW).verify(SECRET)
    )
    assert b"".join(decoder.feed(body)) == FIRST + SECOND
    assert decoder.finish() == {}


def test_the_example_of_a_signed_trailer_is_right() -> None:
    head = request(
        "PUT",
        "/examplebucket/chunkObject.txt",
        *OF_CHUNKS,
        ("x-amz-trailer", "x-amz-checksum-crc32c"),
        ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
        authorization(
            "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
            "x-amz-storage-class;x-amz-trailer",
            "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
        ),
    )
    body = (
        chunk(FIRST, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2")
        + chunk(SECOND, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7")
        + chunk(b"", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")[:-2]
        + b"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
        + b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
    )
    signatures = signature_of(head, NOW).verify(SECRET)
    decoder = AwsChunkedDecoder(66560, SIGNED_TRAILER, "x-amz-checksum-crc32c", signatures)
    assert b"".join(decoder.feed(body)) == FIRST + SECOND
    assert decoder.finish()["x-amz-checksum-crc32c"] == "sOO8/Q=="


JOHNSMITH = ("host", "johnsmith.s3.amazonaws.com")
S3 = ("host", "s3.amazonaws.com")


def v2(signature: str) -> tuple[str, str]:
    return "authorization", f"AWS AKIAIOSFODNN7EXAMPLE:{signature}"


VERSION_2 = {
    "Object GET": request(
        "GET",
        "/photos/puppy.jpg",
        JOHNSMITH,
        ("date", "Tue, 27 Mar 2007 19:36:42 +0000"),
        v2("bWq2s1WEIj+Ydj0vQ697zp+IXMU="),
        bucket_path="/johnsmith/photos/puppy.jpg",
    ),
    "Object PUT": request(
        "PUT",
        "/photos/puppy.jpg",
        JOHNSMITH,
        ("content-type", "image/jpeg"),
        ("content-length", "94328"),
        ("date", "Tue, 27 Mar 2007 21:15:45 +0000"),
        v2("MyyxeRY7whkBe+bq8fHCL/2kKUg="),
        bucket_path="/johnsmith/photos/puppy.jpg",
    ),
    "List": request(
        "GET",
        "/?prefix=photos&max-keys=50&marker=puppy",
        JOHNSMITH,
        ("user-agent", "Mozilla/5.0"),
        ("date", "Tue, 27 Mar 2007 19:42:41 +0000"),
        v2("htDYFYduRNen8P9ZfE/s9SuKy0U="),
        bucket_path="/johnsmith/",
    ),
    "Fetch": request(
        "GET",
        "/?acl",
        JOHNSMITH,
        ("date", "Tue, 27 Mar 2007 19:44:46 +0000"),
        v2("c2WLPFtWHVgbEmeEG93a4cG37dM="),
        bucket_path="/johnsmith/",
    ),
    "Upload": request(
        "PUT",
        "/db-backup.dat.gz",
        ("host", "static.johnsmith.net:8080"),
        ("date", "Tue, 27 Mar 2007 21:06:08 +0000"),
        ("x-amz-acl", "public-read"),
        ("content-type", "application/x-download"),
        ("content-md5", "4gJE4saaMU4BqNR0kLY+lw=="),
        ("x-amz-meta-reviewedby", "joe@johnsmith.net"),
        ("x-amz-meta-reviewedby", "jane@johnsmith.net"),
        ("x-amz-meta-filechecksum", "0x02661779"),
        ("x-amz-meta-checksumalgorithm", "crc32"),
        v2("ilyl83RwaSoYIEdixDQcA4OnAnc="),
        bucket_path="/static.johnsmith.net/db-backup.dat.gz",
    ),
    "List All My Buckets": request(
        "GET",
        "/",
        S3,
        ("date", "Wed, 28 Mar 2007 01:29:59 +0000"),
        v2("qGdzdERIC03wnaRNKh6OqZehG9s="),
    ),
    "Unicode Keys": request(
        "GET",
        "/dictionary/fran%C3%A7ais/pr%c3%a9f%c3%a8re",
        S3,
        ("date", "Wed, 28 Mar 2007 01:49:49 +0000"),
        v2("DNEZGsoieTZ92F3bUfSPQcbGmlM="),
    ),
}


@pytest.mark.parametrize("example", VERSION_2)
def test_an_example_of_version_2_is_right(example: str) -> None:
    signed = VERSION_2[example]
    now = time_of(signed.header_values()[b"date"].decode())
    assert now is not None
    signature_of(signed, now).verify(SECRET)


UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SUITE: dict[str, tuple[str, str, tuple[tuple[str, str], ...], str]] = {
    "get-vanilla": (
        "GET", "/", (),
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    "get-vanilla-empty-query-key": (
        "GET", "/?Param1=value1", (),
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ),
    "get-vanilla-query-order-key-case": (
        "GET", "/?Param2=value2&Param1=value1", (),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    "get-vanilla-query-order-key": (
        "GET", "/?Param1=value2&Param1=Value1", (),
        "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1",
    ),
    "get-vanilla-query-order-value": (
        "GET", "/?Param1=value2&Param1=value1", (),
        "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
    ),
    "get-vanilla-query-unreserved": (
        "GET", f"/?{UNRESERVED}={UNRESERVED}", (),
        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ),
    "get-vanilla-utf8-query": (
        "GET", "/?%E1%88%B4=bar", (),
        "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    ),
    "get-header-value-trim": (
        "GET", "/", (("my-header1", "value1"), ("my-header2", '"a   b   c"')),
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    "get-header-value-order": (
        "GET", "/", tuple(("my-header1", f"value{n}") for n in (4, 1, 3, 2)),
        "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    ),
    "get-header-key-duplicate": (
        "GET", "/", tuple(("my-header1", f"value{n}") for n in (2, 2, 1)),
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    "get-unreserved": (
        "GET", f"/{UNRESERVED}", (),
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    "get-utf8": (
        "GET", "/\u1234", (),
        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    ),
    "get-space": (
        "GET", "/example space/", (),
        "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
    ),
    "post-vanilla": (
        "POST", "/", (),
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    "post-header-value-case": (
        "POST", "/", (("my-header1", "VALUE1"),),
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
}  # fmt: skip
OF_SUITE = "20150830/us-east-1/service/aws4_request"


@pytest.mark.parametrize("name", SUITE)
def test_the_canonical_request_of_the_shared_suite_is_right(name: str) -> None:
    """The suite's service is not S3, so that only what is signed can be compared."""
    method, target, headers, expected = SUITE[name]
    base = (("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z"))
    signed = request(method, target, *base, *headers)
    *_, path = canonical.paths(signed.raw_path)
    assert signature(canonical_request(signed, path)) == expected


def canonical_request(signed: SignedRequest, path: str) -> str:
    values = signed.header_values()
    names = sorted(values)
    query, lines = canonical.query(signed.query_string), canonical.header_lines(values, names)
    return "\n".join((signed.method, path, query, lines, b";".join(names).decode(), OF_NOTHING))


def signature(over: str) -> str:
    key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    for part in OF_SUITE.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    digest = hashlib.sha256(over.encode("latin-1")).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n20150830T123600Z\n{OF_SUITE}\n{digest}"
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
