"""What code, tests and pages cite is in the repository."""

from __future__ import annotations

import shutil

import pytest

from tests.docs.citations import Project, broken_citations, project
from tests.markdown import ROOT

CITING = (".py", ".md", ".yaml", ".sql", ".toml")
HERE = "tests/docs/test_citations.py"

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="this is no git repository"
)


@pytest.fixture(scope="module")
def files() -> Project:
    return project(ROOT)


def test_whatever_is_cited_is_there(files: Project) -> None:
    citing = [f for f in sorted(files.files) if f.endswith(CITING)]
    citing.remove(HERE)  # which cites what is not there, below
    broken = [
        f"{file}: {cited}"
        for file in citing
        for cited in broken_citations(files, file, files.text(file))
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    "word",
    [
        "facts/pachd.md", "design.md", "none.sql", "docs/x.md", "docs/none/*.md", "docs/site.py",
        "tests/nothing/", "tests/docs/none.py", "gateway/nothing", "spec/overlays/none.yaml",
        "../none.md", "tests/docs/NAME.yaml",
    ],
)  # fmt: skip
def test_a_path_that_is_not_there_is_seen(files: Project, word: str) -> None:
    assert list(broken_citations(files, HERE, f"A sentence (`{word}`).")) == [word]


@pytest.mark.parametrize(
    "word",
    [
        "docs/pachd.md", "docs/", "tests/docs", "spec/s3.yaml", "docs/clients/*.md", "Makefile",
        "site.py", "schema.sql", "pachd.md", "../servers.py", "docs/decisions/NAME.md",
        "/docs/none.md", "/-/docs", "cats/1.png", "a/b", "dir/", "application/json", "docs.none",
    ],
)  # fmt: skip
def test_what_is_there_or_is_none_of_our_paths_is_left_alone(files: Project, word: str) -> None:
    assert list(broken_citations(files, HERE, f"A sentence (`{word}`).")) == []


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ('(`docs/pachd.md`, "Hazards")', []),
        ('(`docs/pachd.md`, "Nothing")', ['docs/pachd.md, "Nothing"']),
        ('(`docs/pachd.md`, "Hazards" and "No")', ['docs/pachd.md, "No"']),
        ('(`docs/pachd.md`,\n    # "Deleting repos\n    # and commits")', []),
        ('(`docs/pachd.md`,\n    "Deleting\n    repos")', ['docs/pachd.md, "Deleting repos"']),
        ('-- docs/pachd.md, "No"', ['docs/pachd.md, "No"']),
        ('docs/none.md, "Hazards"', ['docs/none.md, "Hazards"']),
        ("(`docs/pachd.md`, hazard 4)", []),
        ("(`docs/pachd.md`, hazards 4 and 99)", ["docs/pachd.md, hazard 99"]),
        ("(`docs/negative-cases.md`, rows 8 and 22)", []),
        ("(`docs/negative-cases.md` row 99)", ["docs/negative-cases.md, row 99"]),
        ("Rows 1, 2 and 99 of `docs/negative-cases.md`", ["docs/negative-cases.md, row 99"]),
    ],
)
def test_a_section_that_is_not_there_is_seen(files: Project, text: str, broken: list[str]) -> None:
    assert list(broken_citations(files, HERE, text)) == broken
