"""A request is about what its address says, and nothing else.

Rows 7, 10, 11, 12, 13, 23, 24 and 26 of `docs/negative-cases.md`.
"""

from __future__ import annotations

import pytest

from tests.hostile.conftest import BUCKET, CONTENT, KEY
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

TRAVERSALS = [
    "/master.x/../{}/{}",
    "/master.x/..%2f{}/{}",
    "/master.x/%2e%2e/{}/{}",
    "/master.x/%2E%2E%2F{}%2F{}",
    "/master.x/.%2e/{}/{}",
    "/master.x/..;/{}/{}",
    "/master.x/..%5c{}%5c{}",
    "/master.x/..\\{}\\{}",
    "/master.x/%252e%252e/{}/{}",
    "/master.x/%c0%ae%c0%ae/{}/{}",
    "/master.x/%uff0e%uff0e/{}/{}",
    "/master.x/..%00/{}/{}",
    "/../{}/{}",
    "/./{}/{}",
    "//{}/{}",
    "/%2f{}/{}",
    "/%2e/{}/{}",
    "/%2e%2e%2f{}/{}",
    "/{}%2f{}",
    "/{}%00/{}",
    "/%00{}/{}",
    "/{}%20/{}",
    "/{}\t/{}",
    "/{}/./{}",
    "/{}/../{}",
    "/{}//{}",
    "/{}/%2f{}",
    "/{}/x/../{}",
    "/{}/{}%00",
    "/{}/{}%00.txt",
    "/{}/{}%0a",
    "/{}/%2e%2f{}",
    "/{}/{}/.",
    "/{}/{}//",
    "/-/../{}/{}",
    "/-/%2e%2e/{}/{}",
]


@pytest.mark.parametrize("address", TRAVERSALS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST"])
def test_no_way_round_leads_to_another_object(
    target: GatewayProcess, address: str, method: str
) -> None:
    path = address.format(BUCKET, KEY)
    answer = send(target, method, path, b"other" if method in ("PUT", "POST") else None)
    # What no file can be named is not there, and a delete of that is a success.
    gone = (204,) if method == "DELETE" else ()
    assert 400 <= answer.status < 500 or answer.status in (501, *gone), answer
    assert CONTENT not in answer.body
    assert send(target, "GET", f"/{BUCKET}/{KEY}").body == CONTENT


@pytest.mark.parametrize("address", [a.format("{}", "") for a in TRAVERSALS if "{}/{}" in a])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "POST"])
def test_no_way_round_leads_to_another_bucket(
    target: GatewayProcess, address: str, method: str
) -> None:
    body = b"<Delete><Object><Key>k</Key></Object></Delete>" if method == "POST" else None
    query = "?delete" if method == "POST" else ""
    answer = send(target, method, address.format(BUCKET) + query, body)
    if answer.status < 400:
        # Only an address that is the bucket's, with something behind it that changes nothing.
        assert address.startswith("/{}"), answer
        assert method in ("GET", "HEAD", "DELETE")
    assert CONTENT not in answer.body
    assert send(target, "GET", f"/{BUCKET}/{KEY}").body == CONTENT


@pytest.mark.parametrize(
    "target_form", ["//", "/%00", "/%", "/%zz", "/%ff", "/%0d%0aX-Evil:%201", "*"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_an_address_that_is_none_is_refused(
    target: GatewayProcess, target_form: str, method: str
) -> None:
    answer = send(target, method, target_form, b"" if method == "PUT" else None)
    assert answer.status in (400, 501)
    assert "x-evil" not in answer.headers
    if method != "HEAD":
        assert answer.code in ("InvalidURI", "InvalidBucketName", "NotImplemented")


@pytest.mark.parametrize(
    "bucket",
    [
        "..", ".", "%2e%2e", "%2e", "a..b", ".a", "a.", "...", "%2fabs", "a%2fb", "a%5cb", "a%00",
        "%00", "a%20b", "a%0ab", "%c3%bc", "a:b", "a@b", "a=b", "a+b", "a%3fb", "a.b.c.d",
        "..%2f..%2f..%2fetc", "a..%2f", "$(id)", "a;b", "a'b", "%22", "<a>", "a|b", "*",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE", "HEAD"])
def test_a_bucket_that_cannot_be_is_refused(
    target: GatewayProcess, bucket: str, method: str
) -> None:
    answer = send(target, method, f"/{bucket}", b"" if method == "PUT" else None)
    assert 400 <= answer.status < 500 or answer.status == 501, answer


@pytest.mark.parametrize("size", [256, 1000, 8000])
def test_a_long_bucket_name_breaks_nothing(target: GatewayProcess, size: int) -> None:
    name = "b." + "y" * size
    answer = send(target, "PUT", f"/{name}", b"")
    assert answer.status in (200, 400), answer
    if answer.status == 200:
        assert send(target, "PUT", f"/{name}/k", b"1").status == 200
        assert send(target, "GET", f"/{name}/k").body == b"1"
        assert send(target, "DELETE", f"/{name}/k").status == 204
        assert send(target, "DELETE", f"/{name}").status == 204


@pytest.mark.parametrize(
    "source",
    [
        "{}/{}", "/{}/{}", "{}/x/../{}", "{}/%2e%2e/{}/{}", "x/../{}/{}", "{}%2F{}",
        "{}/{}?versionId=1", "{}/{}%3FversionId%3D1", "{}/%256b", "{}", "", "/", "..",
        "{}/../../etc/passwd", "a\xff",
    ],
)  # fmt: skip
def test_no_copy_is_made_whatever_its_source(target: GatewayProcess, source: str) -> None:
    headers = {"x-amz-copy-source": source.format(BUCKET, KEY, KEY)}
    for body in (None, b"", b"body"):
        answer = send(target, "PUT", f"/{BUCKET}/copy", body, headers)
        assert (answer.status, answer.code) == (501, "NotImplemented")


@pytest.mark.parametrize(
    "query",
    ["acl", "acl=", "%61cl", "ac%6C=x", "tagging&tagging", "x-id=PutObject&acl", "&&acl", "acl&=",
     "uploadId=1", "partNumber=1", "%00", "acl%00", "ACL", "x-amz-acl=public-read",
     "acl;x-id=PutObject"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["PUT", "DELETE", "GET"])
def test_a_sub_resource_does_not_fall_through_to_the_object(
    target: GatewayProcess, query: str, method: str
) -> None:
    body = b"<other/>" if method == "PUT" else None
    answer = send(target, method, f"/{BUCKET}/{KEY}?{query}", body)
    if (method, query) == ("GET", "partNumber=1"):
        assert (answer.status, answer.body) == (206, CONTENT)
    else:
        assert (answer.status, answer.code) == (501, "NotImplemented")


def test_an_archive_is_stored_and_not_unpacked(target: GatewayProcess) -> None:
    headers = {"x-amz-meta-snowball-auto-extract": "true", "Content-Type": "application/x-tar"}
    archive = b"evil".ljust(100, b"\0") + b"0000644\0" + bytes(404)
    assert send(target, "PUT", f"/{BUCKET}/a.tar", archive, headers).status == 200
    assert send(target, "GET", f"/{BUCKET}").texts("Contents", "Key") == ["a.tar", KEY]
    assert send(target, "GET", f"/{BUCKET}/a.tar").body == archive
    assert send(target, "DELETE", f"/{BUCKET}/a.tar").status == 204
    answer = send(target, "PUT", f"/{BUCKET}/a.tar?extract-archive=tar", archive)
    assert answer.status == 501


def test_what_is_missing_is_missing_whatever_the_conditions(target: GatewayProcess) -> None:
    def asked(path: str, headers: dict[str, str]) -> Answer:
        return send(target, "GET", path, headers=headers)

    for condition in ("If-Match", "If-None-Match"):
        for value in ("*", '"x"'):
            assert asked("/master.none/k", {condition: value}).code == "NoSuchBucket"
            assert asked(f"/{BUCKET}/none", {condition: value}).code == "NoSuchKey"
    old = {"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}
    assert asked("/master.none/k", old).code == "NoSuchBucket"


@pytest.mark.parametrize(
    "host", ["", "localhost", "127.0.0.1", "[::1]:1", "a.localhost:9", "localhost:99999"]
)
def test_a_host_changes_nothing_about_the_address(target: GatewayProcess, host: str) -> None:
    with Connection(target) as connection:
        connection.send(f"GET /{BUCKET}/{KEY} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert connection.read().body == CONTENT


@pytest.mark.parametrize(
    "form", ["http://{}/{}/{}", "HTTPS://{}/{}/{}", "http://user:password@{}/{}/{}"]
)
def test_an_absolute_target_is_its_path(target: GatewayProcess, form: str) -> None:
    answer = send(target, "GET", form.format("localhost:1", BUCKET, KEY))
    assert answer.body == CONTENT
    missing = send(target, "GET", form.format("localhost:1", BUCKET, "none"))
    assert missing.xml.findtext("Resource") == f"/{BUCKET}/none"
    for root in ("http://localhost", "http://127.1.1.1?prefix=", "http://[::1]/"):
        assert send(target, "GET", root).texts("Buckets", "Bucket", "Name") == [BUCKET]
    for bad in ("ftp://x/", "http:/x", "file:///etc/passwd", "http://", "http:"):
        assert send(target, "GET", bad).status == 400
