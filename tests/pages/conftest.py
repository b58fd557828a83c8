"""A gateway, a browser, and the page in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser_page import BrowserPage
from tests.chromium import Browser
from tests.servers import GatewayProcess


@pytest.fixture(scope="package")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    # Pictures have no scrollbars, which are another's on each machine.
    with Browser(tmp_path_factory.mktemp("profile"), "--hide-scrollbars") as browser:
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
