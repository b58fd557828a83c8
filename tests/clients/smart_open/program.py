"""smart_open, in the shape of the checklist."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import boto3
import smart_open
from botocore.exceptions import ClientError
from smart_open.s3 import iter_bucket

from tests.clients import checklist, steps
from tests.clients.client import REGION, Client

MIB = 1024 * 1024
CLIENT = {
    "endpoint_url": steps.endpoint(),
    "region_name": REGION,
    "aws_access_key_id": "any",
    "aws_secret_access_key": steps.secret(),
}


class SmartOpen(Client):
    """smart_open.open, with a client of boto3's."""

    def __init__(self) -> None:
        self.s3: Any = boto3.client("s3", **CLIENT)

    def open(self, bucket: str, key: str, mode: str, **more: object) -> Any:
        parameters = {"client": self.s3, "multipart_upload": False, **more}
        return smart_open.open(f"s3://{bucket}/{key}", mode, transport_params=parameters)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        with self.open(bucket, key, "wb") as file:
            file.write(content)

    def get(self, bucket: str, key: str) -> bytes:
        with self.open(bucket, key, "rb") as file:
            content: bytes = file.read()
        return content

    def size(self, bucket: str, key: str) -> int:
        with self.open(bucket, key, "rb") as file:
            return int(file.seek(0, io.SEEK_END))

    def get_range(self, bucket: str, key: str, first: int, last: int) -> bytes:
        with self.open(bucket, key, "rb", defer_seek=True) as file:
            file.seek(first)
            content: bytes = file.read(last - first + 1)
        return content

    def keys(self, bucket: str) -> list[str]:
        return sorted(key for key, _ in iter_bucket(bucket, client_kwargs=CLIENT))

    def multipart(self, bucket: str, key: str, path: Path) -> None:
        with self.open(bucket, key, "wb", multipart_upload=True) as file:
            file.write(path.read_bytes())

    def stream(self, bucket: str, key: str, content: bytes) -> None:
        with self.open(bucket, key, "wb") as file:
            for start in range(0, len(content), MIB):
                file.write(content[start : start + MIB])
        assert self.get(bucket, key) == content


def own_steps(client: SmartOpen, bucket: str) -> Iterator[checklist.Step]:
    """What the checklist does not have."""

    def small() -> None:
        with client.open(bucket, "small", "wb", multipart_upload=True) as file:
            file.write(b"hello")

    def text() -> None:
        with client.open(bucket, "a.txt.gz", "w") as file:
            file.write("one\ntwo\n")
        with client.open(bucket, "a.txt.gz", "r") as file:
            assert list(file) == ["one\n", "two\n"]

    def in_ranges() -> None:
        content = os.urandom(20 * MIB)
        client.put(bucket, "ranges", content)
        with client.open(bucket, "ranges", "rb", range_chunk_size=MIB) as file:
            assert file.read() == content

    def broken_off() -> None:
        try:
            with client.open(bucket, "half", "wb") as file:
                file.write(b"hello")
                raise InterruptedError
        except InterruptedError:
            assert "half" not in client.keys(bucket)

    yield "write 5 B, multipart_upload left on", small
    yield "write and read lines of a .gz", text
    yield "read with range_chunk_size", in_ranges
    yield "an exception while writing stores nothing", broken_off


def tidy_up(client: SmartOpen, bucket: str) -> None:
    """Remove what is left, which smart_open cannot."""
    for key in client.keys(bucket):
        client.s3.delete_object(Bucket=bucket, Key=key)


def code_of(error: Exception) -> str:
    """The code of botocore's error behind smart_open's, or the name of that."""
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, ClientError):
            return str(one.response["Error"]["Code"])
        one = one.__cause__ or one.__context__
    return type(error).__name__


if __name__ == "__main__":
    with steps.bucket_of_its_own() as bucket:
        client = SmartOpen()
        both = chain(checklist.steps(client, bucket), own_steps(client, bucket))
        steps.print_outcomes(steps.run_steps(both, code_of))
        tidy_up(client, bucket)
