"""pachd goes away at every step of a completion, and an upload ends while it is completed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from handlers import chosen_parts
from tests.cluster.conftest import Cluster
from tests.cluster.wire import Cut

BUCKET = "master.r"
EVERY = range(18)
"""More than a completion makes where nothing is known of the target, as after a cut."""


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    state_dir = str(tmp_path / "state")
    return {"pfs_call_seconds": 5.0, "state_dir": state_dir, "layers": ("multipart",)}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen_parts, "MIN_PART_BYTES", 1)


class Upload:
    """One upload of two parts."""

    def __init__(self, cluster: Cluster, key: str) -> None:
        self._cluster = cluster
        self.key = key
        self.content = f"{key}, the beginning and the end".encode()
        self._parts: list[dict[str, Any]] = []

    async def prepare(self) -> None:
        """Begin it and send its parts."""
        target = {"Bucket": BUCKET, "Key": self.key}
        begun = await self._cluster.s3("create_multipart_upload", **target)
        self.named = {**target, "UploadId": begun["UploadId"]}
        for number, body in enumerate((self.content[:7], self.content[7:]), 1):
            sent = await self._cluster.s3("upload_part", **self.named, PartNumber=number, Body=body)
            self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})

    async def complete(self) -> Any:
        listed = {"Parts": self._parts}
        return await self._cluster.s3(
            "complete_multipart_upload", **self.named, MultipartUpload=listed
        )


@pytest.mark.parametrize(
    ("calls", "is_done"),
    [
        pytest.param(EVERY, False, id="before each call"),
        pytest.param((2, 4, 6), True, id="before the answer of what changes something"),
        pytest.param(EVERY, True, marks=pytest.mark.thorough, id="before each answer"),
    ],
)
async def test_pachd_is_cut_at_every_call_of_a_completion(
    cluster: Cluster, calls: Sequence[int], is_done: bool
) -> None:
    """The object is whole or not there, and another completion makes it so."""
    wire = cluster.wire
    refused: list[int] = []
    for at in calls:
        upload = Upload(cluster, f"d/{at:02}")
        await upload.prepare()
        wire.calls.clear()
        wire.cut = Cut(at, is_done)
        try:
            await upload.complete()
        except ClientError:
            refused.append(at)
        wire.cut = None
        assert await cluster.content_of(upload.key) in (None, upload.content)
        etag = (await upload.complete())["ETag"]
        assert await cluster.content_of(upload.key) == upload.content
        assert (await upload.complete())["ETag"] == etag
    # The calls that the answer waits for come first; a cut behind them refuses nobody.
    assert refused == list(calls)[: len(refused)]
    assert len(refused) >= min(8, len(calls))
    assert calls is not EVERY or len(refused) < len(calls)


async def test_an_abort_waits_for_the_completion_that_is_under_way(cluster: Cluster) -> None:
    upload = Upload(cluster, "a")
    await upload.prepare()
    gate = cluster.wire.hold("ComposeFileSet")
    completing = asyncio.create_task(upload.complete())
    await cluster.wire.came("ComposeFileSet")
    aborting = asyncio.create_task(cluster.refusal("abort_multipart_upload", **upload.named))
    while cluster.requests < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    gate.set()
    await completing
    assert (await aborting)[:2] == (404, "NoSuchUpload")
    assert await cluster.content_of("a") == upload.content


async def test_a_completion_that_comes_behind_an_abort_makes_nothing(cluster: Cluster) -> None:
    upload = Upload(cluster, "a")
    await upload.prepare()
    gate = cluster.wire.hold("ModifyFile")
    aborting = asyncio.create_task(cluster.s3("abort_multipart_upload", **upload.named))
    before = cluster.wire.count()["ModifyFile"]
    await cluster.wire.came("ModifyFile", before + 1)
    completing = asyncio.create_task(
        cluster.refusal(
            "complete_multipart_upload",
            **upload.named,
            MultipartUpload={"Parts": upload._parts},
        )
    )
    while cluster.requests < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    gate.set()
    await aborting
    assert (await completing)[:2] == (404, "NoSuchUpload")
    assert await cluster.content_of("a") is None
