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

# What is sent is what the page's own state holds. It takes over what was typed, and puts its
# examples in, some time after they can be seen.
_HELD = """((id, parameter) => {
  const state = ui.getStore().getState().get('spec');
  const ofId = operation => operation?.get?.('operationId') === id;
  for (const [path, item] of state.getIn(['json', 'paths'])) {
    const method = item.findKey(ofId);
    if (method === undefined) continue;
    const held = state.getIn(['meta', 'paths', path, method, 'parameters']);
    return held?.find((_, key) => key.split('.hash-')[0].endsWith('.' + parameter))?.get('value');
  }
})"""

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
        self._wait_for_examples(name)
        for parameter, value in parameters.items():
            self._fill_parameter(block, name, parameter.replace("_", "-"), value)
        if body is not None:
            self._fill(f"{block}.querySelector('.opblock-section-request-body textarea')", body)
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

    def _wait_for_examples(self, name: str) -> None:
        for parameter in self._operations[name].parameters:
            if parameter.get("required") and parameter["in"] != "query":  # those select it
                self._browser.wait_for(f"{self._held(name, parameter['name'])} !== undefined")

    def _fill_parameter(self, block: str, name: str, parameter: str, value: str) -> None:
        row = f'tr[data-param-name="{parameter}"]'
        self._fill(f"{block}.querySelector('{row} :is(input, select)')", value)
        held = self._held(name, parameter)
        self._browser.wait_for(f"String({held}) === {json.dumps(value)}")

    def _held(self, name: str, parameter: str) -> str:
        words = map(json.dumps, (self._operations[name].id, parameter))
        return f"{_HELD}({', '.join(words)})"

    def _fill(self, element: str, value: str) -> None:
        """Put a value in, until it is seen to stay."""
        self._browser.wait_for(f"{element} !== null")
        said = json.dumps(value)
        is_in = f"{element}.value === {said}"
        self._browser.wait_for(f"{is_in} || (({_SET_VALUE})({element}, {said}), false)")
