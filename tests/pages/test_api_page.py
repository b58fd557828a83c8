"""The page of the API: what is seen at first, what is folded away, and that nobody is kept out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import chromium as real
from tests.browser_page import AXE, BrowserPage
from tests.chromium import Browser
from tests.contract.under_test import ContractUnderTest, contract_with
from tests.docs_page import DocsPage
from tests.raw_http import send
from tests.servers import GatewayProcess

pytestmark = pytest.mark.skipif(real.PROGRAM is None, reason="chromium is not installed")


@pytest.fixture
def docs(chromium: Browser, local: GatewayProcess, contract: ContractUnderTest) -> DocsPage:
    chromium.look(1280)
    chromium.forget()
    return DocsPage(chromium, f"{local.endpoint}/-/docs", contract)


def test_the_first_operation_can_be_seen_without_scrolling(
    chromium: Browser, docs: DocsPage
) -> None:
    top = chromium.run("document.querySelector('.opblock').getBoundingClientRect().top")
    assert top < 450
    chromium.run("document.querySelector('.about summary').click()")
    assert "What differs from Amazon S3" in chromium.run("document.body.innerText")


def test_what_nobody_fills_in_is_folded_away(chromium: Browser, docs: DocsPage) -> None:
    block = docs.expand("ListObjectsV2")
    names = f"[...{block}.querySelectorAll('tr[data-param-name]')].map(r => r.dataset.paramName)"
    assert {"bucket", "prefix", "max-keys"} <= set(chromium.run(names))
    assert "X-Amz-Signature" not in chromium.run(names)
    folds = f"[...{block}.querySelectorAll('.fold')]"
    labels = chromium.run(f"{folds}.map(f => f.textContent)")
    assert "parameters that SDKs set" in labels[0]
    assert "answers to what goes wrong" in labels[1]
    assert "NoSuchBucket" not in chromium.run(f"{block}.innerText")
    chromium.run(f"{folds}.forEach(f => f.click())")
    assert "X-Amz-Signature" in chromium.run(names)
    assert "NoSuchBucket" in chromium.run(f"{block}.innerText")


def test_a_link_leads_back(chromium: Browser, docs: DocsPage, local: GatewayProcess) -> None:
    page = BrowserPage(chromium, local.endpoint)
    page.click("Buckets")
    page.wait_for_text("There are no buckets yet")
    page.click("API")
    page.wait_for_text("ListBuckets")


def test_a_layer_is_a_badge_on_what_it_brings(chromium: Browser, tmp_path: Path) -> None:
    with GatewayProcess(tmp_path / "pfs", layers=("copy",)) as gateway:
        send(gateway, "PUT", "/master.b")
        send(gateway, "PUT", "/master.b/a.txt", b"copied")
        docs = DocsPage(chromium, f"{gateway.endpoint}/-/docs", contract_with(("copy",)))
        badges = "[...document.querySelectorAll('.layer')].map(one => one.textContent)"
        assert chromium.run(badges) == ["copy"]
        block = docs.expand("CopyObject")
        assert chromium.run(f"{block}.querySelector('.layer') !== null")
        source = "/master.b/a.txt"
        tried = docs.try_out("CopyObject", bucket="master.b", key="b.txt", x_amz_copy_source=source)
        assert tried.status == 200
        assert send(gateway, "GET", "/master.b/b.txt").body == b"copied"


def test_without_the_browser_the_page_is_whole(
    chromium: Browser, contract: ContractUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("pfs")
    with GatewayProcess(folder, "--no-browser") as gateway:
        send(gateway, "PUT", "/master.images")
        chromium.forget()
        docs = DocsPage(chromium, f"{gateway.endpoint}/-/docs", contract)
        assert "master.images" in docs.try_out("ListBuckets").shown
        assert chromium.complaints == []


@pytest.mark.skipif(not AXE.exists(), reason="axe is not installed: make .build/pages/ready")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["desk", "phone"])
def test_axe_finds_nothing(
    chromium: Browser, docs: DocsPage, local: GatewayProcess, width: int, dark: bool
) -> None:
    chromium.look(width, dark=dark)
    docs.expand("ListObjectsV2")
    assert BrowserPage(chromium, local.endpoint).problems() == []
    assert chromium.run("document.documentElement.scrollWidth") <= width
