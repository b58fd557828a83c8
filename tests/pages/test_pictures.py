"""The pictures in the documentation are of this browser and not of an earlier one."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.contract.under_test import ContractUnderTest
from tests.docs_page import DocsPage
from tests.keys.conftest import key_file
from tests.markdown import DOCS
from tests.pages.layered import Layered
from tests.pages.pictures import FOLDER, pictures_on, take, take_state
from tests.raw_http import send
from tests.servers import GatewayProcess

PAGES = ("browser.md", "contract.md")
BUCKET = "master.images"
STALE = "these were stale, and have been taken anew: look at them"

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


# A network that takes a part of what is sent, and then nothing more.
_STALL = """
XMLHttpRequest.prototype.send = function (body) {
  const loaded = Math.min(body.size * 0.7, 6 * 1024 ** 2);
  this.upload.dispatchEvent(new ProgressEvent('progress', {loaded}));
}; null"""


def begin_uploads(page: BrowserPage, folder: Path) -> None:
    """One file is over; three of other sizes are under way."""
    files = [folder / name for name in ("notes.md", "rex.png", "training.parquet", "archive.tar")]
    for file, mib in zip(files, (1, 2, 20, 40), strict=True):
        file.write_bytes(bytes(mib * 1024**2))
    page.upload(files[0])
    page.browser.run(_STALL)
    page.browser.choose_file("#files", *files[1:])
    page.wait_for_text("of 40 MiB", "#transfers")
    bars = "[...document.querySelectorAll('#transfers progress')]"
    page.browser.wait_for(f"{bars}.length === 3 && {bars}.every(bar => bar.value > 0)")


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
    assert stale == [], STALE


@needs_chromium
def test_the_pictures_of_history_and_uploads_are_fresh(layered: Layered, tmp_path: Path) -> None:
    page = layered.page
    page.browser.look(1280)
    labels, *_ = layered.written(
        "cats/labels.csv", b"file,label\n" + b"tabby.png,cat\n" * 9, b"lost"
    )
    layered.written("cats/tabby.png", an_image())
    layered.s3.delete_object(Bucket=layered.bucket, Key="cats/tabby.png")
    page.go(f"{layered.bucket}/cats/?view=history")
    page.wait_for_text("was deleted", ".history")
    stale = take(page, "history")
    page.go(f"{layered.bucket}/cats/labels.csv?version={labels}")
    page.wait_for_text("tabby.png", ".preview")
    stale += take(page, "past")
    page.go(f"{layered.bucket}/cats/")
    page.click("Choose labels.csv")
    page.click("Delete")
    page.wait_for_text("Their versions stay in the history", "dialog")
    stale += take(page, "delete")
    page.click("Cancel")
    begin_uploads(page, tmp_path)
    stale += take(page, "uploads")
    page.click("Cancel all")
    assert stale == [], STALE


@needs_chromium
def test_the_pictures_of_signing_in_are_fresh(chromium: Browser, tmp_path: Path) -> None:
    keys = ("--access-keys", str(key_file(tmp_path)))
    with GatewayProcess(tmp_path / "pfs", *keys) as gateway:
        page = BrowserPage(chromium, gateway.endpoint)
        page.browser.look(1280)
        page.go()
        page.wait_for_text("You may not see this")
        stale = take_state(page, "refused")
        page.click("Sign in")
        page.fill("Access key", "AKIDEXAMPLE")
        page.fill("Secret key", "anything but the secret")
        stale += take(page, "sign-in")
    assert stale == [], STALE


@needs_chromium
@pytest.mark.thorough
def test_the_pictures_of_states_are_fresh(page: BrowserPage, local: GatewayProcess) -> None:
    assert send(local, "PUT", f"/{BUCKET}").status == 200
    page.browser.look(1280)
    page.go(f"{BUCKET}/")
    page.wait_for_text("There is nothing here yet")
    stale = take_state(page, "empty")
    page.browser.run("globalThis.fetch = () => new Promise(() => {}); null")  # never answered
    page.click("Buckets")
    page.browser.wait_for("document.querySelector('.loading') !== null")
    stale += take_state(page, "loading")
    page.go(f"{BUCKET}/nothing.txt")
    page.wait_for_text("There is no such object")
    stale += take_state(page, "gone")
    local.stop()
    page.click("Buckets")
    page.wait_for_text("The gateway does not answer")
    stale += take_state(page, "away")
    assert stale == [], STALE


@needs_chromium
def test_the_pictures_of_the_api_are_fresh(
    page: BrowserPage, local: GatewayProcess, contract: ContractUnderTest
) -> None:
    page.browser.look(1280)
    DocsPage(page.browser, f"{local.endpoint}/-/docs", contract)
    stale = take(page, "api")
    assert stale == [], STALE


def test_each_picture_is_shown_somewhere() -> None:
    shown = {name for page in PAGES for name in pictures_on(DOCS / page)}
    assert shown == {file.name for file in FOLDER.glob("*.png")}
