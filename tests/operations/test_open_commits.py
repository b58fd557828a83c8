"""Copies and uploads in parts where somebody holds a commit open, in a project of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, Branch, Repo
from tests.raw_http import Answer, send
from tests.servers import BACKENDS, GatewayProcess, running_gateway

OPEN, CLOSED = "master.open.lab", "master.closed"
FIRST = bytes(range(256)) * 4096 * 5
LARGE = FIRST[:1_500_000]


@pytest.fixture(scope="module", params=BACKENDS)
def gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("open") / "pfs"
    asyncio.run(with_an_open_commit(folder))
    yield from running_gateway(request.param, folder, layers=("copy", "multipart"))


async def with_an_open_commit(directory: Path) -> None:
    pfs = EmbeddedPfs(directory)
    await pfs.create_project("lab")
    opened, closed = Branch(Repo("open", "lab"), "master"), Branch(Repo("closed"), "master")
    for branch in (opened, closed):
        await pfs.create_repo(branch.repo)
        await pfs.create_branch(branch)
    await pfs.modify_file(opened, [AddFile("/before", b"before")])
    await pfs.start_commit(opened)
    await pfs.aclose()


def copy(gateway: GatewayProcess, target: str, source: str) -> Answer:
    headers = {"x-amz-copy-source": source, "x-amz-metadata-directive": "REPLACE"}
    return send(gateway, "PUT", f"/{target}", b"", headers)


@pytest.mark.parametrize("content", [b"small", LARGE, b""], ids=["small", "large", "empty"])
def test_an_object_is_copied_onto_itself(gateway: GatewayProcess, content: bytes) -> None:
    assert send(gateway, "PUT", f"/{OPEN}/itself", content).status == 200
    for key in ("itself", "before"):
        copied = copy(gateway, f"{OPEN}/{key}", f"{OPEN}/{key}")
        assert (copied.status, copied.code if copied.status != 200 else "") == (200, "")
    assert send(gateway, "GET", f"/{OPEN}/itself").body == content
    assert send(gateway, "GET", f"/{OPEN}/before").body == b"before"


@pytest.mark.parametrize(
    ("source", "target"),
    [(OPEN, CLOSED), (CLOSED, OPEN), (OPEN, OPEN)],
    ids=["out", "into", "within"],
)
def test_objects_are_copied_out_of_it_into_it_and_within(
    gateway: GatewayProcess, source: str, target: str
) -> None:
    put = send(gateway, "PUT", f"/{source}/source", LARGE)
    copied = copy(gateway, f"{target}/target", f"{source}/source")
    assert copied.status == 200
    assert copied.texts("ETag") == [put.headers["etag"]]
    assert send(gateway, "GET", f"/{target}/target").body == LARGE
    assert send(gateway, "DELETE", f"/{source}/source").status == 204
    assert send(gateway, "GET", f"/{target}/target").body == LARGE


def test_an_object_is_put_together_of_parts_in_it(gateway: GatewayProcess) -> None:
    assert send(gateway, "PUT", f"/{OPEN}/source", b"the end").status == 200
    begun = send(gateway, "POST", f"/{OPEN}/whole?uploads", b"")
    target = f"/{OPEN}/whole?uploadId={begun.texts('UploadId')[0]}"
    first = send(gateway, "PUT", f"{target}&partNumber=1", FIRST).headers["etag"]
    source = {"x-amz-copy-source": f"{OPEN}/source"}
    last = send(gateway, "PUT", f"{target}&partNumber=2", b"", source).texts("ETag")[0]
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        for number, etag in enumerate((first, last), 1)
    )
    body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    for _ in range(2):
        assert send(gateway, "POST", target, body).status == 200
        assert send(gateway, "GET", f"/{OPEN}/whole").body == FIRST + b"the end"
    assert send(gateway, "PUT", f"/{OPEN}/whole", b"newer").status == 200
    assert send(gateway, "POST", target, body).code == "NoSuchUpload"
    assert send(gateway, "GET", f"/{OPEN}/whole").body == b"newer"
