"""CopyObject, where it is switched on; also `docs/negative-cases.md`, row 11."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.raw_http import Answer, send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.parametrize("layers", [("copy",)], ids=["copy"], indirect=True)

LARGE = bytes(range(256)) * 16 * 1024  # more than goes into a group as it is
PAST = "Mon, 23 Nov 1976 10:56:05 GMT"
FUTURE = "Tue, 23 Nov 2060 10:56:05 GMT"
SOURCE = "x-amz-copy-source"


def copy(
    gateway: GatewayProcess, target: str, source: str, headers: Mapping[str, str] | None = None
) -> Answer:
    return send(gateway, "PUT", f"/{target}", b"", {SOURCE: source, **(headers or {})})


@pytest.fixture
def stored(gateway: GatewayProcess, bucket: str) -> str:
    assert send(gateway, "PUT", f"/{bucket}/dir/a", b"some bytes").status == 200
    return bucket


def content(gateway: GatewayProcess, target: str) -> bytes | int:
    answer = send(gateway, "GET", f"/{target}")
    return answer.body if answer.status == 200 else answer.status


@pytest.mark.parametrize("size", ["small", "large", "empty"])
def test_a_copy_is_the_same_file(s3: Any, bucket: str, size: str) -> None:
    body = {"small": b"some bytes", "large": LARGE, "empty": b""}[size]
    etag = s3.put_object(Bucket=bucket, Key="dir/a b", Body=body)["ETag"]
    s3.put_object(Bucket=bucket, Key="copy", Body=b"what was there before")
    copied = s3.copy_object(
        Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "dir/a b"}
    )
    assert copied["CopyObjectResult"]["ETag"] == etag
    found = s3.get_object(Bucket=bucket, Key="copy")
    assert found["Body"].read() == body
    assert found["ETag"] == etag
    assert found["LastModified"] == copied["CopyObjectResult"]["LastModified"]
    assert s3.get_object(Bucket=bucket, Key="dir/a b")["Body"].read() == body


def test_a_copy_goes_to_another_repo_and_stays_when_its_source_goes(
    s3: Any, bucket: str, stored: str
) -> None:
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)
    s3.copy_object(Bucket=other, Key="b", CopySource=f"{stored}/dir/a")
    s3.copy_object(Bucket=other, Key="c", CopySource=f"/{other}/b")
    s3.delete_object(Bucket=stored, Key="dir/a")
    s3.delete_bucket(Bucket=stored)
    assert s3.get_object(Bucket=other, Key="b")["Body"].read() == b"some bytes"
    assert s3.get_object(Bucket=other, Key="c")["Body"].read() == b"some bytes"


def test_the_answer_is_a_document_with_a_time_of_now(gateway: GatewayProcess, stored: str) -> None:
    answer = copy(gateway, f"{stored}/b", f"{stored}/dir/a")
    assert answer.status == 200
    assert answer.xml.tag == "{http://s3.amazonaws.com/doc/2006-03-01/}CopyObjectResult"
    (modified,) = answer.texts("LastModified")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", modified)
    age = datetime.now(UTC) - datetime.fromisoformat(modified)
    assert 0 <= age.total_seconds() < 20
    head = send(gateway, "HEAD", f"/{stored}/b").headers
    assert parsedate_to_datetime(head["last-modified"]) == datetime.fromisoformat(modified)
    assert answer.texts("ETag") == [head["etag"]]


WAYS = ["b/dir/a", "/b/dir/a", "b/dir%2Fa", "b%2Fdir%2Fa", "/b/%64ir/a", "b/dir/a?versionId=null"]


@pytest.mark.parametrize("written", WAYS)
def test_ways_to_write_a_source(gateway: GatewayProcess, stored: str, written: str) -> None:
    answer = copy(gateway, f"{stored}/b", written.replace("b", stored, 1))
    assert (answer.status, content(gateway, f"{stored}/b")) == (200, b"some bytes")


def test_a_plus_in_a_source_is_a_space(gateway: GatewayProcess, bucket: str) -> None:
    assert send(gateway, "PUT", f"/{bucket}/a%20b", b"some bytes").status == 200
    assert copy(gateway, f"{bucket}/b", f"{bucket}/a+b").status == 200
    assert content(gateway, f"{bucket}/b") == b"some bytes"
    answer = copy(gateway, f"{bucket}/b", f"{bucket}/a%2Bb")
    assert (answer.status, answer.code) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    ("written", "status", "code"),
    [
        ("{b}", 400, "InvalidArgument"),
        ("{b}/", 400, "InvalidArgument"),
        ("/", 400, "InvalidArgument"),
        ("", 400, "InvalidArgument"),
        ("//{b}/dir/a", 400, "InvalidArgument"),
        ("{b}/dir/%zz", 400, "InvalidArgument"),
        ("{b}/dir/%ff", 400, "InvalidArgument"),
        ("{b}/nothing", 404, "NoSuchKey"),
        ("{b}/dir", 404, "NoSuchKey"),
        ("{b}/dir//a", 404, "NoSuchKey"),
        ("{b}/../{b}/dir/a", 404, "NoSuchKey"),
        ("{b}/%2e%2e/{b}/dir/a", 404, "NoSuchKey"),
        ("{b}/dir%252Fa", 404, "NoSuchKey"),
        ("{b}/dir/a%3FversionId%3Dnull", 404, "NoSuchKey"),
        ("{b}/dir/a%3FversionId=null", 404, "NoSuchKey"),
        ("{b}/dir/+a", 404, "NoSuchKey"),
        ("{b}/dir/a?versionId=", 400, "InvalidArgument"),
        ("{b}/dir/a?versionId=1", 501, "NotImplemented"),
        ("{b}/dir/a?versionId=0123456789abcdef0123456789abcdef", 501, "NotImplemented"),
        ("{b}-none/dir/a", 404, "NoSuchBucket"),
        ("../{b}/dir/a", 400, "InvalidBucketName"),
        ("-/metrics", 400, "InvalidBucketName"),
        ("arn:aws:s3:us-east-1:1:accesspoint/x/object/a", 400, "InvalidBucketName"),
    ],
)
def test_what_is_no_source_changes_nothing(
    gateway: GatewayProcess, stored: str, written: str, status: int, code: str
) -> None:
    send(gateway, "PUT", f"/{stored}/b", b"before")
    answer = copy(gateway, f"{stored}/b", written.replace("{b}", stored))
    assert (answer.status, answer.code) == (status, code)
    assert content(gateway, f"{stored}/b") == b"before"


def test_the_target_is_held_to_the_rules_of_a_put(gateway: GatewayProcess, stored: str) -> None:
    source = f"{stored}/dir/a"
    for target, status, code in (
        (f"{stored}/a*b", 400, "InvalidFilePath"),
        (f"{stored}/dir", 400, "InvalidFilePath"),
        (f"{stored}/dir/a/below", 400, "InvalidFilePath"),
        (f"{stored}/new/", 400, "InvalidFilePath"),
        (f"{stored}/{'k' * 1025}", 400, "KeyTooLongError"),
        (f"{stored}-none/b", 404, "NoSuchBucket"),
    ):
        answer = copy(gateway, target, source)
        assert (answer.status, answer.code) == (status, code), target


def test_markers_of_directories_are_copied_as_the_empty_objects_that_they_show(
    gateway: GatewayProcess, stored: str
) -> None:
    assert copy(gateway, f"{stored}/new/", f"{stored}/dir/").status == 200
    assert content(gateway, f"{stored}/new/") == 404
    assert copy(gateway, f"{stored}/empty", f"{stored}/dir/").status == 200
    assert content(gateway, f"{stored}/empty") == b""
    assert content(gateway, f"{stored}/empty/a") == 404


def test_onto_itself_a_copy_must_change_something(gateway: GatewayProcess, stored: str) -> None:
    same = f"{stored}/dir/a"
    repo = stored.removeprefix("master.")
    for headers in ({}, {"x-amz-metadata-directive": "COPY"}, {"x-amz-storage-class": "STANDARD"}):
        for source in (same, f"/{repo}/dir/a"):
            answer = copy(gateway, same, source, headers)
            assert (answer.status, answer.code) == (400, "InvalidRequest")
            assert "copy an object to itself" in answer.message
    for headers in ({"x-amz-metadata-directive": "REPLACE"}, {"x-amz-storage-class": "GLACIER"}):
        assert copy(gateway, same, same, headers).status == 200
        assert content(gateway, same) == b"some bytes"


def test_a_large_object_onto_itself_is_whole(gateway: GatewayProcess, bucket: str) -> None:
    send(gateway, "PUT", f"/{bucket}/large", LARGE)
    headers = {"x-amz-metadata-directive": "REPLACE"}
    assert copy(gateway, f"{bucket}/large", f"{bucket}/large", headers).status == 200
    assert content(gateway, f"{bucket}/large") == LARGE


@pytest.mark.parametrize(
    ("name", "value", "holds"),
    [
        ("if-match", "{etag}", True),
        ("if-match", "*", True),
        ("if-match", '"other"', False),
        ("if-none-match", '"other"', True),
        ("if-none-match", "{etag}", False),
        ("if-none-match", "*", False),
        ("if-modified-since", PAST, True),
        ("if-modified-since", FUTURE, True),
        ("if-unmodified-since", FUTURE, True),
        ("if-unmodified-since", PAST, False),
    ],
)
def test_conditions_on_the_source(
    gateway: GatewayProcess, stored: str, name: str, value: str, holds: bool
) -> None:
    etag = send(gateway, "HEAD", f"/{stored}/dir/a").headers["etag"]
    headers = {f"{SOURCE}-{name}": value.replace("{etag}", etag)}
    answer = copy(gateway, f"{stored}/b", f"{stored}/dir/a", headers)
    assert answer.status == (200 if holds else 412)
    if not holds:
        assert answer.code == "PreconditionFailed"
        assert answer.texts("Condition")[0].lower() == f"{SOURCE}-{name}"
        assert content(gateway, f"{stored}/b") == 404


def test_conditions_on_the_source_outweigh_each_other_as_in_reads(
    gateway: GatewayProcess, stored: str
) -> None:
    head = send(gateway, "HEAD", f"/{stored}/dir/a").headers
    both = {f"{SOURCE}-if-match": head["etag"], f"{SOURCE}-if-unmodified-since": PAST}
    assert copy(gateway, f"{stored}/b", f"{stored}/dir/a", both).status == 200
    time.sleep(1.1)  # dates have whole seconds
    since = send(gateway, "HEAD", f"/{stored}/dir/a").headers["last-modified"]
    both = {f"{SOURCE}-if-none-match": '"other"', f"{SOURCE}-if-modified-since": since}
    assert copy(gateway, f"{stored}/c", f"{stored}/dir/a", both).status == 200
    both = {f"{SOURCE}-if-none-match": head["etag"], f"{SOURCE}-if-modified-since": PAST}
    assert copy(gateway, f"{stored}/d", f"{stored}/dir/a", both).status == 412


def test_conditions_on_the_target(s3: Any, stored: str) -> None:
    source = f"{stored}/dir/a"
    s3.copy_object(Bucket=stored, Key="b", CopySource=source, IfNoneMatch="*")
    with pytest.raises(ClientError) as refused:
        s3.copy_object(Bucket=stored, Key="b", CopySource=source, IfNoneMatch="*")
    assert refused.value.response["Error"]["Code"] == "PreconditionFailed"
    etag = s3.put_object(Bucket=stored, Key="b", Body=b"other")["ETag"]
    with pytest.raises(ClientError) as refused:
        s3.copy_object(Bucket=stored, Key="b", CopySource=source, IfMatch='"none"')
    assert refused.value.response["Error"]["Code"] == "PreconditionFailed"
    with pytest.raises(ClientError) as refused:
        s3.copy_object(Bucket=stored, Key="none", CopySource=source, IfMatch=etag)
    assert refused.value.response["Error"]["Code"] == "NoSuchKey"
    s3.copy_object(Bucket=stored, Key="b", CopySource=source, IfMatch=etag)
    assert s3.get_object(Bucket=stored, Key="b")["Body"].read() == b"some bytes"


def test_what_sdks_send_along_is_taken(s3: Any, stored: str) -> None:
    s3.copy_object(
        Bucket=stored,
        Key="b",
        CopySource=f"{stored}/dir/a",
        MetadataDirective="REPLACE",
        TaggingDirective="COPY",
        Metadata={"any": "thing"},
        ContentType="text/plain",
        CacheControl="no-cache",
        StorageClass="STANDARD",
        ACL="private",
        ChecksumAlgorithm="CRC32",
    )


@pytest.mark.parametrize(
    "header",
    [
        {"x-amz-tagging": "a=b"},
        {"x-amz-copy-source-server-side-encryption-customer-key": "k"},
        {"x-amz-copy-source-range": "bytes=0-1"},
        {"x-amz-source-expected-bucket-owner": "123456789012"},
    ],
)
def test_what_a_copy_does_not_take_is_not_implemented(
    gateway: GatewayProcess, stored: str, header: dict[str, str]
) -> None:
    answer = copy(gateway, f"{stored}/b", f"{stored}/dir/a", header)
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert content(gateway, f"{stored}/b") == 404


@pytest.mark.parametrize("what", ["metadata", "tagging"])
def test_an_unknown_directive_is_invalid(gateway: GatewayProcess, stored: str, what: str) -> None:
    header = {f"x-amz-{what}-directive": "MERGE"}
    answer = copy(gateway, f"{stored}/b", f"{stored}/dir/a", header)
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.texts("ArgumentName") == [f"x-amz-{what}-directive"]
    assert content(gateway, f"{stored}/b") == 404


@pytest.mark.parametrize("algorithm", ["CRC16", "CRC32,SHA1", ""])
def test_a_checksum_by_an_unknown_algorithm_is_not_asked_for_in_vain(
    gateway: GatewayProcess, stored: str, algorithm: str
) -> None:
    header = {"x-amz-checksum-algorithm": algorithm}
    answer = copy(gateway, f"{stored}/b", f"{stored}/dir/a", header)
    assert (answer.status, answer.code) == (400, "InvalidRequest")
    assert "[CRC32, CRC32C, CRC64NVME, MD5, SHA1" in answer.message
    assert content(gateway, f"{stored}/b") == 404


@pytest.mark.parametrize("algorithm", ["CRC32", "sha256", "Xxhash128"])
def test_an_algorithm_that_there_is_may_be_named_in_any_case(
    gateway: GatewayProcess, stored: str, algorithm: str
) -> None:
    header = {"x-amz-checksum-algorithm": algorithm}
    assert copy(gateway, f"{stored}/b", f"{stored}/dir/a", header).status == 200


def test_a_range_is_not_copied(gateway: GatewayProcess, stored: str) -> None:
    answer = copy(gateway, f"{stored}/b", f"{stored}/dir/a", {"Range": "bytes=0-1"})
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.texts("ArgumentName") == ["Range"]
    assert content(gateway, f"{stored}/b") == 404


def test_a_part_is_no_copy(gateway: GatewayProcess, stored: str) -> None:
    answer = copy(gateway, f"{stored}/b?partNumber=1&uploadId=u", f"{stored}/dir/a")
    assert (answer.status, answer.code) == (501, "NotImplemented")
    answer = send(gateway, "PUT", f"/{stored}/b?{SOURCE}={stored}/dir/a", b"")
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert content(gateway, f"{stored}/b") == 404


def test_a_write_may_say_whose_metadata_it_takes_as_s3fs_fuse_does(
    gateway: GatewayProcess, stored: str
) -> None:
    said = {"x-amz-metadata-directive": "REPLACE", "x-amz-meta-mtime": "1600000000"}
    assert send(gateway, "PUT", f"/{stored}/dir/a", b"another", said).status == 200
    answer = send(gateway, "GET", f"/{stored}/dir/a")
    assert answer.body == b"another"
    assert "x-amz-meta-mtime" not in answer.headers
    said["x-amz-metadata-directive"] = "MERGE"
    refused = send(gateway, "PUT", f"/{stored}/dir/a", b"a third", said)
    assert (refused.status, refused.code) == (400, "InvalidArgument")
    assert content(gateway, f"{stored}/dir/a") == b"another"
