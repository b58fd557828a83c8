"""The site can be used with the keyboard, and read by those who do not see it."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html

from tests.browser_page import AXE, BrowserPage
from tests.chromium import PROGRAM, Browser

PAGES = ("index", "operating", "from-pachyderms-gateway", "cluster", "clients/index")
"""They have all that the theme and the pages are made of: code, wide tables, parts of parts."""

# The theme wraps tables and puts buttons on code once the page is there; then they are mended.
_IS_MENDED = """(() => {
    const all = selector => [...document.querySelectorAll(selector)];
    return all("article table").every(one => one.closest(".md-typeset__scrollwrap"))
        && all("article pre > code").every(one => one.parentElement.querySelector(".md-code__nav"))
        && all(".md-code__nav").every(one => one.hasAttribute("aria-label"))
        && all(".md-typeset__scrollwrap, article pre > code").every(
            one => one.scrollWidth <= one.clientWidth || one.tabIndex === 0);
})()"""


@pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")
@pytest.mark.skipif(not AXE.exists(), reason="axe is not installed: make .build/pages/ready")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)], ids=["desk", "phone"])
def test_axe_finds_nothing(site_url: str, tmp_path: Path, width: int, dark: bool) -> None:
    with Browser(tmp_path / "profile") as browser:
        browser.look(width, dark=dark)
        for page in PAGES:
            browser.open(f"{site_url}/{page}.html")
            browser.wait_for(_IS_MENDED)
            assert BrowserPage(browser, site_url).problems() == [], page


def test_a_table_names_all_of_its_columns_or_none(site: Path) -> None:
    for page in site.rglob("*.html"):
        for head in html.parse(str(page)).getroot().iterfind(".//article//thead"):
            names = [cell.text_content().strip() for cell in head.iter("th")]
            assert all(names) or not any(names), (page.relative_to(site), names)
