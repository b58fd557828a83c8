"""How many calls to pachd the requests of an upload may cost. Counted, not timed."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pfs_client.values import Branch, Repo
from tests.cluster.conftest import Cluster
from tests.cluster.histories import read_history

BUCKET = "master.r"
BRANCH = Branch(Repo("r"), "master")
PART = bytes(5 * 1024**2)


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    state_dir = str(tmp_path / "state")
    return {"pfs_call_seconds": 100.0, "state_dir": state_dir, "layers": ("multipart",)}


@dataclass
class Upload:
    """One upload, and what each of its requests has cost with all that it left to do."""

    cluster: Cluster
    named: dict[str, Any] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)

    async def cost(
        self, operation: str, *, is_watched: bool = True, **parameters: Any
    ) -> tuple[Counter[str], Any]:
        """The calls of a request, and of who then sees its commit finish, if anybody does."""
        wire = self.cluster.wire
        wire.calls.clear()
        answer = await self.cluster.s3(operation, **parameters)
        while wire.active or (is_watched and not self._is_seen_finishing()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return wire.count(), answer

    def _is_seen_finishing(self) -> bool:
        looks = self.cluster.wire.of("InspectCommit")
        return any(look.messages and look.messages[0].wait for look in looks)

    async def begin(self, key: str = "d/upload") -> Counter[str]:
        target: dict[str, Any] = {"Bucket": BUCKET, "Key": key}
        calls, begun = await self.cost("create_multipart_upload", is_watched=False, **target)
        self.named = {"Bucket": BUCKET, "Key": key, "UploadId": begun["UploadId"]}
        return calls

    async def send(self, number: int) -> Counter[str]:
        calls, sent = await self.cost("upload_part", **self.named, PartNumber=number, Body=PART)
        self.parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        return calls

    async def complete(self) -> Counter[str]:
        listed = {"Parts": self.parts}
        calls, _ = await self.cost(
            "complete_multipart_upload", **self.named, MultipartUpload=listed
        )
        return calls


@pytest.fixture
async def upload(cluster: Cluster) -> Upload:
    """One of whose target this gateway knows what it knows after a write."""
    await cluster.s3("put_object", Bucket=BUCKET, Key="d/other", Body=b"1")
    await read_history(cluster, BRANCH)
    return Upload(cluster)


async def test_an_upload_is_begun(upload: Upload) -> None:
    """The first of a repo looks where all others begin, too."""
    first = {"InspectBranch": 3, "CreateBranch": 2, "ListCommit": 1, "ModifyFile": 1}
    assert await upload.begin() == first
    for _ in range(2):
        assert await upload.begin() == {"InspectBranch": 1, "CreateBranch": 1, "ModifyFile": 1}


async def test_a_part_costs_one_call_more_than_a_large_object_at_most(upload: Upload) -> None:
    put, _ = await upload.cost("put_object", Bucket=BUCKET, Key="d/large", Body=PART)
    await upload.begin()
    await upload.send(1)
    part = await upload.send(2)
    assert part.total() <= put.total() + 1
    assert part == {
        "InspectBranch": 2,
        "WalkFile": 1,
        "CreateFileSet": 1,
        "InspectFile": 1,
        "ModifyFile": 1,
        "InspectCommit": 2,
    }


async def test_parts_that_come_together_share_their_commit(upload: Upload) -> None:
    """Each has a file set of its own; all that come while one is written down go with the next."""
    await upload.begin()
    await upload.send(1)
    wire, cluster = upload.cluster.wire, upload.cluster
    wire.calls.clear()
    gate = wire.hold("ModifyFile")
    parts = [
        asyncio.create_task(cluster.s3("upload_part", **upload.named, PartNumber=n, Body=PART))
        for n in range(2, 10)
    ]
    await wire.came("ModifyFile")
    await wire.came("InspectFile", times=8)
    while cluster.wire.active > 1:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    gate.set()
    await asyncio.gather(*parts)
    calls = wire.count()
    assert calls["CreateFileSet"] == calls["InspectFile"] == 8
    assert calls["ModifyFile"] == 2
    assert calls["InspectBranch"] <= 8 + 2


async def test_parts_are_listed_with_one_call_beside_the_look_at_the_bucket(
    upload: Upload,
) -> None:
    await upload.begin()
    for number in (1, 2):
        await upload.send(number)
    calls, listed = await upload.cost("list_parts", is_watched=False, **upload.named)
    assert len(listed["Parts"]) == 2
    assert calls == {"InspectBranch": 1, "WalkFile": 1}


async def test_a_completion(upload: Upload) -> None:
    await upload.begin()
    for number in (1, 2, 3):
        await upload.send(number)
    calls = await upload.complete()
    assert calls.total() == 10
    assert calls == {
        "InspectBranch": 2,
        "WalkFile": 1,
        "ComposeFileSet": 1,
        "InspectFile": 1,
        "ModifyFile": 2,
        "RenewFileSet": 1,
        "InspectCommit": 2,
    }


async def test_a_completion_waits_for_eight_calls(upload: Upload) -> None:
    """The rest sees how the commit ends, which nobody waits for."""
    await upload.begin()
    for number in (1, 2, 3):
        await upload.send(number)
    wire = upload.cluster.wire
    wire.calls.clear()
    gate = wire.hold("InspectCommit")
    async with asyncio.timeout(100):
        await upload.cluster.s3(
            "complete_multipart_upload", **upload.named, MultipartUpload={"Parts": upload.parts}
        )
    made = [call.method for call in wire.calls]
    assert len(made[: made.index("RenewFileSet") + 1]) == 8
    gate.set()
    assert await upload.cluster.content_of("d/upload") == PART * 3
