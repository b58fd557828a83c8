"""cloudpathlib."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cloudpathlib import CloudPath, S3Client

from tests.clients import steps
from tests.clients.data_tools import sizes


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Files of each size, and what else cloudpathlib does with S3."""
    client = S3Client(
        endpoint_url=steps.endpoint(), aws_access_key_id="any", aws_secret_access_key="anything"
    )
    top = client.CloudPath(f"s3://{bucket}")
    yield from _files(top)
    yield from _folders(top)


def _files(top: CloudPath) -> Iterator[sizes.Step]:
    def whole(size: int) -> None:
        content, path = os.urandom(size), top / "files" / str(size)
        path.write_bytes(content)
        path.clear_cache()
        assert path.read_bytes() == content

    def streamed() -> None:
        content, path = os.urandom(20 * sizes.MIB), top / "streamed"
        with path.open("wb") as file:
            for start in range(0, len(content), sizes.MIB):
                file.write(content[start : start + sizes.MIB])
        path.clear_cache()
        assert path.read_bytes() == content

    def moved() -> None:
        content = (top / "streamed").read_bytes()
        (top / "streamed").rename(top / "moved")
        assert (top / "moved").read_bytes() == content
        assert not (top / "streamed").exists()

    yield from sizes.each_size(whole)
    yield sizes.STREAM, streamed
    yield sizes.MOVE, moved


def _folders(top: CloudPath) -> Iterator[sizes.Step]:
    def copied() -> None:
        (top / "files").copytree(top / "copied")
        assert {path.name for path in (top / "copied").iterdir()} == set(
            map(str, sizes.SIZES.values())
        )

    def removed() -> None:
        (top / "files").rmtree()
        assert not (top / "files").exists()

    yield "copytree and iterdir", copied
    yield "rmtree", removed


if __name__ == "__main__":
    sizes.run(own_steps)
