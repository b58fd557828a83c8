"""The pages about clients hold together, whether or not the clients can run here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients.conformance import CHECKSUMS, PAGE
from tests.clients.pages import PAGES, ROOT, blocks
from tests.clients.record import all_recorded, page

CLIENT_PAGES = sorted(path for path in PAGES.glob("*.md") if path.stem != "README")


def test_the_page_shows_what_is_recorded() -> None:
    assert PAGE.read_text() == page()


def test_each_page_is_about_a_recorded_client_and_each_such_client_has_one() -> None:
    recorded = {one["page"] for name, one in all_recorded().items() if name != CHECKSUMS}
    assert {path.stem for path in CLIENT_PAGES} == recorded


def test_the_index_names_all_pages() -> None:
    linked = set(re.findall(r"\]\(([\w-]+)\.md\)", (PAGES / "README.md").read_text()))
    assert linked == {path.stem for path in CLIENT_PAGES}


@pytest.mark.parametrize("page", CLIENT_PAGES, ids=lambda page: page.stem)
def test_a_page_has_settings_a_quick_start_and_what_is_refused(page: Path) -> None:
    text = page.read_text()
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert {"Settings", "Quick start", "What works", "What to know"} <= set(headings)
    assert headings[-1] == "What is refused, and what to do instead"
    assert {"Quick start", "Prints"} <= blocks(page.stem).keys()


@pytest.mark.parametrize("page", [PAGE, *PAGES.glob("*.md")], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)#]*)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target
    assert str(ROOT) not in page.read_text()
