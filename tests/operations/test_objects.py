from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from pfs_client.values import small_file_hash
from tests.operations.refusals import refused
from tests.raw_http import Answer, Connection, send
from tests.servers import GatewayProcess

ETAG = re.compile(r'"[0-9a-f]{64}-1"')


@pytest.mark.parametrize("size", [0, 1, 1000, 65_536, 65_537, 1_000_001, 6 * 1024 * 1024])
def test_what_is_put_comes_back(s3: Any, bucket: str, size: int) -> None:
    content = os.urandom(size)
    put = s3.put_object(Bucket=bucket, Key="dir/key", Body=content)
    got = s3.get_object(Bucket=bucket, Key="dir/key")
    head = s3.head_object(Bucket=bucket, Key="dir/key")
    (listed,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert got["Body"].read() == content
    assert got["ContentLength"] == head["ContentLength"] == listed["Size"] == size
    assert ETAG.fullmatch(put["ETag"])
    assert put["ETag"] == got["ETag"] == head["ETag"] == listed["ETag"]
    assert got["LastModified"] == head["LastModified"]
    assert got["LastModified"] == listed["LastModified"].replace(microsecond=0)


def test_the_etag_is_pfs_s_hash(s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="a", Body=b"hello")
    assert put["ETag"] == f'"{small_file_hash(b"hello").hex()}-1"'


def test_private_is_the_only_acl(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"v", ACL="private")
    with refused(501, "NotImplemented"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"w", ACL="public-read")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"v"


def test_a_put_replaces(s3: Any, bucket: str) -> None:
    for content in (b"one", b"", os.urandom(100_000), b"two"):
        s3.put_object(Bucket=bucket, Key="a", Body=content)
        assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == content


@pytest.mark.parametrize(
    "key",
    [
        "a b", "a%20b", "a&b=c", "a#b", "a~b", "a$b", "a'b", 'a"b', "a<b>", "a:b", "a;b", "a,b",
        ".hidden", "a...b", "deep/er/and/deeper", "a=b", "a|b", "a`b", "x" * 1024,
    ],
)  # fmt: skip
def test_keys_that_pfs_can_hold(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"v")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"v"
    assert [c["Key"] for c in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    with refused(404, "NoSuchKey") as error:
        s3.get_object(Bucket=bucket, Key=key)
    assert error["Key"] == key


UNHOLDABLE = [
    *((f"a{c}b", f'"{c}"') for c in "*[]{}!()@+^"),
    ("a%3Fb", '"?"'),
    ("a%5Cb", '"\\"'),
    ("%C3%BC", '"ü"'),
    ("a%0Ab", "U+000A"),
    ("a%00b", "U+0000"),
    ("a%7Fb", "U+007F"),
    ("a//b", "an empty component"),
    ("/a", "an empty component"),
    ("a/./b", 'a component "."'),
    ("a/../b", 'a component ".."'),
    ("%2E%2E/b", 'a component ".."'),
    ("a/%2e%2e%2fb", 'a component ".."'),
    ("a//", "an empty component"),
]


@pytest.mark.parametrize(("path", "says"), UNHOLDABLE)
def test_a_key_that_pfs_cannot_hold_is_not_written(
    gateway: GatewayProcess, bucket: str, path: str, says: str
) -> None:
    answer = send(gateway, "PUT", f"/{bucket}/{path}", b"v")
    assert (answer.status, answer.code) == (400, "InvalidFilePath")
    assert says in answer.message
    assert send(gateway, "GET", f"/{bucket}").texts("Contents") == []


@pytest.mark.parametrize(("path", "says"), UNHOLDABLE)
def test_a_key_that_pfs_cannot_hold_is_not_there(
    gateway: GatewayProcess, bucket: str, path: str, says: str
) -> None:
    send(gateway, "PUT", f"/{bucket}/a/b", b"v")
    answer = send(gateway, "GET", f"/{bucket}/{path}")
    assert (answer.status, answer.code) == (404, "NoSuchKey")
    assert answer.message == "The specified key does not exist."
    assert says in answer.texts("Reason")[0]
    assert send(gateway, "HEAD", f"/{bucket}/{path}").status == 404
    assert send(gateway, "DELETE", f"/{bucket}/{path}").status == 204
    assert send(gateway, "GET", f"/{bucket}").texts("Contents", "Key") == ["a/b"]


def test_a_delete_on_condition_of_a_key_that_pfs_cannot_hold_finds_nothing(
    gateway: GatewayProcess, bucket: str
) -> None:
    for headers in ({"If-Match": "*"}, {"If-Match": '"x"'}):
        answer = send(gateway, "DELETE", f"/{bucket}/a*b", None, headers)
        assert (answer.status, answer.code) == (404, "NoSuchKey")


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a_bucket_that_is_not_there_comes_first(gateway: GatewayProcess, method: str) -> None:
    answer = send(gateway, method, "/master.none/a*b")
    assert answer.status == 404
    if method != "HEAD":
        assert answer.code == "NoSuchBucket"


def test_a_key_too_long(s3: Any, bucket: str) -> None:
    for key in ("x" * 1025, "x" * 1024 + "/"):
        with refused(400, "KeyTooLongError"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"")


@pytest.mark.parametrize(("first", "second"), [("d", "d/x"), ("d/x", "d")])
def test_a_key_below_a_key(s3: Any, bucket: str, first: str, second: str) -> None:
    s3.put_object(Bucket=bucket, Key=first, Body=b"1")
    with refused(400, "InvalidFilePath") as error:
        s3.put_object(Bucket=bucket, Key=second, Body=b"2")
    assert f"no file can stand at /{second} " in error["Message"]
    assert re.search("there is the (file|directory) /d", error["Message"])
    assert s3.get_object(Bucket=bucket, Key=first)["Body"].read() == b"1"


def test_a_directory_is_no_object(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="d/x", Body=b"1")
    for call in (s3.get_object, s3.head_object):
        with refused(404, "404" if call == s3.head_object else "NoSuchKey"):
            call(Bucket=bucket, Key="d")


def test_directory_markers(s3: Any, bucket: str) -> None:
    empty = f'"{small_file_hash(b"").hex()}-1"'
    assert s3.put_object(Bucket=bucket, Key="d/")["ETag"] == empty
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="d/")
    s3.put_object(Bucket=bucket, Key="d/x", Body=b"1")
    got = s3.get_object(Bucket=bucket, Key="d/")
    assert (got["Body"].read(), got["ETag"], got["ContentLength"]) == (b"", empty, 0)
    s3.delete_object(Bucket=bucket, Key="d/")
    assert s3.get_object(Bucket=bucket, Key="d/x")["Body"].read() == b"1"
    with refused(400, "InvalidFilePath"):
        s3.put_object(Bucket=bucket, Key="d/", Body=b"not empty")
    s3.put_object(Bucket=bucket, Key="file", Body=b"1")
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="file/")


def test_what_is_missing(s3: Any, bucket: str) -> None:
    with refused(404, "NoSuchKey"):
        s3.get_object(Bucket=bucket, Key="nope")
    with refused(404, "NoSuchBucket"):
        s3.get_object(Bucket="master.no-such-repo", Key="nope")
    with refused(404, "NoSuchBucket"):
        s3.put_object(Bucket="master.no-such-repo", Key="nope", Body=b"")
    with refused(404, "NoSuchBucket"):
        s3.delete_object(Bucket="master.no-such-repo", Key="nope")
    assert s3.delete_object(Bucket=bucket, Key="nope")["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize("size_bytes", [1, 3 * 1024 * 1024])
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="},
        {"Content-MD5": "none"},
        {"x-amz-checksum-crc32": "AAAAAA=="},
        {"x-amz-content-sha256": "none"},
        {"x-amz-decoded-content-length": "7"},
        {"If-Match": '"x"'},
    ],
)
def test_a_put_is_told_first_that_there_is_no_bucket(
    gateway: GatewayProcess, size_bytes: int, headers: dict[str, str]
) -> None:
    answer = send(gateway, "PUT", "/master.none/a", bytes(size_bytes), headers)
    assert (answer.status, answer.code) == (404, "NoSuchBucket")
    assert answer.texts("BucketName") == ["master.none"]


@pytest.mark.parametrize("size_bytes", [1, 3 * 1024 * 1024])
def test_a_put_to_no_bucket_waits_for_no_body(gateway: GatewayProcess, size_bytes: int) -> None:
    with Connection(gateway) as connection:
        headers = {"Content-Length": str(size_bytes)}
        connection.send(connection.head("PUT", "/master.none/a", None, headers))
        answer = connection.read()
    assert (answer.status, answer.code) == (404, "NoSuchBucket")


def test_a_put_never_creates_a_bucket(s3: Any, bucket: str) -> None:
    other = "dev." + bucket.removeprefix("master.")
    with refused(404, "NoSuchBucket"):
        s3.put_object(Bucket=other, Key="a", Body=b"")
    with refused(404, "404"):
        s3.head_bucket(Bucket=other)


@pytest.fixture
def ten(s3: Any, bucket: str) -> str:
    s3.put_object(Bucket=bucket, Key="ten", Body=b"0123456789")
    return bucket


@pytest.mark.parametrize(
    ("range_", "status", "expected", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=0-9", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=5-4", 200, b"0123456789", None),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("lines=0-1", 200, b"0123456789", None),
        ("nonsense", 200, b"0123456789", None),
    ],
)
def test_ranges(
    gateway: GatewayProcess,
    ten: str,
    range_: str,
    status: int,
    expected: bytes,
    content_range: str | None,
) -> None:
    answer = send(gateway, "GET", f"/{ten}/ten", headers={"Range": range_})
    assert (answer.status, answer.body) == (status, expected)
    assert answer.headers.get("content-range") == content_range


@pytest.mark.parametrize("range_", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_a_range_beyond_the_end_is_invalid(gateway: GatewayProcess, ten: str, range_: str) -> None:
    answer = send(gateway, "GET", f"/{ten}/ten", headers={"Range": range_})
    assert (answer.status, answer.code) == (416, "InvalidRange")
    assert answer.xml.findtext("ActualObjectSize") == "10"
    assert send(gateway, "HEAD", f"/{ten}/ten", headers={"Range": range_}).status == 416


def test_a_range_of_an_empty_object(gateway: GatewayProcess, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="e", Body=b"")
    assert send(gateway, "GET", f"/{bucket}/e", headers={"Range": "bytes=0-0"}).status == 416
    assert send(gateway, "GET", f"/{bucket}/e", headers={"Range": "bytes=5-1"}).status == 200


def test_ranges_of_a_large_object(s3: Any, bucket: str) -> None:
    content = os.urandom(3 * 1024 * 1024 + 5)
    s3.put_object(Bucket=bucket, Key="big", Body=content)
    for first, last in [(0, 0), (1_048_575, 1_048_576), (2_000_000, 3_145_732)]:
        got = s3.get_object(Bucket=bucket, Key="big", Range=f"bytes={first}-{last}")
        assert got["Body"].read() == content[first : last + 1]


Get = Callable[..., Answer]


@pytest.fixture
def get_ten(gateway: GatewayProcess, ten: str) -> Get:
    def get(method: str = "GET", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return send(gateway, method, f"/{ten}/ten", headers=sent)

    return get


def test_preconditions_on_etags(get_ten: Get) -> None:
    etag = get_ten().headers["etag"]
    assert get_ten(If_Match=etag).status == 200
    assert get_ten(If_Match=etag.strip('"')).status == 200
    assert get_ten(If_Match="*").status == 200
    assert get_ten(If_Match='"other"').code == "PreconditionFailed"
    assert get_ten(If_None_Match='"other"').status == 200
    for matching in (etag, etag.strip('"'), "*", f'"other", {etag}'):
        answer = get_ten(If_None_Match=matching)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == etag


def test_preconditions_on_dates(get_ten: Get) -> None:
    modified = get_ten().headers["last-modified"]
    assert parsedate_to_datetime(modified)
    before, after = "Mon, 01 Jan 2024 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
    assert get_ten(If_Modified_Since=before).status == 200
    assert get_ten(If_Modified_Since=modified).status == 304
    assert get_ten(If_Unmodified_Since=before).status == 412
    assert get_ten(If_Unmodified_Since=modified).status == 200
    assert get_ten(If_Unmodified_Since=after).status == 200
    assert get_ten(If_Modified_Since="nonsense").status == 200


def test_the_precedence_of_preconditions(get_ten: Get) -> None:
    etag, before = get_ten().headers["etag"], "Mon, 01 Jan 2024 00:00:00 GMT"
    modified = get_ten().headers["last-modified"]
    assert get_ten(If_Match=etag, If_Unmodified_Since=before).status == 200
    assert get_ten(If_None_Match='"other"', If_Modified_Since=modified).status == 200
    assert get_ten(If_None_Match=etag, If_Modified_Since=before).status == 304
    assert get_ten(If_Match='"other"', If_None_Match=etag).status == 412


def test_if_range(get_ten: Get) -> None:
    etag, modified = get_ten().headers["etag"], get_ten().headers["last-modified"]
    for held in (etag, modified):
        assert get_ten(Range="bytes=0-1", If_Range=held).status == 206
    for changed in ('"other"', "Mon, 01 Jan 2024 00:00:00 GMT"):
        assert get_ten(Range="bytes=0-1", If_Range=changed).status == 200


def test_heads_headers_are_gets(get_ten: Get) -> None:
    for headers in ({}, {"Range": "bytes=2-4"}, {"If_None_Match": "*"}, {"If_Match": '"x"'}):
        got, head = get_ten("GET", **headers), get_ten("HEAD", **headers)
        assert head.status == got.status
        changing = {"x-amz-request-id": "", "date": ""}
        if got.status != 412:  # its body holds the request id
            assert {**head.headers, **changing} == {**got.headers, **changing}


def test_response_overrides(s3: Any, bucket: str, gateway: GatewayProcess) -> None:
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"1")
    got = s3.get_object(
        Bucket=bucket,
        Key="a.txt",
        ResponseContentType="image/x",
        ResponseContentDisposition='attachment; filename="b"',
        ResponseCacheControl="no-store",
        ResponseContentLanguage="eo",
        ResponseContentEncoding="x-y",
    )
    assert got["ContentType"] == "image/x"
    assert got["ContentDisposition"] == 'attachment; filename="b"'
    assert (got["CacheControl"], got["ContentLanguage"]) == ("no-store", "eo")
    assert got["ContentEncoding"] == "x-y"
    for value in ("a%0D%0Ax-evil:%201", "a%0Ab", "%E2%80%94"):
        answer = send(gateway, "GET", f"/{bucket}/a.txt?response-content-type={value}")
        assert (answer.status, answer.code) == (400, "InvalidArgument")
        assert "x-evil" not in answer.headers


def test_an_empty_override_overrides_nothing(s3: Any, bucket: str, gateway: GatewayProcess) -> None:
    s3.put_object(Bucket=bucket, Key="a.txt", Body=b"1")
    query = "&".join(
        f"response-{name}="
        for name in ("cache-control", "content-disposition", "content-encoding", "content-type")
    )
    answer = send(gateway, "GET", f"/{bucket}/a.txt?{query}")
    assert answer.headers["content-type"] == "text/plain"
    assert not {"cache-control", "content-disposition", "content-encoding"} & set(answer.headers)


@pytest.mark.parametrize(
    ("key", "content_type"),
    [
        ("a.txt", "text/plain"),
        ("a.JSON", "application/json"),
        ("d.png/a", "binary/octet-stream"),
        ("a", "binary/octet-stream"),
        ("a.tar.gz", "application/gzip"),
        (".png", "binary/octet-stream"),
    ],
)
def test_the_content_type_is_guessed_from_the_key(
    s3: Any, bucket: str, key: str, content_type: str
) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=b"1", ContentType="x/y", Metadata={"a": "b"})
    got = s3.head_object(Bucket=bucket, Key=key)
    assert (got["ContentType"], got["Metadata"]) == (content_type, {})


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def test_content_md5(gateway: GatewayProcess, bucket: str) -> None:
    def put(value: str) -> Answer:
        return send(gateway, "PUT", f"/{bucket}/a", b"hello", {"Content-MD5": value})

    assert put(md5(b"other")).code == "BadDigest"
    assert put("no base64").code == "InvalidDigest"
    assert put(base64.b64encode(b"short").decode()).code == "InvalidDigest"
    assert send(gateway, "HEAD", f"/{bucket}/a").status == 404
    assert put(md5(b"hello")).status == 200


def test_a_put_without_a_length(gateway: GatewayProcess, bucket: str) -> None:
    answer = send(gateway, "PUT", f"/{bucket}/a")
    assert (answer.status, answer.code) == (411, "MissingContentLength")


def test_a_chunked_put(gateway: GatewayProcess, bucket: str) -> None:
    with Connection(gateway) as connection:
        head = connection.head("PUT", f"/{bucket}/a", None, {"Transfer-Encoding": "chunked"})
        connection.send(head + b"5\r\nhello\r\n4\r\n you\r\n0\r\n\r\n")
        assert connection.read().status == 200
        assert connection.request("GET", f"/{bucket}/a").body == b"hello you"


SIGNED = (
    b"5;chunk-signature=" + b"a" * 64 + b"\r\nhello\r\n0;chunk-signature=" + b"b" * 64 + b"\r\n"
)
TRAILER = b"x-amz-checksum-crc32:NhCmhg==\r\n"


@pytest.mark.parametrize(
    ("sha256", "trailer", "body"),
    [
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", SIGNED + b"\r\n"),
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
            "x-amz-checksum-crc32",
            SIGNED + TRAILER[:-2] + b"\n\r\nx-amz-trailer-signature:" + b"c" * 64 + b"\r\n\r\n",
        ),
        (
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-checksum-crc32",
            b"2\r\nhe\r\n3\r\nllo\r\n0\r\n" + TRAILER + b"\r\n",
        ),
    ],
)
@pytest.mark.parametrize("outer", ["length", "chunked"])
def test_aws_chunked_bodies(
    gateway: GatewayProcess, bucket: str, sha256: str, trailer: str, body: bytes, outer: str
) -> None:
    headers = {
        "Content-Encoding": "aws-chunked",
        "x-amz-content-sha256": sha256,
        "x-amz-decoded-content-length": "5",
    }
    if trailer:
        headers["x-amz-trailer"] = trailer
    target = f"/{bucket}/a"
    if outer == "chunked":
        headers["Transfer-Encoding"] = "chunked"
        pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
    answer = send(gateway, "PUT", target, body, headers)
    assert answer.status == 200
    if trailer:
        assert answer.headers["x-amz-checksum-crc32"] == "NhCmhg=="
    assert send(gateway, "GET", target).body == b"hello"


@pytest.mark.parametrize(
    ("length", "body", "code"),
    [
        ("6", b"5\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
        ("4", b"5\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
        ("5", b"5\r\nhello\r\n", "IncompleteBody"),
        ("5", b"5\r\nhello\r\n0\r\n\r\nmore", "IncompleteBody"),
        ("5", b"hello", "IncompleteBody"),
        ("5", b"zz\r\nhello\r\n0\r\n\r\n", "IncompleteBody"),
        ("5", b"ffffffffffffffff\r\nhello", "IncompleteBody"),
        (None, b"5\r\nhello\r\n0\r\n\r\n", "MissingContentLength"),
    ],
)
def test_broken_aws_chunked_bodies_store_nothing(
    gateway: GatewayProcess, bucket: str, length: str | None, body: bytes, code: str
) -> None:
    headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    if length is not None:
        headers["x-amz-decoded-content-length"] = length
    assert send(gateway, "PUT", f"/{bucket}/a", body, headers).code == code
    assert send(gateway, "HEAD", f"/{bucket}/a").status == 404


def test_a_body_too_large_is_refused_before_it_is_sent(
    gateway: GatewayProcess, bucket: str
) -> None:
    with Connection(gateway) as connection:
        headers = {"Content-Length": str(5 * 1024**3 + 1), "Expect": "100-continue"}
        connection.send(connection.head("PUT", f"/{bucket}/a", None, headers))
        answer = connection.read()
        assert (answer.status, answer.code, answer.interim) == (400, "EntityTooLarge", [])


def test_conditional_writes(s3: Any, bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")["ETag"]
    with refused(412, "PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")
    second = s3.put_object(Bucket=bucket, Key="a", Body=b"2", IfMatch=first)["ETag"]
    with refused(412, "PreconditionFailed") as error:
        s3.put_object(Bucket=bucket, Key="a", Body=b"3", IfMatch=first)
    assert error["Condition"] == "If-Match"
    with refused(404, "NoSuchKey"):
        s3.put_object(Bucket=bucket, Key="missing", Body=b"3", IfMatch=first)
    with refused(412, "PreconditionFailed"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"3", IfMatch='"no-such-etag"')
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"2"
    with refused(412, "PreconditionFailed"):
        s3.delete_object(Bucket=bucket, Key="a", IfMatch=first)
    with refused(404, "NoSuchKey"):
        s3.delete_object(Bucket=bucket, Key="missing", IfMatch=first)
    s3.delete_object(Bucket=bucket, Key="a", IfMatch=second)
    with refused(404, "404"):
        s3.head_object(Bucket=bucket, Key="a")


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_weak_etag_is_not_that_of_the_object_that_a_write_wants_there(
    gateway: GatewayProcess, bucket: str, method: str
) -> None:
    etag = send(gateway, "PUT", f"/{bucket}/a", b"1").headers["etag"]
    body = b"2" if method == "PUT" else None
    answer = send(gateway, method, f"/{bucket}/a", body, {"If-Match": f"W/{etag}"})
    assert (answer.status, answer.code) == (412, "PreconditionFailed")
    assert send(gateway, "GET", f"/{bucket}/a").body == b"1"
    either = {"If-Match": f'W/"x", {etag}'}
    assert send(gateway, method, f"/{bucket}/a", body, either).status in (200, 204)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("PUT", {"If-None-Match": '"etag"'}),
        ("PUT", {"If-Match": "*"}),
        ("PUT", {"If-Match": '"a"', "If-None-Match": "*"}),
        ("PUT", {"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}),
        ("PUT", {"If-Unmodified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}),
        ("DELETE", {"If-None-Match": "*"}),
        ("DELETE", {"x-amz-if-match-size": "1"}),
    ],
)
def test_conditions_that_s3_does_not_take_are_never_ignored(
    gateway: GatewayProcess, bucket: str, method: str, headers: dict[str, str]
) -> None:
    assert send(gateway, "PUT", f"/{bucket}/a", b"1").status == 200
    answer = send(gateway, method, f"/{bucket}/a", b"2" if method == "PUT" else None, headers)
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert send(gateway, "GET", f"/{bucket}/a").body == b"1"


def test_an_answer_names_its_request(gateway: GatewayProcess, bucket: str) -> None:
    answer = send(gateway, "GET", f"/{bucket}/a%20b")
    assert answer.headers["x-amz-request-id"] == answer.xml.findtext("RequestId")
    assert answer.xml.findtext("Resource") == f"/{bucket}/a%20b"
    assert answer.headers["content-type"] == "application/xml"
    assert "date" in answer.headers
    assert answer.headers["server"] == "s3gateway"
