"""What programs that know S3's versioning do with a bucket, and what they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.keys.every_operation import LAYERS
from tests.operations.refusals import refused
from tests.servers import EMBEDDED, GatewayProcess

pytestmark = pytest.mark.parametrize(
    "layers", [LAYERS], ids=["copy+multipart+versions"], indirect=True
)

CANNOT_GO = "No version can be deleted"


def stored(s3: Any, bucket: str, key: str, *bodies: bytes) -> list[str]:
    """Store an object again and again; gives the version ids, the oldest first."""
    for body in bodies:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    return versions(s3, bucket, key)[::-1]


def versions(s3: Any, bucket: str, key: str) -> list[str]:
    """The version ids of an object, the newest first."""
    answer = s3.list_object_versions(Bucket=bucket, Prefix=key)
    return [one["VersionId"] for one in answer.get("Versions", []) if one["Key"] == key]


def body_of(s3: Any, bucket: str, key: str, **more: str) -> bytes:
    """An object's bytes."""
    body: bytes = s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()
    return body


def at_once(*calls: Callable[[], object]) -> None:
    """Make calls at the same time."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_no_version_is_deleted_and_all_stay_readable(s3: Any, bucket: str) -> None:
    """Neither an old one nor the newest, neither alone nor among many."""
    ids = stored(s3, bucket, "k", b"0", b"1", b"2")
    for version in ids:
        with refused(501, "NotImplemented") as said:
            s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
        assert CANNOT_GO in said["Message"]
    named = [{"Key": "k", "VersionId": version} for version in ids]
    errors = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})["Errors"]
    assert [(e["VersionId"], e["Code"]) for e in errors] == [(v, "NotImplemented") for v in ids]
    assert all(CANNOT_GO in e["Message"] for e in errors)
    assert [body_of(s3, bucket, "k", VersionId=version) for version in ids] == [b"0", b"1", b"2"]
    assert body_of(s3, bucket, "k") == b"2"


def test_only_enabled_versioning_is_accepted(s3: Any, bucket: str) -> None:
    for refusal in ({"Status": "Suspended"}, {"Status": "Enabled", "MFADelete": "Enabled"}):
        with refused(501, "NotImplemented"):
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=refusal)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_a_deleted_object_is_missing_and_its_marker_named(
    s3: Any, gateway: GatewayProcess, bucket: str
) -> None:
    stored(s3, bucket, "k", b"0")
    s3.delete_object(Bucket=bucket, Key="k")
    (marker,) = s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]
    named = {"x-amz-delete-marker": "true", "x-amz-version-id": marker["VersionId"]}
    for ask, code in ((s3.get_object, "NoSuchKey"), (s3.head_object, "404")):
        with pytest.raises(ClientError) as caught:
            ask(Bucket=bucket, Key="k")
        response = caught.value.response
        headers = response["ResponseMetadata"]["HTTPHeaders"]
        assert response["Error"]["Code"] == code
        told = {name: headers[name] for name in named if name in headers}
        assert told == (named if gateway.pfs.startswith(EMBEDDED) else {})


@pytest.mark.parametrize("key", ["never", "folder/", "a?b"])
def test_an_object_that_never_was_has_no_marker(s3: Any, bucket: str, key: str) -> None:
    stored(s3, bucket, "k", b"0")
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key=key)
    headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert {"x-amz-delete-marker", "x-amz-version-id"}.isdisjoint(headers)


@pytest.mark.parametrize("key", ["_", ":", " ", "_d/e f"])
def test_unusual_keys_have_versions(s3: Any, bucket: str, key: str) -> None:
    ids = stored(s3, bucket, key, b"0", b"1")
    assert [body_of(s3, bucket, key, VersionId=version) for version in ids] == [b"0", b"1"]
    source = {"Bucket": bucket, "Key": key, "VersionId": ids[0]}
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert copied["CopySourceVersionId"] == ids[0]
    assert body_of(s3, bucket, "copy") == b"0"


def test_there_is_no_version_null(s3: Any, bucket: str) -> None:
    """Nothing was stored before the bucket had versions."""
    stored(s3, bucket, "k", b"0")
    calls = (s3.get_object, s3.delete_object)
    for call in calls:
        with refused(400, "InvalidArgument"):
            call(Bucket=bucket, Key="k", VersionId="null")
    source = {"Bucket": bucket, "Key": "k", "VersionId": "null"}
    with refused(400, "InvalidArgument"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": "null"}]}
    )
    assert [(e["Key"], e["Code"]) for e in answer["Errors"]] == [("k", "InvalidArgument")]
    assert body_of(s3, bucket, "k") == b"0"


def test_versions_are_copied_to_other_keys_and_buckets(s3: Any, bucket: str) -> None:
    other = f"{bucket}-other"
    s3.create_bucket(Bucket=other)
    ids = stored(s3, bucket, "k", b"0", b"1", b"2")
    for at, version in enumerate(ids):
        source = {"Bucket": bucket, "Key": "k", "VersionId": version}
        for target in (bucket, other):
            s3.copy_object(Bucket=target, Key=f"copy-{at}", CopySource=source)
            assert body_of(s3, target, f"copy-{at}") == str(at).encode()
    s3.copy_object(Bucket=other, Key="newest", CopySource={"Bucket": bucket, "Key": "k"})
    assert body_of(s3, other, "newest") == b"2"


def test_uploads_in_parts_are_versions_among_others(s3: Any, bucket: str) -> None:
    stored(s3, bucket, "k", b"put")
    named = {"Bucket": bucket, "Key": "k"}
    named["UploadId"] = s3.create_multipart_upload(**named)["UploadId"]
    part = s3.upload_part(**named, PartNumber=1, Body=b"in parts")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(**named, MultipartUpload=parts)
    ids = versions(s3, bucket, "k")
    assert [body_of(s3, bucket, "k", VersionId=v) for v in ids] == [b"in parts", b"put"]


def test_a_list_and_a_head_say_the_same_of_a_version(s3: Any, bucket: str) -> None:
    stored(s3, bucket, "k", b"0", b"first", b"last of all")
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [one["Size"] for one in listed] == [11, 5, 1]
    for one in listed:
        head = s3.head_object(Bucket=bucket, Key="k", VersionId=one["VersionId"])
        assert (head["VersionId"], head["ETag"]) == (one["VersionId"], one["ETag"])
        assert head["ContentLength"] == one["Size"]
        assert head["LastModified"] == one["LastModified"].replace(microsecond=0)


def test_conditions_and_ranges_are_of_the_version(s3: Any, bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key="k", Body=b"first")["ETag"]
    old, _ = stored(s3, bucket, "k", b"second")
    assert body_of(s3, bucket, "k", VersionId=old, IfMatch=first) == b"first"
    assert body_of(s3, bucket, "k", VersionId=old, Range="bytes=1-2") == b"ir"
    with refused(304, "304"):
        s3.get_object(Bucket=bucket, Key="k", VersionId=old, IfNoneMatch=first)
    with refused(412, "PreconditionFailed"):
        s3.get_object(Bucket=bucket, Key="k", IfMatch=first)


def test_writes_at_the_same_moment_are_a_version_each(s3: Any, bucket: str) -> None:
    bodies = [str(number).encode() for number in range(6)]
    at_once(*(partial(s3.put_object, Bucket=bucket, Key="k", Body=body) for body in bodies))
    found = [body_of(s3, bucket, "k", VersionId=v) for v in versions(s3, bucket, "k")]
    assert sorted(found) == bodies
    assert body_of(s3, bucket, "k") == found[0]


def test_deletions_at_the_same_moment_make_one_marker(s3: Any, bucket: str) -> None:
    stored(s3, bucket, "k", b"0")
    at_once(*[partial(s3.delete_object, Bucket=bucket, Key="k")] * 6)
    answer = s3.list_object_versions(Bucket=bucket)
    assert (len(answer["DeleteMarkers"]), len(answer["Versions"])) == (1, 1)


def test_a_bucket_without_objects_goes_with_its_history(s3: Any, new_bucket: str) -> None:
    """AWS refuses that; here, a branch that is empty at HEAD is an empty bucket."""
    s3.create_bucket(Bucket=new_bucket)
    stored(s3, new_bucket, "k", b"0")
    with refused(409, "BucketNotEmpty"):
        s3.delete_bucket(Bucket=new_bucket)
    s3.delete_object(Bucket=new_bucket, Key="k")
    s3.delete_bucket(Bucket=new_bucket)
    with refused(404, "NoSuchBucket"):
        s3.list_object_versions(Bucket=new_bucket)
