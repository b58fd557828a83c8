"""minio-py, in the shape of the checklist."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio
from minio.commonconfig import ENABLED, CopySource, Tags
from minio.deleteobjects import DeleteObject
from minio.error import S3Error, ServerError
from minio.versioningconfig import VersioningConfig

from tests.clients import checklist, steps
from tests.clients.client import Client

ONE_PART = 5 * 1024**3


class MinioPy(Client):
    """minio-py's client."""

    def __init__(self) -> None:
        self.minio = Minio(
            urlsplit(steps.endpoint()).netloc,
            access_key="any",
            secret_key="anything",
            secure=False,
        )

    def make_bucket(self, bucket: str) -> None:
        self.minio.make_bucket(bucket)

    def bucket_exists(self, bucket: str) -> bool:
        return self.minio.bucket_exists(bucket)

    def buckets(self) -> list[str]:
        return [bucket.name for bucket in self.minio.list_buckets()]

    def remove_bucket(self, bucket: str) -> None:
        self.minio.remove_bucket(bucket)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.minio.put_object(bucket, key, io.BytesIO(content), len(content), part_size=ONE_PART)

    def get(self, bucket: str, key: str) -> bytes:
        return self._read(bucket, key)

    def _read(
        self,
        bucket: str,
        key: str,
        offset: int = 0,
        length: int = 0,
    ) -> bytes:
        response = self.minio.get_object(bucket, key, offset=offset, length=length)
        try:
            return response.read()
        finally:
            response.close()
            response.release_conn()

    def size(self, bucket: str, key: str) -> int:
        size = self.minio.stat_object(bucket, key).size
        assert size is not None
        return size

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        return self._read(bucket, key, first, last - first + 1)

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self.minio.fput_object(bucket, key, str(path), part_size=ONE_PART)

    def download(self, bucket: str, key: str, path: Path) -> None:
        self.minio.fget_object(bucket, key, str(path))

    def delete(self, bucket: str, key: str) -> None:
        self.minio.remove_object(bucket, key)

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        assert list(self.minio.remove_objects(bucket, map(DeleteObject, keys))) == []

    def presigned_get(self, bucket: str, key: str) -> str:
        return self.minio.presigned_get_object(bucket, key, expires=timedelta(minutes=1))

    def presigned_put(self, bucket: str, key: str) -> str:
        return self.minio.presigned_put_object(bucket, key, expires=timedelta(minutes=1))

    def etag(self, bucket: str, key: str) -> str:
        return f'"{self.minio.stat_object(bucket, key).etag}"'

    def get_if_changed(self, bucket: str, key: str, etag: str) -> bytes:
        try:
            response = self.minio.get_object(bucket, key, request_headers={"If-None-Match": etag})
        except ServerError as error:
            if error.status_code == HTTPStatus.NOT_MODIFIED:
                return b""
            raise
        return response.read()

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        self.minio.put_object(
            bucket,
            key,
            io.BytesIO(content),
            len(content),
            content_type="text/x-test",
            metadata={"colour": "blue"},
        )

    def described(self, bucket: str, key: str) -> str:
        stat = self.minio.stat_object(bucket, key)
        return f"{stat.content_type} {stat.metadata}"

    def keys(self, bucket: str) -> list[str]:
        return self._listed(bucket, recursive=True)

    def level(self, bucket: str, prefix: str) -> list[str]:
        return self._listed(bucket, prefix=prefix)

    def keys_by_version_1(self, bucket: str) -> list[str]:
        return self._listed(bucket, recursive=True, use_api_v1=True)

    def _listed(
        self, bucket: str, prefix: str = "", recursive: bool = False, use_api_v1: bool = False
    ) -> list[str]:
        found = self.minio.list_objects(
            bucket, prefix=prefix, recursive=recursive, use_api_v1=use_api_v1
        )
        return [str(object_.object_name) for object_ in found]

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        self.minio.fput_object(bucket, key, str(path))

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        # A size of -1 needs a part size; what fits into one part is one PUT.
        self.minio.put_object(bucket, key, io.BytesIO(content), -1, part_size=ONE_PART)
        assert self.get(bucket, key) == content

    def copy(self, bucket: str, source: str, target: str) -> None:
        self.minio.copy_object(bucket, target, CopySource(bucket, source))

    def tag(self, bucket: str, key: str) -> None:
        tags = Tags.new_object_tags()
        tags["colour"] = "blue"
        self.minio.set_object_tags(bucket, key, tags)

    def versioning(self, bucket: str) -> None:
        self.minio.set_bucket_versioning(bucket, VersioningConfig(ENABLED))

    def versions(self, bucket: str) -> None:
        list(self.minio.list_objects(bucket, include_version=True))


def code_of(error: Exception) -> str:
    """The code in minio-py's error."""
    return str(error.code) if isinstance(error, S3Error) else type(error).__name__


if __name__ == "__main__":
    steps.print_outcomes(steps.run_steps(checklist.steps(MinioPy(), steps.bucket()), code_of))
