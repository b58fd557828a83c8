"""On a phone, tables scroll within the page, and their first column stays in sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chromium import PROGRAM, Browser

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")

WIDTH = 390
_SCROLLED = """(() => {
    const table = [...document.querySelectorAll("article table")].find(
        table => table.closest(".md-typeset__scrollwrap")?.scrollWidth > innerWidth + 50);
    const wrap = table.closest(".md-typeset__scrollwrap");
    const cells = [...table.querySelector("tbody tr").cells].map(
        cell => () => cell.getBoundingClientRect().left);
    const before = cells.map(left => left());
    wrap.scrollLeft = 50;
    const after = cells.map(left => left());
    return {
        moved: before.map((left, at) => Math.round(left - after[at])),
        first: table.querySelector("td").getBoundingClientRect().width,
        page: document.documentElement.scrollWidth,
    };
})()"""


@pytest.mark.parametrize("page", ["settings", "limits", "operating", "conformance"])
def test_a_wide_table_scrolls_and_its_first_column_stays(
    page: str, site_url: str, tmp_path: Path
) -> None:
    with Browser(tmp_path / "profile") as browser:
        browser.look(WIDTH)
        browser.open(f"{site_url}/{page}.html")
        browser.wait_for("document.querySelector('.md-typeset__scrollwrap') != null")
        seen = browser.run(_SCROLLED)
    first, *others = seen["moved"]
    assert first < 25, "no more than the space before the table"
    assert {*others} == {50}
    assert seen["first"] <= WIDTH / 2
    assert seen["page"] == WIDTH, "the page itself does not scroll"
