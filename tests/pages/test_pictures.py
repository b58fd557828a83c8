"""The pictures in the documentation are of this browser and not of an earlier one."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.contract.under_test import ContractUnderTest
from tests.docs_page import DocsPage
from tests.markdown import DOCS
from tests.pages.pictures import FOLDER, pictures_on, take
from tests.raw_http import send
from tests.servers import GatewayProcess

PAGES = ("browser.md", "contract.md")
BUCKET = "master.images"

needs_chromium = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")


def an_image() -> bytes:
    """A PNG with a gradient: https://www.w3.org/TR/png/."""
    width, height = 480, 300
    lines = (
        bytes(v for x in range(width) for v in (40 + x * 180 // width, 90 + y * 120 // height, 170))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.fixture
def filled(local: GatewayProcess) -> None:
    for bucket in (BUCKET, "master.reports", "staging.reports"):
        assert send(local, "PUT", f"/{bucket}").status == 200
    for key, content in {
        "cats/tabby.png": an_image(),
        "dogs/rex.png": b"x",
        "README.md": b"# Images\n",
        "labels.csv": b"file,label\ncats/tabby.png,cat\n" * 400,
        "training.parquet": bytes(3_400_000),
    }.items():
        assert send(local, "PUT", f"/{BUCKET}/{key}", content).status == 200


@needs_chromium
@pytest.mark.usefixtures("filled")
def test_the_pictures_of_the_browser_are_fresh(page: BrowserPage, tmp_path: Path) -> None:
    page.browser.look(1280)
    page.go()
    page.wait_for_names(BUCKET, "master.reports", "staging.reports")
    stale = take(page, "buckets")
    page.go(f"{BUCKET}/")
    page.wait_for_text("training.parquet")
    page.click("Choose labels.csv")
    stale += take(page, "folder")
    page.go(f"{BUCKET}/cats/tabby.png")
    page.browser.wait_for("document.querySelector('.preview img')?.complete")
    stale += take(page, "object")
    assert stale == [], "these were stale, and have been taken anew: look at them"


@needs_chromium
def test_the_pictures_of_the_api_are_fresh(
    page: BrowserPage, local: GatewayProcess, contract: ContractUnderTest
) -> None:
    page.browser.look(1280)
    DocsPage(page.browser, f"{local.endpoint}/-/docs", contract)
    stale = take(page, "api")
    assert stale == [], "these were stale, and have been taken anew: look at them"


def test_each_picture_is_shown_somewhere() -> None:
    shown = {name for page in PAGES for name in pictures_on(DOCS / page)}
    assert shown == {file.name for file in FOLDER.glob("*.png")}
