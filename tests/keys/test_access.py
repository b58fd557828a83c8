"""What each key may do, through boto3 as people use it."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from handlers.access import Access, BucketPattern
from handlers.addressing import branch_of, named_bucket
from s3_wire.errors import AccessDenied
from tests.keys.conftest import BUCKET, CONTENT, KEY, OTHER, READER, WRITER
from tests.keys.signer import Key, Signer
from tests.servers import GatewayProcess


def code_of(raised: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = raised.value.response["Error"]["Code"]
    return code


def names(client: Any, **given: Any) -> list[str]:
    return [bucket["Name"] for bucket in client.list_buckets(**given)["Buckets"]]


def test_each_key_sees_its_buckets(writer: Any, reader: Any, other: Any) -> None:
    assert names(writer) == [BUCKET, "master.other"]
    assert names(reader) == [BUCKET]
    assert names(other) == ["master.other"]
    assert names(reader, MaxBuckets=1) == [BUCKET]


def test_a_key_reads_what_it_may(reader: Any) -> None:
    assert reader.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == CONTENT
    assert reader.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1
    reader.head_bucket(Bucket="images")  # the same bucket by its short name


@pytest.mark.parametrize("bucket", ["master.other", "other", "master.nosuch", "x.y.images"])
def test_nothing_is_told_of_other_buckets(reader: Any, bucket: str) -> None:
    for call, given in (
        (reader.get_object, {"Key": KEY}),
        (reader.get_object, {"Key": "nosuch"}),
        (reader.list_objects_v2, {}),
        (reader.get_bucket_location, {}),
    ):
        with pytest.raises(ClientError) as raised:
            call(Bucket=bucket, **given)
        assert code_of(raised) == "AccessDenied"
    with pytest.raises(ClientError) as raised:
        reader.head_object(Bucket=bucket, Key=KEY)
    assert code_of(raised) == "403"


def test_a_pattern_lets_create_what_it_names(other: Any) -> None:
    other.create_bucket(Bucket="master.shared-1")
    other.delete_bucket(Bucket="master.shared-1")
    for bucket in ("master.shared-12", "master.mine", "dev.shared-1"):
        with pytest.raises(ClientError) as raised:
            other.create_bucket(Bucket=bucket)
        assert code_of(raised) == "AccessDenied"


def test_a_wrong_secret_is_told_by_the_client(keyed: GatewayProcess) -> None:
    client = client_with(keyed, Key("READER", "guessed"))
    with pytest.raises(ClientError, match=r"SignatureDoesNotMatch.*Check your key and signing"):
        client.list_buckets()
    client.close()


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_boto3s_presigned_urls_work_until_they_are_changed(
    keyed: GatewayProcess, version: str
) -> None:
    client = client_with(keyed, READER, signature_version=version)
    url = client.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": KEY}, 60)
    with opened(url) as answer:
        assert answer.read() == CONTENT
    for changed in (
        url.replace(KEY + "?", "x?"),
        url + "&versionId=1",
        url.replace("READER", "WRITER"),
    ):
        with pytest.raises(urllib.error.HTTPError) as raised:
            opened(changed)
        assert raised.value.code == 403
        raised.value.close()
    put = client.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": KEY}, 60)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        opened(put, b"changed")
    client.close()


def test_version_2_signs_every_operation(keyed: GatewayProcess) -> None:
    client = client_with(keyed, OTHER, signature_version="s3")
    client.create_bucket(Bucket="master.shared-2")
    client.put_object(Bucket="master.shared-2", Key="a b$c", Body=b"x", ContentType="text/x")
    assert client.list_objects_v2(Bucket="master.shared-2", Prefix="a b$")["KeyCount"] == 1
    client.put_object(Bucket="master.shared-2", Key="a b", Body=b"x")
    client.delete_objects(
        Bucket="master.shared-2", Delete={"Objects": [{"Key": "a b"}, {"Key": "a b$c"}]}
    )
    client.delete_bucket(Bucket="master.shared-2")
    client.close()


def test_a_presigned_url_opens_from_another_sites_page(keyed: GatewayProcess) -> None:
    signer = Signer(READER)
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = signer.send(
        keyed, "GET", f"/{BUCKET}/{KEY}", headers=headers, mode="UNSIGNED-PAYLOAD", presigned=True
    )
    assert answer.body == CONTENT
    assert answer.headers["content-security-policy"] == "sandbox"


def test_the_access_log_says_who(keyed: GatewayProcess, reader: Any) -> None:
    reader.get_object(Bucket=BUCKET, Key=KEY)
    Signer(Key("WRITER", "guessed")).send(keyed, "GET", "/log-me")
    Signer(WRITER).send(keyed, "GET", f"/{BUCKET}/{KEY}")
    time.sleep(0.5)
    lines = [line for line in keyed.output if "GetObject" in line]
    assert any("who=READER" in line for line in lines)
    assert any("who=WRITER" in line for line in lines)
    assert not any("who=" in line for line in keyed.output if "SignatureDoesNotMatch" in line)


@pytest.mark.parametrize(
    ("pattern", "bucket", "matches"),
    [
        ("*", "master.images", True),
        ("*", "a.b.c", True),
        ("*.*", "a.b.c", False),
        ("*.*.*", "a.b.c", True),
        ("*.*.*", "a.b", True),
        ("images", "master.images", True),
        ("images", "dev.images", False),
        ("*.images", "images", True),
        ("*.images", "x.y.images", False),
        ("*.images", "x.images.default", True),
        ("dev-*.im?ges", "dev-1.images", True),
        ("dev-*.im?ges", "dev.images", False),
        ("*.images", "master.Images", False),
    ],
)
def test_a_pattern_matches_the_branch_whatever_the_bucket_is_called(
    pattern: str, bucket: str, matches: bool
) -> None:
    access = Access(buckets=(BucketPattern.read(pattern),))
    assert access.covers(branch_of(bucket)) is matches


def test_a_commit_s_bucket_is_for_whom_its_branch_is_and_for_nobody_else() -> None:
    """What it would be without versions, a branch of a repo `master`, is not looked at."""
    commit = "0123456789ab4def8123456789abcdef"
    bucket = f"{commit}.master.images"
    named = partial(named_bucket, has_versions=True)
    for pattern in ("master.images", "*.images", "images", "*"):
        Access(buckets=(BucketPattern.read(pattern),)).check("GET", bucket, named)
    for pattern in ("*.master.images", f"{commit}.master.images", "*.master", "master.other"):
        with pytest.raises(AccessDenied):
            Access(buckets=(BucketPattern.read(pattern),)).check("GET", bucket, named)


@pytest.mark.parametrize("pattern", ["", ".", "a.", "a.b.c.d", "a b", "[ab].c", "**.é"])
def test_what_is_like_no_buckets_name_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match="not a pattern"):
        BucketPattern.read(pattern)


def opened(url: str, body: bytes | None = None) -> Any:
    """What a person does with a presigned URL."""
    request = urllib.request.Request(url, body, method="PUT" if body else "GET")  # noqa: S310
    return urllib.request.urlopen(request)  # noqa: S310 - our own gateway's


def client_with(gateway: GatewayProcess, key: Key, **config: Any) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=gateway.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key.name,
        aws_secret_access_key=key.secret,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )
