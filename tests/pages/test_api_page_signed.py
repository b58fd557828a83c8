"""Where keys are on, every operation of every layer can be tried out on the page of the API."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.contract.under_test import contract_with
from tests.docs_page import DocsPage, Tried
from tests.keys.conftest import WRITER, key_file
from tests.pages.layered import ALL
from tests.pages.test_sign_in import sign_in
from tests.servers import GatewayProcess

pytestmark = [
    pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed"),
    # Swagger UI draws the whole page again at each step: half a minute on a busy machine.
    pytest.mark.thorough,
]

CONTRACT = contract_with((*ALL, "keys"))
BUCKET = "master.tried"
FIRST_PART = bytes(5 * 1024**2)
"""So large as one that is not the last must be."""


class Trying:
    """Operations, tried one after the other.

    Args:
        page: Where somebody has signed in.
        folder: For files to choose.
    """

    def __init__(self, page: DocsPage, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self.tried: dict[str, Tried] = {}

    def out(
        self, name: str, *, body: str | None = None, content: bytes | None = None, **values: str
    ) -> Tried:
        """Try one; what it has no parameter for stays as the form has it."""
        file = None if content is None else self._file_of(content)
        if name != "ListBuckets":
            values["bucket"] = BUCKET
        tried = self._page.try_out(name, body=body, file=file, **values)
        self.tried[name] = tried
        return tried

    def _file_of(self, content: bytes) -> Path:
        # A browser takes a file that is chosen again for no change.
        file = self._folder / f"chosen-{len(list(self._folder.iterdir()))}"
        file.write_bytes(content)
        return file


def test_every_operation_of_all_layers_can_be_tried_out_signed(
    chromium: Browser, tmp_path: Path
) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    options = ("--access-keys", str(key_file(tmp_path)))
    with GatewayProcess(tmp_path / "pfs", *options, layers=ALL) as gateway:
        chromium.open(f"{gateway.endpoint}/-/")
        chromium.run("sessionStorage.clear()")
        docs = DocsPage(chromium, f"{gateway.endpoint}/-/docs", CONTRACT)
        page = BrowserPage(chromium, gateway.endpoint)
        sign_in(page)
        page.wait_for_text("Sign out")
        chromium.forget()
        trying = Trying(docs, chosen)
        _objects(trying)
        _parts(trying)
        _ends(trying)
        lines = [line for line in gateway.output if " who=" in line]
    assert trying.tried.keys() == CONTRACT.operations.keys()
    for name, one in trying.tried.items():
        assert one.status in (200, 204), (name, one)
        signed = [line for line in lines if f"who={WRITER.name}" in line and f" {name} " in line]
        assert signed, name
    assert chromium.complaints == []


def _objects(trying: Trying) -> None:
    for name in ("CreateBucket", "HeadBucket", "GetBucketLocation", "ListBuckets"):
        trying.out(name)
    trying.out("PutBucketVersioning")
    assert "Enabled" in trying.out("GetBucketVersioning").shown
    first = _version_in(trying.out("PutObject", key="a.txt", content=b"first"))
    trying.out("PutObject", key="a.txt", content=b"second")
    source = f"/{BUCKET}/a.txt?versionId={first}"
    copy = _version_in(trying.out("CopyObject", key="b.txt", x_amz_copy_source=source))
    assert "first" in trying.out("GetObject", key="b.txt", versionId=copy).shown
    assert "<Key>b.txt</Key>" in trying.out("ListObjects").shown
    assert "<Key>b.txt</Key>" in trying.out("ListObjectsV2").shown
    assert first in trying.out("ListObjectVersions", prefix="a.txt").shown


def _parts(trying: Trying) -> None:
    upload = _upload_in(trying.out("CreateMultipartUpload", key="large.txt"))
    part = trying.out(
        "UploadPart", partNumber="1", content=FIRST_PART, key="large.txt", uploadId=upload
    )
    source = f"/{BUCKET}/b.txt"
    copied = trying.out(
        "UploadPartCopy", partNumber="2", x_amz_copy_source=source, key="large.txt", uploadId=upload
    )
    etags = [_etag_in(one) for one in (part, copied)]
    assert all(
        etag in trying.out("ListParts", key="large.txt", uploadId=upload).shown for etag in etags
    )
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
        for number, etag in enumerate(etags, 1)
    )
    document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    trying.out("CompleteMultipartUpload", body=document, key="large.txt", uploadId=upload)
    size = len(FIRST_PART) + len(b"first")
    assert f"content-length: {size}" in trying.out("HeadObject", key="large.txt").shown
    other = _upload_in(trying.out("CreateMultipartUpload", key="other.txt"))
    assert other in trying.out("ListMultipartUploads").shown
    trying.out("AbortMultipartUpload", key="other.txt", uploadId=other)


def _ends(trying: Trying) -> None:
    trying.out("DeleteObject", key="a.txt")
    keys = "".join(f"<Object><Key>{key}</Key></Object>" for key in ("b.txt", "large.txt"))
    trying.out("DeleteObjects", body=f"<Delete>{keys}</Delete>")
    trying.out("DeleteBucket")


def _version_in(tried: Tried) -> str:
    return _found(r"x-amz-version-id: (\w+)", tried)


def _upload_in(tried: Tried) -> str:
    return _found(r"<UploadId>([\w-]+)</UploadId>", tried)


def _etag_in(tried: Tried) -> str:
    return _found(r"([0-9a-f]{64}-\d+)", tried)


def _found(pattern: str, tried: Tried) -> str:
    found = re.search(pattern, tried.shown)
    assert found is not None, tried
    return found[1]
