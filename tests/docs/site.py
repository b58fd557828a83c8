"""The documentation site, built from the pages, and what its HTML refers to."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import html

from tests.markdown import DOCS, ROOT

ZENSICAL = ROOT / ".build" / "docs" / "zensical" / "bin" / "zensical"


@dataclass(frozen=True)
class Reference:
    """Something that a page of the site links to, or loads."""

    page: Path
    tag: str
    target: str

    @property
    def is_external(self) -> bool:
        return bool(urlsplit(self.target).netloc)

    @property
    def is_loaded(self) -> bool:
        """Whether the browser fetches it by itself."""
        return self.tag != "a"

    @property
    def file(self) -> Path:
        """The file that it means."""
        path = unquote(urlsplit(self.target).path)
        return (self.page.parent / path).resolve() if path else self.page

    @property
    def fragment(self) -> str:
        return unquote(urlsplit(self.target).fragment)


def copy_sources(to: Path) -> None:
    """Copy what the site is built from."""
    # While a page is written anew, it is there under another name for a moment.
    shutil.copytree(DOCS, to / "docs", ignore=shutil.ignore_patterns("*.md.*"))
    shutil.copy(ROOT / "mkdocs.yml", to)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a folder, as `make docs` does."""
    return subprocess.run(
        [ZENSICAL, "build", "--strict", "--clean"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def references(page: Path) -> Iterator[Reference]:
    """All that a page refers to."""
    tree = html.parse(str(page)).getroot()
    for element, attribute, target, _ in tree.iterlinks():
        if attribute in ("href", "src", "srcset", "data", "poster"):
            yield Reference(page, str(element.tag), target)


def anchors(page: Path) -> set[str]:
    """Where links may lead within a page."""
    return set(html.parse(str(page)).getroot().xpath("//@id | //@name"))
