"""The named code blocks of the pages: what a reader pastes, the tests run.

A block has a name if its info string says `title="…"`. The site shows it above the block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HOST = "127.0.0.1:30655"

_BLOCK = re.compile(r'^```(\w+) title="([^"]+)"\n(.*?)^```$', re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One code block."""

    language: str
    name: str
    text: str

    def at(self, endpoint: str) -> str:
        """Its text, with the endpoint of a gateway under test."""
        return self.text.replace(HOST, endpoint.removeprefix("http://"))


def named_blocks(page: Path) -> list[Block]:
    """The named code blocks of a page, in their order."""
    return [Block(*groups) for groups in _BLOCK.findall(page.read_text())]
