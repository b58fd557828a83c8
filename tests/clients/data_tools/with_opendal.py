"""opendal."""

from __future__ import annotations

import os
from collections.abc import Iterator

import opendal

from tests.clients import steps
from tests.clients.data_tools import sizes


def own_steps(bucket: str) -> Iterator[sizes.Step]:
    """Files of each size, and what else opendal does with S3."""
    pfs = opendal.Operator(
        "s3",
        bucket=bucket,
        endpoint=steps.endpoint(),
        region="us-east-1",
        access_key_id="any",
        secret_access_key="anything",
    )

    def whole(size: int) -> None:
        content = os.urandom(size)
        pfs.write(f"files/{size}", content)
        assert bytes(pfs.read(f"files/{size}")) == content

    def streamed() -> None:
        content = os.urandom(20 * sizes.MIB)
        with pfs.open("streamed", "wb") as file:
            for start in range(0, len(content), sizes.MIB):
                file.write(content[start : start + sizes.MIB])
        assert bytes(pfs.read("streamed")) == content

    def copied() -> None:
        pfs.copy("files/5", "copied")
        assert bytes(pfs.read("copied")) == bytes(pfs.read("files/5"))

    def listed() -> None:
        assert len(list(pfs.list("files/"))) == len(sizes.SIZES)

    def removed() -> None:
        pfs.remove_all("files/")
        assert list(pfs.list("files/")) == []

    yield from sizes.each_size(whole)
    yield sizes.STREAM, streamed
    yield sizes.MOVE, lambda: pfs.rename("streamed", "moved")
    yield "copy", copied
    yield "list", listed
    yield "remove_all", removed


if __name__ == "__main__":
    sizes.run(own_steps)
