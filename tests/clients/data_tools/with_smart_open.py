"""smart_open, which sends everything in parts unless it is told otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import boto3
import smart_open

from tests.clients import steps
from tests.clients.data_tools import sizes


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Files of each size, written and read."""
    client = boto3.client(
        "s3",
        endpoint_url=steps.endpoint(),
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="anything",
    )

    def opened(key: object, mode: str) -> Any:
        where = f"s3://{bucket}/{key}"
        return smart_open.open(where, mode, transport_params={"client": client})

    def written(key: object, content: bytes, piece: int) -> None:
        with opened(key, "wb") as file:
            for start in range(0, len(content), piece):
                file.write(content[start : start + piece])
        with opened(key, "rb") as file:
            assert file.read() == content

    def broken_off() -> None:
        try:
            with opened("half", "wb") as file:
                file.write(bytes(60 * sizes.MIB))
                raise InterruptedError
        except InterruptedError:
            assert "Contents" not in client.list_objects_v2(Bucket=bucket, Prefix="half")
            assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)

    yield from sizes.each_size(lambda size: written(size, os.urandom(size), max(size, 1)))
    yield sizes.STREAM, lambda: written("streamed", os.urandom(20 * sizes.MIB), sizes.MIB)
    yield "an exception while writing leaves no object and no upload", broken_off


if __name__ == "__main__":
    sizes.run(own_steps)
