"""An answer that begins before its document is there: white space, then a document or an error."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from pfs_client.failures import PfsUnavailable
from pfs_client.uploads.completing import Completing, ComposedFile
from pfs_client.uploads.records import PartRecord
from tests.hostile.in_process import InProcess, serving


def body_of(answer: bytes) -> bytes:
    """The body of an answer in chunks."""
    head, _, chunks = answer.partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower()
    pieces = []
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        pieces.append(chunks[: int(size, 16)])
        chunks = chunks[int(size, 16) + 2 :]
    return b"".join(pieces)


async def completion(gateway: InProcess, number: int = 1) -> bytes:
    """The answer to the completion of an upload of one part."""
    await gateway.request("PUT", "/master.a")
    begun = await gateway.request("POST", "/master.a/b?uploads")
    found = re.search(rb"<UploadId>(.*)</UploadId>", begun)
    assert found
    upload_id = found[1].decode()
    part = await gateway.request("PUT", f"/master.a/b?partNumber=1&uploadId={upload_id}", b"x")
    etag = re.search(rb'etag: ("[^"]+")', part)
    assert etag
    document = (
        f"<CompleteMultipartUpload><Part><PartNumber>{number}</PartNumber>"
        f"<ETag>{etag[1].decode()}</ETag></Part></CompleteMultipartUpload>"
    )
    return await gateway.request("POST", f"/master.a/b?uploadId={upload_id}", document.encode())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.completions.PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("gateway.contract.binding.SPACE_SECONDS", 0.02)


def slowed(monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
    """Have PFS take its time to put parts together, and then perhaps fail."""
    compose = Completing.compose

    async def slow(self: Any, parts: Sequence[PartRecord]) -> ComposedFile:
        await asyncio.sleep(0.3)
        if error is not None:
            raise error
        return await compose(self, parts)

    monkeypatch.setattr(Completing, "compose", slow)


async def test_white_space_keeps_the_connection_until_the_document_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowed(monkeypatch)
    async with serving(tmp_path / "pfs", monkeypatch, layers=("multipart",)) as gateway:
        answer = await completion(gateway)
        assert answer.startswith(b"HTTP/1.1 200 ")
        body = body_of(answer)
        assert re.match(rb"<\?xml [^>]*\?>\n +<CompleteMultipartUploadResult", body)
        assert etree.fromstring(body).findtext("{*}Key") == "b"
        assert b"\r\n\r\nx" in await gateway.request("GET", "/master.a/b")


async def test_what_fails_late_is_an_error_in_a_200(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowed(monkeypatch, PfsUnavailable("away"))
    async with serving(tmp_path / "pfs", monkeypatch, layers=("multipart",)) as gateway:
        answer = await completion(gateway)
        assert answer.startswith(b"HTTP/1.1 200 ")
        error = etree.fromstring(body_of(answer))
        assert (error.tag, error.findtext("Code")) == ("Error", "ServiceUnavailable")
        assert b" 404 " in await gateway.request("HEAD", "/master.a/b")


async def test_what_is_wrong_with_the_list_is_told_by_a_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowed(monkeypatch)
    async with serving(tmp_path / "pfs", monkeypatch, layers=("multipart",)) as gateway:
        answer = await completion(gateway, number=2)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"<Code>InvalidPart</Code>" in answer
