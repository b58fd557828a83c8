"""The documentation site is whole, and needs nothing from elsewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.site import anchors, build, copy_sources, references
from tests.markdown import DOCS, ROOT

SOURCE = "https://git.example.org/s3gateway"


class Settings(yaml.SafeLoader):
    """YAML in which `!ENV` names a variable of the environment, and what to take without it."""


Settings.add_constructor("!ENV", lambda loader, node: node.value)
NAVIGATION = yaml.load((ROOT / "mkdocs.yml").read_text(), Settings)["nav"]  # noqa: S506


def pages_in(navigation: Any) -> list[str]:
    if isinstance(navigation, str):
        return [navigation]
    below = navigation.values() if isinstance(navigation, dict) else navigation
    return [page for part in below for page in pages_in(part)]


def test_the_navigation_has_every_page_once() -> None:
    pages = pages_in(NAVIGATION)
    assert sorted(pages) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def test_every_page_is_built(site: Path) -> None:
    for page in pages_in(NAVIGATION):
        assert (site / page.replace("README.md", "index.md")).with_suffix(".html").exists()


def test_every_page_says_of_which_version_it_is(site: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for page in site.rglob("*.html"):
        assert f"Version {version} · " in page.read_text(), page


def test_links_lead_somewhere(site: Path) -> None:
    broken = []
    known: dict[Path, set[str]] = {}
    for page in site.rglob("*.html"):
        for found in references(page):
            if found.is_external or page.name == "404.html":
                continue
            if not found.file.is_file():
                broken.append(f"{page.relative_to(site)}: {found.target}")
            elif found.fragment and found.file.suffix == ".html":
                ids = known.setdefault(found.file, anchors(found.file))
                if found.fragment not in ids and found.fragment != "__skip":
                    broken.append(f"{page.relative_to(site)}: {found.target}")
    assert not broken, "\n".join(broken)


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = [
        found.target
        for page in site.rglob("*.html")
        for found in references(page)
        if found.is_external and found.is_loaded
    ]
    for style in site.rglob("*.css"):
        loaded += re.findall(r"""(?:url\(|@import)\s*["']?(https?://[^"')]+)""", style.read_text())
    assert not loaded, loaded


def test_every_page_links_to_the_source_if_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_URL", SOURCE)
    copy_sources(tmp_path)
    done = build(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = [page for page in tmp_path.rglob("*.html") if page.name != "404.html"]
    assert pages
    for page in pages:
        assert SOURCE in {found.target for found in references(page)}, page


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[nowhere](nothing.md)", "page does not exist"),
        ("[nowhere](errors.md#nothing)", "anchor does not exist"),
    ],
)
@pytest.mark.usefixtures("site")
def test_a_broken_link_fails_the_build(tmp_path: Path, text: str, says: str) -> None:
    copy_sources(tmp_path)
    page = tmp_path / "docs" / "index.md"
    page.write_text(page.read_text() + f"\n{text}\n")
    done = build(tmp_path)
    assert done.returncode != 0
    assert says in done.stdout + done.stderr
