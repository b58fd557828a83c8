"""pyarrow's S3 file system, in the shape of the checklist, and Parquet as its users write it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow
from pyarrow import dataset, fs, parquet

from tests.clients import checklist, steps
from tests.clients.client import REGION, Client

MIB = 1024 * 1024


class Pyarrow(Client):
    """pyarrow's file system on AWS's C++ SDK.

    Args:
        **settings: More of it.
    """

    def __init__(self, **settings: bool) -> None:
        self.fs = fs.S3FileSystem(
            endpoint_override=urlsplit(steps.endpoint()).netloc,
            scheme="http",
            region=REGION,
            access_key="any",
            secret_key="anything",
            **settings,
        )

    def make_bucket(self, bucket: str) -> None:
        self.fs.create_dir(bucket)

    def bucket_exists(self, bucket: str) -> bool:
        return self._type(bucket) is fs.FileType.Directory

    def _type(self, path: str) -> fs.FileType:
        return self.fs.get_file_info(path).type

    def buckets(self) -> list[str]:
        return [one.path for one in self.fs.get_file_info(fs.FileSelector(""))]

    def remove_bucket(self, bucket: str) -> None:
        self.fs.delete_dir(bucket)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        try:
            with self.fs.open_output_stream(f"{bucket}/{key}") as stream:
                stream.write(content)
        except OSError as refused:
            if "CreateMultipartUpload" in str(refused):
                self._remove_leftover(f"{bucket}/{key}")
            raise

    def _remove_leftover(self, path: str) -> None:
        # When a large write is refused, close() stores an empty object all the same.
        if self._type(path) is fs.FileType.File:
            assert self.fs.get_file_info(path).size == 0
            self.fs.delete_file(path)

    def get(self, bucket: str, key: str) -> bytes:
        with self.fs.open_input_stream(f"{bucket}/{key}") as stream:
            content: bytes = stream.read()
        return content

    def size(self, bucket: str, key: str) -> int:
        found = self.fs.get_file_info(f"{bucket}/{key}")
        if found.type is not fs.FileType.File:
            raise steps.EndsOtherwise(found.type.name)
        return int(found.size)

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        with self.fs.open_input_file(f"{bucket}/{key}") as file:
            content: bytes = file.read_at(last - first + 1, first)
        return content

    def delete(self, bucket: str, key: str) -> None:
        self.fs.delete_file(f"{bucket}/{key}")

    def delete_many(self, bucket: str, keys: Sequence[str]) -> None:
        self.fs.delete_dir_contents(bucket)

    def put_with_metadata(self, bucket: str, key: str, content: bytes) -> None:
        metadata = {"Content-Type": "text/x-test", "colour": "blue"}
        with self.fs.open_output_stream(f"{bucket}/{key}", metadata=metadata) as stream:
            stream.write(content)

    def described(self, bucket: str, key: str) -> str:
        with self.fs.open_input_stream(f"{bucket}/{key}") as stream:
            return str(stream.metadata())

    def keys(self, bucket: str) -> list[str]:
        found = self.fs.get_file_info(fs.FileSelector(bucket, recursive=True))
        paths = sorted(one.path for one in found if one.type is fs.FileType.File)
        return [path.removeprefix(f"{bucket}/") for path in paths]

    def level(self, bucket: str, prefix: str) -> list[str]:
        found = self.fs.get_file_info(fs.FileSelector(f"{bucket}/{prefix}".rstrip("/")))
        names = [one.path + "/" * (one.type is fs.FileType.Directory) for one in found]
        return [name.removeprefix(f"{bucket}/") for name in names]

    def sync_up(self, folder: Path, bucket: str, prefix: str) -> None:
        fs.copy_files(str(folder), f"{bucket}/{prefix}", destination_filesystem=self.fs)

    def sync_down(self, bucket: str, prefix: str, folder: Path) -> None:
        fs.copy_files(f"{bucket}/{prefix}", str(folder), source_filesystem=self.fs)

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        Pyarrow().put(bucket, key, b"hello")

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        with self.fs.open_output_stream(f"{bucket}/{key}") as stream:
            for start in range(0, len(content), MIB):
                stream.write(content[start : start + MIB])

    def copy(self, bucket: str, source: str, target: str) -> None:
        self.fs.copy_file(f"{bucket}/{source}", f"{bucket}/{target}")

    def move(self, bucket: str, source: str, target: str) -> None:
        self.fs.move(f"{bucket}/{source}", f"{bucket}/{target}")


def own_steps(client: Pyarrow, bucket: str) -> Iterator[checklist.Step]:
    """What the checklist does not have."""
    other = f"{bucket}-own"
    yield "make another bucket", lambda: client.fs.create_dir(other)
    yield from _tables(client, other)
    yield from _limits(client, other)
    yield "delete_dir of a bucket with objects", lambda: client.fs.delete_dir(other)


def _tables(client: Pyarrow, bucket: str) -> Iterator[checklist.Step]:
    table = pyarrow.table({"n": list(range(1000)), "half": [n % 2 for n in range(1000)]})

    def tables() -> None:
        parquet.write_table(table, f"{bucket}/one.parquet", filesystem=client.fs)
        assert parquet.read_table(f"{bucket}/one.parquet", filesystem=client.fs).equals(table)

    def datasets() -> None:
        dataset.write_dataset(
            table, f"{bucket}/set", format="parquet", partitioning=["half"], filesystem=client.fs
        )
        read = dataset.dataset(f"{bucket}/set", partitioning=["half"], filesystem=client.fs)
        assert read.count_rows() == 1000
        assert read.to_table(filter=dataset.field("half") == 1).num_rows == 500

    yield "write_table and read_table of Parquet", tables
    yield "write_dataset and dataset, partitioned", datasets


def _limits(client: Pyarrow, bucket: str) -> Iterator[checklist.Step]:
    def just_below() -> None:
        client.put(bucket, "below", bytes(10 * MIB - 1))
        assert client.size(bucket, "below") == 10 * MIB - 1

    def leftover() -> None:
        client.put(bucket, "large", b"what was there before")
        try:
            with client.fs.open_output_stream(f"{bucket}/large") as stream:
                stream.write(bytes(10 * MIB))
        except OSError:
            assert client.size(bucket, "large") == 0
            raise

    def directories() -> None:
        client.fs.create_dir(f"{bucket}/empty")
        assert client._type(f"{bucket}/empty") is fs.FileType.NotFound
        client.fs.delete_dir(f"{bucket}/set")
        assert client._type(f"{bucket}/set") is fs.FileType.NotFound

    yield "create_dir keeps nothing, delete_dir works", directories
    yield "put 10 MiB less a byte", just_below
    yield "put 10 MiB: leaves an empty object", leftover


def code_of(error: Exception) -> str:
    """The code in the SDK's words."""
    text = str(error)
    found = re.search(r"ExceptionName: (\w+)", text) or re.search(r"AWS Error ([A-Z_]+)", text)
    return found[1] if found else type(error).__name__


if __name__ == "__main__":
    client = Pyarrow(
        allow_bucket_creation=True, allow_bucket_deletion=True, allow_delayed_open=True
    )
    bucket = steps.bucket()
    both = chain(own_steps(client, bucket), checklist.steps(client, bucket))
    steps.print_outcomes(steps.run_steps(both, code_of))
