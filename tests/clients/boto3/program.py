"""boto3, in the shape of the checklist."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.clients import checklist, steps
from tests.clients.client import REGION, Client

ONE_PUT = TransferConfig(multipart_threshold=5 * 1024**3)
CHECKSUMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
PRESIGNED_SECONDS = 60


class Boto3(Client):
    """boto3's client.

    Args:
        checksums: When botocore is to add checksums of its own.
    """

    def __init__(self, checksums: str) -> None:
        config = {f"{what}_checksum_{how}": checksums for what, how in _CHECKSUM_SETTINGS}
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=steps.endpoint(),
            region_name=REGION,
            aws_access_key_id="any",
            aws_secret_access_key="anything",
            config=Config(**config),
        )

    def make_bucket(self, bucket: str) -> None:
        self.s3.create_bucket(Bucket=bucket)

    def bucket_exists(self, bucket: str) -> bool:
        try:
            self.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] == "404":
                return False
            raise
        return True

    def buckets(self) -> list[str]:
        return [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]

    def location(self, bucket: str) -> str:
        return str(self.s3.get_bucket_location(Bucket=bucket)["LocationConstraint"])

    def remove_bucket(self, bucket: str) -> None:
        self.s3.delete_bucket(Bucket=bucket)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=content)

    def get(self, bucket: str, key: str) -> bytes:
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def size(self, bucket: str, key: str) -> int:
        return int(self.s3.head_object(Bucket=bucket, Key=key)["ContentLength"])

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        asked = self.s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={first}-{last}")
        content: bytes = asked["Body"].read()
        return content

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self.s3.upload_file(str(path), bucket, key, Config=ONE_PUT)

    def download(self, bucket: str, key: str, path: Path) -> None:
        self.s3.download_file(bucket, key, str(path))

    def delete(self, bucket: str, key: str) -> None:
        self.s3.delete_object(Bucket=bucket, Key=key)

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        doomed = {"Objects": [{"Key": key} for key in keys]}
        assert "Errors" not in self.s3.delete_objects(Bucket=bucket, Delete=doomed)

    def presigned_get(self, bucket: str, key: str) -> str:
        return self._presigned("get_object", bucket, key)

    def presigned_put(self, bucket: str, key: str) -> str:
        return self._presigned("put_object", bucket, key)

    def _presigned(self, operation: str, bucket: str, key: str) -> str:
        return str(
            self.s3.generate_presigned_url(
                operation, Params={"Bucket": bucket, "Key": key}, ExpiresIn=PRESIGNED_SECONDS
            )
        )

    def put_if_none_is_there(self, bucket: str, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*")

    def put_if_unchanged(self, bucket: str, key: str, content: bytes, etag: str) -> None:
        self.s3.put_object(Bucket=bucket, Key=key, Body=content, IfMatch=etag)

    def etag(self, bucket: str, key: str) -> str:
        return str(self.s3.head_object(Bucket=bucket, Key=key)["ETag"])

    def get_if_changed(self, bucket: str, key: str, etag: str) -> bytes:
        try:
            answer = self.s3.get_object(Bucket=bucket, Key=key, IfNoneMatch=etag)
        except ClientError as error:
            if error.response["Error"]["Code"] == "304":
                return b""
            raise
        content: bytes = answer["Body"].read()
        return content

    def put_with_checksums(self, bucket: str, key: str, content: bytes) -> None:
        for algorithm in CHECKSUMS:
            put = self.s3.put_object(
                Bucket=bucket, Key=key, Body=content, ChecksumAlgorithm=algorithm
            )
            assert put[f"Checksum{algorithm}"]

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        self.s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ContentType="text/x-test",
            Metadata={"colour": "blue"},
        )

    def described(self, bucket: str, key: str) -> str:
        return str(self.s3.head_object(Bucket=bucket, Key=key))

    def keys(self, bucket: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=bucket)
        return [object_["Key"] for object_ in found.get("Contents", [])]

    def level(self, bucket: str, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, Delimiter="/")
        directories = [common["Prefix"] for common in found.get("CommonPrefixes", [])]
        return [object_["Key"] for object_ in found.get("Contents", [])] + directories

    def keys_in_pages(self, bucket: str, page: int) -> list[str]:
        return self._all_pages("list_objects_v2", bucket, page)

    def keys_by_version_1(self, bucket: str) -> list[str]:
        return self._all_pages("list_objects", bucket, 2)

    def _all_pages(self, operation: str, bucket: str, page: int) -> list[str]:
        pages = self.s3.get_paginator(operation).paginate(
            Bucket=bucket, PaginationConfig={"PageSize": page}
        )
        return [object_["Key"] for found in pages for object_ in found["Contents"]]

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        self.s3.upload_file(str(path), bucket, key)

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        self.s3.upload_fileobj(_Pipe(content), bucket, key, Config=ONE_PUT)
        assert self.get(bucket, key) == content

    def copy(self, bucket: str, source: str, target: str) -> None:
        self.s3.copy_object(Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": source})

    def acl(self, bucket: str, key: str) -> None:
        self.s3.put_object_acl(Bucket=bucket, Key=key, ACL="public-read")

    def tag(self, bucket: str, key: str) -> None:
        tags = {"TagSet": [{"Key": "colour", "Value": "blue"}]}
        self.s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=tags)

    def versioning(self, bucket: str) -> None:
        self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    def versions(self, bucket: str) -> None:
        self.s3.list_object_versions(Bucket=bucket)


class _Pipe(io.RawIOBase):
    """A source that can be read once, and does not tell how much there is."""

    def __init__(self, content: bytes) -> None:
        self._rest = content

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        end = size if size >= 0 else len(self._rest)
        piece, self._rest = self._rest[:end], self._rest[end:]
        return piece


_CHECKSUM_SETTINGS = (("request", "calculation"), ("response", "validation"))


def code_of(error: Exception) -> str:
    """The code in botocore's error, of what boto3 makes of it."""
    cause = error.__context__ if error.__context__ is not None else error
    for one in (error, cause):
        if isinstance(one, ClientError):
            return str(one.response["Error"]["Code"])
    # upload_file says it in words alone.
    return next((code for code in ("NotImplemented",) if code in str(error)), "no code")


if __name__ == "__main__":
    client = Boto3(os.environ["CHECKSUMS"])
    steps.print_outcomes(steps.run_steps(checklist.steps(client, steps.bucket()), code_of))
