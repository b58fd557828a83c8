"""What the page says when there is nothing to show, or nobody who shows it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.raw_http import send
from tests.servers import GatewayProcess, PfsProcess

pytestmark = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")

BUCKET = "master.b"


def test_a_pfs_that_is_away_is_said_and_tried_again(chromium: Browser, tmp_path: Path) -> None:
    with PfsProcess(tmp_path / "pfs") as pfs:
        address = pfs.address
        with GatewayProcess(address, "--pfs-call-seconds", "1") as gateway:
            send(gateway, "PUT", f"/{BUCKET}")
            pfs.stop()
            page = BrowserPage(chromium, gateway.endpoint)
            page.go()
            page.wait_for_text("The data cannot be reached now")
            page.wait_for_text("does not answer", "footer")
            with PfsProcess(tmp_path / "pfs", address.rpartition("/")[2]):
                # A channel to pachd waits before it tries again.
                while "cannot be reached" in page.text():
                    page.click("Try again")
                    time.sleep(0.5)
                page.wait_for_names(BUCKET)


def test_a_gateway_that_has_gone_is_said_and_tried_again(chromium: Browser, tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs") as gateway:
        send(gateway, "PUT", f"/{BUCKET}")
        page = BrowserPage(chromium, gateway.endpoint)
        page.go()
        page.wait_for_names(BUCKET)
        gateway.stop()
        page.click(BUCKET)
        page.wait_for_text("The gateway does not answer")
        with GatewayProcess(tmp_path / "pfs", "--port", str(gateway.port)):
            page.click("Try again")
            page.wait_for_text("There is nothing here yet")


def test_what_is_not_there_is_said_with_a_way_out(page: BrowserPage, local: GatewayProcess) -> None:
    send(local, "PUT", f"/{BUCKET}")
    send(local, "PUT", f"/{BUCKET}/in/there.txt", b"x")
    page.go("master.nowhere/")
    page.wait_for_text("There is no such bucket")
    page.click("All buckets")
    page.wait_for_names(BUCKET)
    page.go(f"{BUCKET}/in/nothing.txt")
    page.wait_for_text("There is no such object")
    page.click("To the folder above")
    page.wait_for_names("there.txt")


def test_an_address_that_cannot_be_read_leads_somewhere(
    page: BrowserPage, local: GatewayProcess
) -> None:
    send(local, "PUT", f"/{BUCKET}")
    for place in ("%", "/", "?view=nothing", f"{BUCKET}/?view=nothing", f"{BUCKET}/%ff"):
        page.go(place)
        page.browser.wait_for("document.querySelector('#screen h1, #screen h2') !== null")
    assert not [one for one in page.browser.complaints if "404" not in one and "400" not in one]


def test_while_data_are_on_their_way_that_is_said(page: BrowserPage, local: GatewayProcess) -> None:
    send(local, "PUT", f"/{BUCKET}")
    page.go()
    page.wait_for_names(BUCKET)
    page.browser.slow_down(latency_milliseconds=1500)
    page.click(BUCKET)
    page.wait_for_text(f"Loading {BUCKET}", "main")
    page.browser.slow_down()
    page.wait_for_text("There is nothing here yet")


def test_on_a_port_of_its_own_it_says_where_s3_is(chromium: Browser, tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", "--admin-port", "0") as gateway:
        docs = next(line.split()[-1] for line in gateway.log if line.startswith("API docs"))
        chromium.forget()
        chromium.open(docs.removesuffix("docs"))
        shown = chromium.run("document.body.innerText")
    assert f"http://{gateway.host}:{gateway.port}" in shown
    assert "cannot show the buckets" in shown
    assert chromium.run("document.querySelector('script') === null")
    assert chromium.complaints == []


def test_without_the_browser_the_page_says_how_to_connect(
    chromium: Browser, tmp_path: Path
) -> None:
    with GatewayProcess(tmp_path / "pfs", "--no-browser") as gateway:
        chromium.forget()
        chromium.open(f"{gateway.endpoint}/-/")
        shown = chromium.run("document.body.innerText")
    assert f"aws --endpoint-url {gateway.endpoint} " in shown
    assert chromium.complaints == []
