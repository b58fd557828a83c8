"""With versions, the page shows what was there before, and brings it back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import AXE, BrowserPage
from tests.chromium import Browser
from tests.pages.layered import Layered
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")


def test_without_versions_there_is_no_history(page: BrowserPage, local: GatewayProcess) -> None:
    assert send(local, "PUT", "/master.plain").status == 200
    page.go("master.plain/?view=history")
    page.wait_for_text("There is nothing here yet")
    assert not page.has("History")
    assert not page.has("Sign in")


def test_an_object_is_seen_and_restored_as_it_was(layered: Layered) -> None:
    page, bucket = layered.page, layered.bucket
    first, _ = layered.written("in/a.txt", b"the first", b"the second")
    page.go(f"{bucket}/in/a.txt")
    page.wait_for_text("the second", ".preview")
    page.click("History")
    page.wait_for_text(first[:12], ".history")
    page.browser.run(f"document.querySelector('.history a[href*=\"{first}\"]').click()")
    page.wait_for_text("the first", ".preview")
    page.wait_for_text(f"as it was at commit {first}", ".past")
    assert not page.has("Delete")
    page.click(f"Restore a.txt as it was at commit {first[:12]}")
    page.wait_for_text("in/a.txt is restored", "#said")
    assert layered.content("in/a.txt") == b"the first"
    assert len(layered.s3.list_object_versions(Bucket=bucket)["Versions"]) == 3


def test_without_copies_an_object_is_restored_through_the_page(
    chromium: Browser, tmp_path: Path
) -> None:
    with (
        GatewayProcess(tmp_path / "pfs", layers=("versions",)) as gateway,
        Layered.of(BrowserPage(chromium, gateway.endpoint), gateway) as layered,
    ):
        first, _ = layered.written("a.txt", b"the first", b"the second")
        layered.page.go(f"{layered.bucket}/a.txt?view=history")
        layered.page.click(f"Restore a.txt as it was at commit {first[:12]}")
        layered.page.wait_for_text("a.txt is restored", "#said")
        assert layered.content("a.txt") == b"the first"


def test_what_was_deleted_is_brought_back(layered: Layered) -> None:
    page = layered.page
    layered.written("in/a.txt", b"kept")
    layered.written("in/b.txt", b"kept too")
    page.go(f"{layered.bucket}/in/")
    page.click("Choose a.txt")
    page.click("Delete")
    page.wait_for_text("Their versions stay in the history", "dialog")
    page.click("Delete")
    page.wait_for_names("b.txt")
    page.click("History")
    page.click("Bring back a.txt")
    page.wait_for_text("in/a.txt is back", "#said")
    assert layered.content("in/a.txt") == b"kept"


def test_a_bucket_of_a_commit_shows_all_as_it_was(layered: Layered) -> None:
    first, *_ = layered.written("a.txt", b"the first", b"the second")
    layered.written("b.txt", b"later")
    layered.page.go(f"{first.replace('-', '')}.{layered.bucket}/")
    layered.page.wait_for_names("a.txt")
    layered.page.click("a.txt")
    layered.page.wait_for_text("the first", ".preview")


def test_a_long_history_comes_in_parts(layered: Layered) -> None:
    layered.written("a.txt", *(b"%d" % number for number in range(130)))
    layered.written("a.txt.more", b"another object")
    layered.page.go(f"{layered.bucket}/a.txt?view=history")
    sections = "document.querySelectorAll('.history section').length"
    layered.page.browser.wait_for(f"{sections} === 100")
    layered.page.click("Show more")
    layered.page.browser.wait_for(f"{sections} === 130")
    assert not layered.page.has("Show more")


@pytest.mark.skipif(not AXE.exists(), reason="axe is not installed: make .build/pages/ready")
def test_axe_finds_nothing_in_a_history(layered: Layered) -> None:
    layered.written("a.txt", b"one", b"two")
    layered.s3.delete_object(Bucket=layered.bucket, Key="a.txt")
    for width, dark in ((1280, False), (390, True)):
        layered.page.browser.look(width, dark=dark)
        layered.page.go(f"{layered.bucket}/?view=history")
        layered.page.wait_for_text("was deleted", ".history")
        assert layered.page.problems() == []
