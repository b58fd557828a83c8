"""With keys, people sign in, and the page signs its requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.keys.conftest import READER, WRITER, key_file
from tests.keys.signer import Key
from tests.pages.layered import ALL, Layered
from tests.servers import GatewayProcess

pytestmark = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")

TWO_PARTS = bytes(range(256)) * (20 * 1024**2 // 256)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway `--with all` and keys."""
    folder = tmp_path_factory.mktemp("keyed")
    options = ("--access-keys", str(key_file(folder)), "--allowed-host", "gateway.example")
    with GatewayProcess(folder / "pfs", *options, layers=ALL) as gateway:
        yield gateway


@pytest.fixture
def signed(chromium: Browser, keyed: GatewayProcess) -> Iterator[Layered]:
    """The page before anybody has signed in."""
    chromium.open(f"{keyed.endpoint}/-/")
    chromium.run("sessionStorage.clear()")
    chromium.forget()
    with Layered.of(BrowserPage(chromium, keyed.endpoint), keyed, WRITER) as layered:
        yield layered


def sign_in(page: BrowserPage, key: Key = WRITER) -> None:
    page.click("Sign in")
    page.fill("Access key", key.name)
    page.fill("Secret key", key.secret)
    page.browser.press("Enter")


def test_people_sign_in_with_the_keys_that_fit(signed: Layered) -> None:
    page = signed.page
    page.go()
    page.wait_for_text("You may not see this")
    sign_in(page, Key(WRITER.name, "another secret"))
    page.wait_for_text("signature", "dialog .form-problem")
    assert not page.has("Sign out")
    page.fill("Access key", "NOBODY")
    page.fill("Secret key", WRITER.secret)
    page.browser.press("Enter")
    page.wait_for_text("Access Key Id", "dialog .form-problem")
    page.fill("Access key", WRITER.name)
    page.browser.press("Enter")
    page.wait_for_text(signed.bucket, ".rows")
    page.wait_for_text(WRITER.name, "header")
    page.click("Sign out")
    page.wait_for_text("You may not see this")
    assert page.browser.run("sessionStorage.length") == 0


def test_a_gateway_of_a_region_is_signed_for_that_region(chromium: Browser, tmp_path: Path) -> None:
    options = ("--access-keys", str(key_file(tmp_path)), "--region", "eu-central-1")
    with GatewayProcess(tmp_path / "pfs", *options) as gateway:
        page = BrowserPage(chromium, gateway.endpoint)
        page.go()
        sign_in(page)
        page.wait_for_text("There are no buckets yet")


def test_every_request_is_signed(signed: Layered, tmp_path: Path) -> None:
    page = signed.page
    name = "it's a name, and so on = &.txt"
    signed.written(f"in/{name}", b"signed")
    page.go()
    sign_in(page)
    for shown in (signed.bucket, "in/", name):
        page.click(shown)
    page.wait_for_text("signed", ".preview")
    page.browser.save_downloads_in(tmp_path / "downloads")
    page.click("Download")
    assert page.wait_for_file(tmp_path / "downloads" / name) == b"signed"
    file = tmp_path / "b.bin"
    file.write_bytes(TWO_PARTS)
    page.go(f"{signed.bucket}/")
    page.upload(file)
    page.wait_for_names("in/", "b.bin")
    assert signed.content("b.bin") == TWO_PARTS
    page.click("Choose b.bin")
    page.click("Delete")
    page.click("Delete")
    page.wait_for_names("in/")
    page.click("History")
    page.click("Bring back b.bin")
    page.wait_for_text("b.bin is back", "#said")
    assert signed.content("b.bin") == TWO_PARTS


def test_who_may_only_read_is_told_so(signed: Layered, tmp_path: Path) -> None:
    page = signed.page
    bucket = "master.images"
    signed.s3.create_bucket(Bucket=bucket)
    signed.s3.put_object(Bucket=bucket, Key="a.txt", Body=b"read")
    file = tmp_path / "b.txt"
    file.write_bytes(b"x")
    page.go()
    sign_in(page, READER)
    page.wait_for_names(bucket)
    page.click(bucket)
    page.upload(file)
    page.wait_for_text("AccessDenied", "#transfers .failed")
    page.go(f"{signed.bucket}/")
    page.wait_for_text("You may not see this")


def test_the_pair_stays_in_the_tab(signed: Layered) -> None:
    page = signed.page
    page.go()
    sign_in(page)
    page.wait_for_text(signed.bucket, ".rows")
    page.browser.run("location.reload()")
    page.wait_for_text(signed.bucket, ".rows")
    assert page.browser.run("localStorage.length + document.cookie.length") == 0
    assert WRITER.secret not in page.browser.run("document.documentElement.outerHTML")


def test_where_a_browser_cannot_sign_it_says_why(chromium: Browser, keyed: GatewayProcess) -> None:
    page = BrowserPage(chromium, f"http://gateway.example:{keyed.port}")
    page.go()
    page.click("Sign in")
    page.wait_for_text("Browsers sign requests only on HTTPS", "dialog")
    page.click("Close")
