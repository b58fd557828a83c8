"""The browser at `/-/` as a person uses it: by what stands on its buttons, links and fields."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from tests.chromium import TIMEOUT_SECONDS, Browser
from tests.markdown import DOCS

AXE = DOCS.parent / ".build" / "pages" / "node_modules" / "axe-core" / "axe.min.js"

# By its accessible name, in the dialogue if there is one.
_FIND = """((selector, name) => {
  const within = document.querySelector('dialog[open]') ?? document;
  const nameOf = element => (element.getAttribute('aria-label')
    ?? (element.labels?.[0]?.querySelector('span') ?? element.labels?.[0] ?? element).textContent)
    .trim();
  return [...within.querySelectorAll(selector)]
    .find(element => nameOf(element) === name && element.checkVisibility());
})"""

_TYPE = """((field, value) => {
  field.focus();
  field.value = value;
  field.dispatchEvent(new Event('input', {bubbles: true}));
})"""


class BrowserPage:
    """The page of a gateway, in a browser.

    Args:
        browser: Where it is opened.
        endpoint: The gateway's.
    """

    def __init__(self, browser: Browser, endpoint: str) -> None:
        self.browser = browser
        self._address = f"{endpoint}/-/"

    def go(self, place: str = "") -> None:
        """Open a place, such as `master.b/folder/`, anew, and wait until it is shown."""
        self.browser.open("about:blank")
        self.browser.open(f"{self._address}#/{place}")
        self.browser.wait_for("document.querySelector('#screen h1') !== null")

    def click(self, name: str) -> None:
        """Click what has a name, once it is there."""
        what = "button, a, summary, input[type=checkbox]"
        self.browser.wait_for(f"{_FIND}({what!r}, {json.dumps(name)}) !== undefined")
        self.browser.run(f"{_FIND}({what!r}, {json.dumps(name)}).click()")

    def fill(self, name: str, value: str) -> None:
        """Write into a field."""
        found = f"{_FIND}('input', {json.dumps(name)})"
        self.browser.wait_for(f"{found} !== undefined")
        self.browser.run(f"{_TYPE}({found}, {json.dumps(value)})")

    def has(self, name: str) -> bool:
        """Whether something that can be used has a name."""
        shown: bool = self.browser.run(
            f"{_FIND}('button, a, input', {json.dumps(name)}) !== undefined"
        )
        return shown

    def wait_for_text(self, text: str, within: str = "body") -> None:
        """Wait until a text can be seen."""
        quoted = json.dumps(text)
        shown = f"document.querySelector({within!r})?.innerText.includes({quoted}) ?? false"
        try:
            self.browser.wait_for(shown)
        except AssertionError:
            raise AssertionError(f"{text!r} is not in {self.text('body')!r}") from None

    def wait_for_names(self, *names: str) -> None:
        """Wait until just these stand in the list."""
        listed = "[...document.querySelectorAll('.rows .name')].map(n => n.textContent)"
        self.browser.wait_for(f"JSON.stringify({listed}) === {_compact(names)!r}")

    def text(self, selector: str = "main") -> str:
        """What can be read."""
        text: str = self.browser.run(f"document.querySelector({selector!r}).innerText")
        return text

    def upload(self, *files: Path) -> None:
        """Choose files in the dialogue of the button, and wait until all are over."""
        self.browser.wait_for("document.querySelector('#files') !== null")
        self.browser.choose_file("#files", *files)
        self.wait_for_transfers()

    def wait_for_transfers(self) -> None:
        """Wait until nothing is under way."""
        self.wait_for_text("transfer", "#transfers .head")
        self.browser.wait_for("document.querySelector('#transfers .running, .waiting') === null")

    def wait_for_file(self, file: Path) -> bytes:
        """Wait until a download is there, and return its content."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while not file.exists():
            assert time.monotonic() < end, file
            time.sleep(0.1)
        return file.read_bytes()

    def problems(self) -> list[Any]:
        """What axe finds wrong, in what is shown now."""
        self.browser.run(AXE.read_text() + "; null")
        found: list[Any] = self.browser.run(
            "axe.run().then(({violations}) => violations.map("
            "({id, nodes}) => [id, nodes.map(n => n.failureSummary + ' ' + n.html).join(' | ')]))"
        )
        return found


def _compact(values: tuple[str, ...]) -> str:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
