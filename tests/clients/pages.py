"""The pages in `docs/clients/`: their settings and programs are what the tests use and run.

Of a page's named code blocks `~/…` is a file in the home directory, `Quick start` a whole program,
and `Prints` what that prints.
"""

from __future__ import annotations

from pathlib import Path

from tests.markdown import DOCS, ROOT, Block, named_blocks

__all__ = ["BUCKET", "PAGES", "ROOT", "SECRET", "Block", "blocks", "write_settings"]

PAGES = DOCS / "clients"
BUCKET = "master.images"
SECRET = "anything"
"""Of the access key `any`, in all pages."""


def blocks(page: str) -> dict[str, Block]:
    """The named code blocks of a client's page."""
    found = named_blocks(PAGES / f"{page}.md")
    by_name = {block.name: block for block in found}
    assert len(by_name) == len(found), f"{page}: two blocks of a name"
    return by_name


def write_settings(page: str, endpoint: str, home: Path, secret: str = SECRET) -> None:
    """Write the files in the home directory that a page shows, with this secret in them."""
    for name, block in blocks(page).items():
        if name.startswith("~/"):
            path = home / name.removeprefix("~/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.at(endpoint).replace(SECRET, secret))
