"""The gateway's own branches: no buckets, with whatever contract."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operations.test_multipart import Upload, error_of

multipart = pytest.mark.parametrize("layers", [("multipart",)], ids=["multipart"], indirect=True)


def hidden_bucket(bucket: str, upload: Upload) -> str:
    repo = bucket.partition(".")[2]
    return f"_s3gateway_upload_{upload.id.removeprefix('u-')}.{repo}"


@multipart
def test_an_upload_is_no_bucket_under_any_name(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    hidden = hidden_bucket(bucket, upload)
    for name in (hidden, f"{hidden}.default"):
        assert error_of(s3.head_bucket, Bucket=name) == (404, "404")
        assert error_of(s3.list_objects_v2, Bucket=name) == (404, "NoSuchBucket")
        assert error_of(s3.get_object, Bucket=name, Key="upload") == (404, "NoSuchBucket")
        assert error_of(s3.put_object, Bucket=name, Key="upload") == (404, "NoSuchBucket")
        assert error_of(s3.delete_bucket, Bucket=name) == (404, "NoSuchBucket")
        assert error_of(s3.create_bucket, Bucket=name) == (400, "InvalidBucketName")
    assert not [b["Name"] for b in s3.list_buckets()["Buckets"] if "_s3gateway" in b["Name"]]


@multipart
def test_an_upload_keeps_no_repo_alive(s3: Any, bucket: str) -> None:
    upload = Upload(s3, bucket)
    upload.send(1, b"a part")
    other = f"other.{bucket.partition('.')[2]}"
    s3.create_bucket(Bucket=other)
    s3.delete_bucket(Bucket=bucket)
    assert error_of(s3.list_parts, **upload.named) == (404, "NoSuchBucket")
    s3.delete_bucket(Bucket=other)
    s3.create_bucket(Bucket=bucket)  # in a repo that is new
    assert error_of(s3.list_parts, **upload.named) == (404, "NoSuchUpload")


def test_names_of_hidden_branches_are_refused_by_default(s3: Any, bucket: str) -> None:
    name = f"_s3gateway_anything.{bucket.partition('.')[2]}"
    assert error_of(s3.create_bucket, Bucket=name) == (400, "InvalidBucketName")
    assert error_of(s3.head_bucket, Bucket=name) == (404, "404")
