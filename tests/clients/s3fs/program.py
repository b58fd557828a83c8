"""s3fs, in the shape of the checklist, and as fsspec's users go about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import s3fs
from botocore.exceptions import ClientError

from tests.clients import checklist, steps
from tests.clients.client import Client

ONE_PUT = 5 * 1024**3
MIB = 1024 * 1024


class S3fs(Client):
    """s3fs's file system."""

    def __init__(self) -> None:
        self.fs = s3fs.S3FileSystem(
            endpoint_url=steps.endpoint(), key="any", secret="anything", use_listings_cache=False
        )

    def make_bucket(self, bucket: str) -> None:
        self.fs.mkdir(bucket)

    def bucket_exists(self, bucket: str) -> bool:
        return bool(self.fs.exists(bucket))

    def buckets(self) -> list[str]:
        return list(self.fs.ls("", detail=False))

    def remove_bucket(self, bucket: str) -> None:
        self.fs.rmdir(bucket)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        self.fs.pipe_file(f"{bucket}/{key}", content)

    def get(self, bucket: str, key: str) -> bytes:
        content: bytes = self.fs.cat_file(f"{bucket}/{key}")
        return content

    def size(self, bucket: str, key: str) -> int:
        return int(self.fs.info(f"{bucket}/{key}")["size"])

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        content: bytes = self.fs.cat_file(f"{bucket}/{key}", start=first, end=last + 1)
        return content

    def upload(self, path: Path, bucket: str, key: str) -> None:
        self.fs.put_file(str(path), f"{bucket}/{key}", chunksize=ONE_PUT)

    def download(self, bucket: str, key: str, path: Path) -> None:
        self.fs.get_file(f"{bucket}/{key}", str(path))

    def delete(self, bucket: str, key: str) -> None:
        self.fs.rm_file(f"{bucket}/{key}")

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        self.fs.rm([f"{bucket}/{key}" for key in keys])

    def presigned_get(self, bucket: str, key: str) -> str:
        return str(self.fs.sign(f"{bucket}/{key}", expiration=60))

    def presigned_put(self, bucket: str, key: str) -> str:
        return str(self.fs.sign(f"{bucket}/{key}", expiration=60, client_method="put_object"))

    def put_if_none_is_there(self, bucket: str, key: str, content: bytes) -> None:
        self.fs.pipe_file(f"{bucket}/{key}", content, mode="create")

    def put_with_checksums(self, bucket: str, key: str, content: bytes) -> None:
        for algorithm in ("CRC32", "SHA1", "SHA256"):
            self.fs.pipe_file(f"{bucket}/{key}", content, ChecksumAlgorithm=algorithm)

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        self.fs.pipe_file(
            f"{bucket}/{key}", content, ContentType="text/x-test", Metadata={"colour": "blue"}
        )

    def described(self, bucket: str, key: str) -> str:
        return f"{self.fs.info(f'{bucket}/{key}')} {self.fs.metadata(f'{bucket}/{key}')}"

    def keys(self, bucket: str) -> list[str]:
        return _without(bucket, self.fs.find(bucket))

    def level(self, bucket: str, prefix: str) -> list[str]:
        found = self.fs.ls(f"{bucket}/{prefix}", detail=True)
        names = [one["name"] + "/" * (one["type"] == "directory") for one in found]
        return _without(bucket, names)

    def sync_up(self, folder: Path, bucket: str, prefix: str) -> None:
        self.fs.put(f"{folder}/", f"{bucket}/{prefix}/", recursive=True)

    def sync_down(self, bucket: str, prefix: str, folder: Path) -> None:
        self.fs.get(f"{bucket}/{prefix}/", f"{folder}/", recursive=True)

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        with self.fs.open(f"{bucket}/{key}", "wb", block_size=5 * MIB) as file:
            file.write(path.read_bytes())

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        with self.fs.open(f"{bucket}/{key}", "wb") as file:
            for start in range(0, len(content), MIB):
                file.write(content[start : start + MIB])
        assert self.get(bucket, key) == content

    def copy(self, bucket: str, source: str, target: str) -> None:
        self.fs.cp_file(f"{bucket}/{source}", f"{bucket}/{target}")

    def move(self, bucket: str, source: str, target: str) -> None:
        self.fs.mv(f"{bucket}/{source}", f"{bucket}/{target}")

    def acl(self, bucket: str, key: str) -> None:
        self.fs.chmod(f"{bucket}/{key}", "public-read")

    def tag(self, bucket: str, key: str) -> None:
        self.fs.put_tags(f"{bucket}/{key}", {"colour": "blue"})

    def versioning(self, bucket: str) -> None:
        self.fs.make_bucket_versioned(bucket, True)

    def versions(self, bucket: str) -> None:
        versioned = s3fs.S3FileSystem(
            endpoint_url=steps.endpoint(), key="any", secret="anything", version_aware=True
        )
        versioned.object_version_info(f"{bucket}/hundred")


def _without(bucket: str, names: Sequence[str]) -> list[str]:
    return [name.removeprefix(f"{bucket}/") for name in names]


def own_steps(client: S3fs, bucket: str) -> Iterator[checklist.Step]:
    """What the checklist does not have."""
    other = f"{bucket}-own"
    fs = client.fs

    def remove_prefix() -> None:
        fs.mkdir(other)
        fs.pipe({f"{other}/d/a": b"1", f"{other}/d/b": b"2"})
        fs.rm(f"{other}/d", recursive=True)
        assert fs.find(other) == []

    def large_open() -> None:
        content = bytes(60 * MIB)
        with fs.open(f"{other}/large", "wb", block_size=64 * MIB) as file:
            file.write(content)
        assert fs.info(f"{other}/large")["size"] == len(content)

    yield "rm(bucket/prefix, recursive=True)", remove_prefix
    yield from _appending(fs, other)
    yield "open(…, 'wb', block_size=64 MiB) with 60 MiB", large_open
    yield "rm(bucket, recursive=True)", partial(fs.rm, other, recursive=True)


def _appending(fs: s3fs.S3FileSystem, bucket: str) -> Iterator[checklist.Step]:
    def append() -> None:
        fs.pipe_file(f"{bucket}/log", b"one")
        with fs.open(f"{bucket}/log", "ab") as file:
            file.write(b"two")
        assert fs.cat_file(f"{bucket}/log") == b"onetwo"

    def append_to_large() -> None:
        fs.pipe_file(f"{bucket}/large-log", bytes(6 * MIB))
        with fs.open(f"{bucket}/large-log", "ab") as file:
            file.write(b"more")

    yield "open(…, 'ab')", append
    yield "open(…, 'ab') of 6 MiB", append_to_large


def code_of(error: Exception) -> str:
    """The code of botocore's error behind s3fs's, or the name of that."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, ClientError):
            return str(one.response["Error"]["Code"])
        one = one.__cause__ or one.__context__
    return type(error).__name__


if __name__ == "__main__":
    client, bucket = S3fs(), steps.bucket()
    both = chain(checklist.steps(client, bucket), own_steps(client, bucket))
    steps.print_outcomes(steps.run_steps(both, code_of))
