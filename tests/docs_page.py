"""The documentation page as a person uses it: open an operation, fill in its form, execute."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tests.chromium import Browser
from tests.contract.under_test import ContractUnderTest

_SET_VALUE = """(element, value) => {
  element.focus();
  const prototype = Object.getPrototypeOf(element);
  Object.getOwnPropertyDescriptor(prototype, 'value').set.call(element, value);
  element.dispatchEvent(new Event('input', {bubbles: true}));
  element.dispatchEvent(new Event('change', {bubbles: true}));
  element.blur();
}"""

_ANSWER = """(block => {
  const table = block.querySelector('.live-responses-table');
  if (table === null) return null;
  const text = selector => block.querySelector(selector)?.textContent ?? '';
  return {
    url: text('.request-url pre'),
    status: parseInt(table.querySelector('tbody .response-col_status').textContent),
    shown: table.textContent,
  };
})"""


@dataclass(frozen=True, slots=True)
class Tried:
    """What the page shows of one request."""

    url: str
    status: int
    shown: str


class DocsPage:
    """The page at `/-/docs` of a gateway.

    Args:
        browser: Where it is opened.
        url: Its address.
        contract: That the gateway serves.
    """

    def __init__(self, browser: Browser, url: str, contract: ContractUnderTest) -> None:
        self._browser = browser
        self._operations = contract.operations
        browser.open(url)
        browser.wait_for(
            f"document.querySelectorAll('.opblock').length == {len(self._operations)} || null"
        )

    def expand(self, name: str) -> str:
        """Open an operation, and return the expression of its element."""
        # Swagger UI writes the dots of an id with backslashes, and lets those stand in the id.
        end = "-" + self._operations[name].id.replace(".", "\\.")
        ends = f"b => b.id.endsWith({json.dumps(end)})"
        block = f"[...document.querySelectorAll('.opblock')].find({ends})"
        if not self._browser.run(f"{block}.classList.contains('is-open')"):
            self._browser.run(f"{block}.querySelector('.opblock-summary-control').click()")
        self._browser.wait_for(f"{block}.querySelector('.opblock-description') !== null")
        return block

    def collapse(self, block: str) -> None:
        """Close an operation again: the page is slow with many open."""
        self._browser.run(f"{block}.querySelector('.opblock-summary-control').click()")

    def try_out(
        self, name: str, *, body: str | None = None, file: Path | None = None, **parameters: str
    ) -> Tried:
        """Execute an operation with its form filled in, and otherwise as it is."""
        block = self.expand(name)
        self._click(f"{block}.querySelector('.try-out__btn:not(.cancel)')")
        filled = {}
        for parameter, value in parameters.items():
            row = f'tr[data-param-name="{parameter.replace("_", "-")}"]'
            filled[f"{block}.querySelector('{row} :is(input, select)')"] = value
        if body is not None:
            filled[f"{block}.querySelector('.opblock-section-request-body textarea')"] = body
        for _ in range(2):  # the page puts its examples in when it comes to it, perhaps later
            for element, value in filled.items():
                self._fill(element, value)
        if file is not None:
            self._browser.run(f"{block}.querySelector('input[type=file]').id = 'chosen'")
            self._browser.choose_file("#chosen", file)
        self._click(f"{block}.querySelector('.execute')")
        answer = self._browser.wait_for(f"{_ANSWER}({block})")
        self._click(f"{block}.querySelector('.btn-clear')")
        self._click(f"{block}.querySelector('.try-out__btn.cancel')")
        self.collapse(block)
        return Tried(**answer)

    def _click(self, element: str) -> None:
        self._browser.wait_for(f"{element} !== null")
        self._browser.run(f"{element}.click()")

    def _fill(self, element: str, value: str) -> None:
        """Put a value in, until it is seen to stay."""
        self._browser.wait_for(f"{element} !== null")
        said = json.dumps(value)
        is_in = f"{element}.value === {said}"
        self._browser.wait_for(f"{is_in} || (({_SET_VALUE})({element}, {said}), false)")
