"""Who searches the site for an error code finds what it means, first."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from s3_wire.errors import S3Error
from tests.chromium import PROGRAM, Browser

CODES = [kind.__name__ for kind in S3Error.__subclasses__()]

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")

_SHADOW = "document.activeElement?.shadowRoot"
_TYPE = """{{
    const field = {shadow}.querySelector("input");
    field.value = {text};
    field.dispatchEvent(new Event("input", {{bubbles: true}}));
}}"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def searching(site: Path, tmp_path: Path) -> Iterator[Browser]:
    """A browser on the site's first page, with the search open."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        with Browser(tmp_path / "profile") as browser:
            browser.open(f"http://127.0.0.1:{server.server_port}/index.html")
            browser.run("document.querySelector('.md-search__button').click()")
            browser.wait_for(f"{_SHADOW}?.querySelector('input') != null")
            yield browser
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


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
