"""A gateway, a browser, and the page in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.pages.layered import ALL, Layered
from tests.servers import GatewayProcess


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    # Pictures have no scrollbars, which are another's on each machine. Some tests need an origin
    # that is not this machine's in the eyes of the browser.
    options = ("--hide-scrollbars", "--host-resolver-rules=MAP *.example 127.0.0.1")
    with Browser(tmp_path_factory.mktemp("profile"), *options) as browser:
        yield browser


@pytest.fixture
def local(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway for one test, on an embedded PFS."""
    with GatewayProcess(tmp_path / "pfs", "--synchronous", "off") as gateway:
        yield gateway


@pytest.fixture
def page(chromium: Browser, local: GatewayProcess) -> BrowserPage:
    chromium.forget()
    return BrowserPage(chromium, local.endpoint)


@pytest.fixture(scope="package")
def with_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway `--with all`, which tests share: each has a bucket of its own."""
    with GatewayProcess(tmp_path_factory.mktemp("with-all") / "pfs", layers=ALL) as gateway:
        yield gateway


@pytest.fixture
def layered(chromium: Browser, with_all: GatewayProcess) -> Iterator[Layered]:
    chromium.forget()
    with Layered.of(BrowserPage(chromium, with_all.endpoint), with_all) as layered:
        yield layered
