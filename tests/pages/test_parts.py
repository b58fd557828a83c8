"""With multipart, the page sends a large file in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.pages.layered import Layered
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")

MIB = 1024**2


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of two parts, the second shorter."""
    file = tmp_path / "large.bin"
    file.write_bytes(bytes(range(256)) * (20 * MIB // 256))
    return file


def parts_asked_for(page: BrowserPage) -> int:
    return len({url for url in page.browser.requested if "partNumber=" in url})


def test_a_large_file_goes_up_in_parts(layered: Layered, large: Path) -> None:
    layered.page.go(f"{layered.bucket}/")
    layered.page.upload(large)
    layered.page.wait_for_text("Done", "#transfers")
    layered.page.wait_for_names("large.bin")
    assert layered.content("large.bin") == large.read_bytes()
    assert parts_asked_for(layered.page) == 2
    assert layered.uploads() == []


def test_an_upload_in_parts_shows_how_far_it_is_and_can_be_cancelled(
    layered: Layered, large: Path
) -> None:
    page = layered.page
    page.browser.slow_down(upload_bytes_per_second=500_000)
    page.go(f"{layered.bucket}/")
    page.browser.wait_for("document.querySelector('#files') !== null")
    page.browser.choose_file("#files", large)
    bar = "document.querySelector('#transfers progress')"
    page.browser.wait_for(f"{bar} !== null && {bar}.value > 0 && {bar}.value < {bar}.max")
    page.wait_for_text("of 20 MiB", "#transfers")
    assert layered.uploads() == ["large.bin"]
    page.click("Cancel large.bin")
    page.browser.slow_down()
    page.wait_for_text("Cancelled", "#transfers")
    aborted = f"fetch('/{layered.bucket}?uploads').then(a => a.text())"
    page.browser.wait_for(f"{aborted}.then(t => !t.includes('<Upload>'))")
    assert layered.keys() == []


def test_without_multipart_a_large_file_goes_up_whole(
    page: BrowserPage, local: GatewayProcess, large: Path
) -> None:
    assert send(local, "PUT", "/master.plain").status == 200
    page.go("master.plain/")
    page.upload(large)
    page.wait_for_names("large.bin")
    assert parts_asked_for(page) == 0
    assert send(local, "GET", "/master.plain/large.bin").body == large.read_bytes()
