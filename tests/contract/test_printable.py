"""The contract on paper holds all of it, and needs nothing else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from contract_review.documents import contract_of
from gateway.contract.operations import operations, resolved
from gateway.contract.printable import printable
from tests import chromium
from tests.chromium import Browser
from tests.contract.compositions import each_document

pytestmark = each_document


class Read(HTMLParser):
    """A printed contract: what a reader sees, and where links lead."""

    def __init__(self, layers: tuple[str, ...]) -> None:
        super().__init__()
        self.document = contract_of(layers).document()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.html = printable(self.document)
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given["href"])] if "href" in given else []

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(layers: tuple[str, ...]) -> Read:
    return Read(layers)


def test_every_operation_parameter_status_and_code_is_on_it(page: Read) -> None:
    for operation in operations(page.document):
        assert operation.name in page.ids
        for reference in operation.definition["parameters"]:
            parameter = resolved(page.document, reference)
            assert str(parameter.get("x-s3-prefix", parameter["name"])) in page.text
        for reference in operation.definition["responses"].values():
            for code in resolved(page.document, reference).get("x-s3-codes", []):
                assert code in page.text
    for name in page.document["components"]["schemas"]:
        assert f"schema-{name}" in page.ids
    assert "Undefined" not in page.html
    assert "{{" not in page.text


def test_its_links_lead_somewhere_and_it_loads_nothing(page: Read) -> None:
    assert len(page.ids) == len(set(page.ids))
    inner = [link[1:] for link in page.links if link.startswith("#")]
    assert len(inner) > 100
    assert set(inner) <= set(page.ids)
    assert not re.search(r"<(script|img|link|iframe)|url\(|@import|src=", page.html)


@pytest.mark.skipif(chromium.PROGRAM is None, reason="chromium is not installed")
def test_it_fits_a_page_and_a_window(page: Read, tmp_path: Path) -> None:
    file = tmp_path / "contract.html"
    file.write_text(page.html)
    with Browser(tmp_path / "profile") as browser:
        browser.open(file.as_uri())
        for width in (1280, 794):
            browser.screenshot(tmp_path / "shot.png", width)
            assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.requested == [file.as_uri()]
        assert browser.complaints == []
        assert browser.print_to_pdf().startswith(b"%PDF-")
