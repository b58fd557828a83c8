"""What the project's files cite of each other: paths in backticks; sections, hazards and rows."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import normpath

_BACKTICKS = re.compile(r"(?<!`)`([^`\s]+)`(?!`)")
_CITED = re.compile(r"(?!/)[\w./*-]+\.(md|py|pyi|sql|toml|ya?ml|proto|svg)|[\w-]+/[\w./*-]*")
_LINE_BREAK = re.compile(r"\s*\n[ \t]*(?:#|--)?[ \t]*")

_PAGE = r"`?(docs/[\w/-]+\.md)`?"
_QUOTED = r'"[^"]+"'
_SECTIONS = re.compile(rf"{_PAGE}, ({_QUOTED}(?:(?:,| and|, and| or) {_QUOTED})*)")
_NUMBERS = r"\d+(?:(?:, | and |, and )\d+)*"
_NUMBERED = re.compile(rf"{_PAGE},? (hazard|row)s? ({_NUMBERS})")
_NUMBERED_BEFORE = re.compile(rf"\b([Hh]azard|[Rr]ow)s? ({_NUMBERS}) of {_PAGE}")

_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_ROW = re.compile(r"^\| *(\d+) *\|", re.MULTILINE)


@dataclass(frozen=True)
class Project:
    """The files that are in the repository, or would be if they were added now."""

    root: Path
    files: frozenset[str]

    @cached_property
    def paths(self) -> frozenset[str]:
        """All files, and the directories that hold them."""
        above = {str(p) for file in self.files for p in PurePosixPath(file).parents}
        return self.files | above - {"."}

    @cached_property
    def _tops(self) -> frozenset[str]:
        return frozenset(path for path in self.paths if "/" not in path)

    def text(self, file: str) -> str:
        """A file's text; empty where there is none."""
        return (self.root / file).read_text("utf-8") if file in self.files else ""

    def is_meant(self, word: str) -> bool:
        """Whether a word in backticks is meant to be a file or directory of the project.

        Keys, URLs and paths of the machine are written like paths too. What is meant has the ending
        of a text of ours, or begins with one of our directories.
        """
        match = _CITED.fullmatch(word)
        if match is None:
            return False
        return match[1] is not None or word.split("/")[0] in self._tops

    def has(self, word: str, citing: str) -> bool:
        """Whether a path is there: from the root, from the file that cites it, or by its end.

        What begins with a directory of the root is a path from the root and nothing else. NAME
        stands for any name.
        """
        path = word.rstrip("/").replace("NAME", "*")
        patterns = [path]
        if "/" not in path or path.split("/")[0] not in self._tops:
            patterns += [normpath(PurePosixPath(citing).parent / path), f"*/{path}"]
        return any(fnmatch(known, pattern) for known in self.paths for pattern in patterns)


def project(root: Path) -> Project:
    """The files of a repository's working tree, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return Project(root, frozenset(f for f in listed.split("\0") if f and (root / f).is_file()))


def broken_citations(files: Project, citing: str, text: str) -> Iterator[str]:
    """What a file's text cites and is not there."""
    yield from (w for w in _paths(files, text) if not files.has(w, citing))
    flat = _LINE_BREAK.sub(" ", text)
    for page, heading in _sections(flat):
        if heading not in _headings(files.text(page)):
            yield f'{page}, "{heading}"'
    for page, kind, number in _numbered(flat):
        if number not in _numbers(files.text(page), kind):
            yield f"{page}, {kind} {number}"


def _paths(files: Project, text: str) -> Iterator[str]:
    return (word for word in _BACKTICKS.findall(text) if files.is_meant(word))


def _sections(text: str) -> Iterator[tuple[str, str]]:
    for page, quoted in _SECTIONS.findall(text):
        for heading in re.findall(_QUOTED, quoted):
            yield page, heading[1:-1]


def _numbered(text: str) -> Iterator[tuple[str, str, str]]:
    found = _NUMBERED.findall(text)
    found += [(page, kind, numbers) for kind, numbers, page in _NUMBERED_BEFORE.findall(text)]
    for page, kind, numbers in found:
        for number in re.findall(r"\d+", numbers):
            yield page, kind.lower(), number


def _headings(page: str) -> list[str]:
    return _HEADING.findall(_FENCED.sub("", page))


def _numbers(page: str, kind: str) -> list[str]:
    """The numbers of a page's hazards, which are headings, or of its rows."""
    if kind == "row":
        return _ROW.findall(page)
    return [h.removeprefix("Hazard ") for h in _headings(page) if h.startswith("Hazard ")]
