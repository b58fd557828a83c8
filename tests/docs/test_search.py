"""A search of the site finds what an error code means, and what people look for, first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3_wire.errors import S3Error
from tests.chromium import PROGRAM, Browser

QUESTIONS = {
    "upload large files": "/clients/index.html",
    "undelete": "/history.html",
    "sync": "/clients/index.html",
    "backup": "/operating.html",
    "upgrade": "/upgrade.html",
    "move to a cluster": "/upgrade.html",
    "permission denied": "/security.html",
}
"""What people look for, and the page that is to be found first."""

CODES = [kind.__name__ for kind in S3Error.__subclasses__()]

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")

_SHADOW = "document.activeElement?.shadowRoot"
_TYPE = """{{
    const field = {shadow}.querySelector("input");
    field.value = {text};
    field.dispatchEvent(new Event("input", {{bubbles: true}}));
}}"""


@pytest.fixture
def searching(site_url: str, tmp_path: Path) -> Iterator[Browser]:
    """A browser on the site's first page, with the search open."""
    with Browser(tmp_path / "profile") as browser:
        browser.open(f"{site_url}/index.html")
        browser.run("document.querySelector('.md-search__button').click()")
        browser.wait_for(f"{_SHADOW}?.querySelector('input') != null")
        yield browser


def test_every_code_s_section_is_found_first_and_nothing_is_fetched_from_elsewhere(
    searching: Browser,
) -> None:
    for code in CODES:
        searching.run(_TYPE.format(shadow=_SHADOW, text=json.dumps(code)))
        first = f"{_SHADOW}.querySelector('ol a')"
        # For a moment the results of the code before stand there.
        section = f"/errors.html?h={code}#{code.lower()}"
        searching.wait_for(f"{first}?.href.endsWith({json.dumps(section)})")
        assert searching.run(f"{first}.textContent").startswith(code)
    loaded = "performance.getEntriesByType('resource').map(entry => new URL(entry.name).host)"
    here = searching.run("location.host")
    assert {*searching.run(loaded)} <= {here, ""}


@pytest.mark.parametrize(("question", "page"), QUESTIONS.items(), ids=[*QUESTIONS])
def test_what_people_look_for_is_found_first(searching: Browser, question: str, page: str) -> None:
    searching.run(_TYPE.format(shadow=_SHADOW, text=json.dumps(question)))
    marked = json.dumps("?h=" + question.replace(" ", "+"))
    first = f"{_SHADOW}.querySelector('ol a')"
    searching.wait_for(f"decodeURIComponent({first}?.href ?? '').includes({marked})")
    assert page in searching.run(f"{first}.href")
