"""The pages in `docs/clients/`: their settings and programs are what the tests use and run.

A code block is one of these if its info string has a second word: `~/…` is a file in the home
directory, `quick-start` a whole program, and `prints` what that prints.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "clients"
HOST = "127.0.0.1:30655"
BUCKET = "master.images"

_BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One code block."""

    language: str
    text: str

    def at(self, endpoint: str) -> str:
        """Its text, with the endpoint of a gateway under test."""
        return self.text.replace(HOST, endpoint.removeprefix("http://"))


def blocks(page: str) -> dict[str, Block]:
    """The named code blocks of a client's page."""
    text = (PAGES / f"{page}.md").read_text()
    found = _BLOCK.findall(text)
    assert len({name for _, name, _ in found}) == len(found), f"{page}: two blocks of a name"
    return {name: Block(language, content) for language, name, content in found}


def write_settings(page: str, endpoint: str, home: Path) -> None:
    """Write the files in the home directory that a page shows."""
    for name, block in blocks(page).items():
        if name.startswith("~/"):
            path = home / name.removeprefix("~/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.at(endpoint))
