"""The texts in the code that users meet: messages, and the help of commands.

Every string of a few words counts, as most of them end in an answer, on a terminal or in a log.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.markdown import ROOT

ROOMS = ("gateway", "handlers", "s3_wire", "pfs_client", "embedded_pfs")
FEWEST_WORDS = 4
_NOT_WORDS = re.compile(
    r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|WITH|BEGIN)\s|.*\?\d|\x08"
)
"""SQL, and help that click leaves as it is: lines to paste."""

_AMAZONS = ("This copy request is illegal",)
"""How texts begin that are S3's own, to the letter."""

_PLACEHOLDER = "`x`"
_NO_TAGS = str.maketrans("<>", "[]")


def sources() -> list[Path]:
    """The files whose texts count."""
    found = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return [file for file in found if "pfs_v2" not in file.parts]


def as_markdown(source: str) -> str:
    """The texts of a file, each on its line, so that a finding there has the line of the code."""
    lines = [""] * (source.count("\n") + 2)
    for line, text in texts(source):
        lines[line - 1] += f"- {text}"
    return "\n".join(lines)


def texts(source: str) -> Iterator[tuple[int, str]]:
    """The lines and texts of a file."""
    tree = ast.parse(source)
    for line, text in [*_literals(tree, _docstrings(tree)), *_helps(tree)]:
        said = " ".join(text.split()).translate(_NO_TAGS)
        is_prose = len(said.split()) >= FEWEST_WORDS and not _NOT_WORDS.match(text)
        if is_prose and not said.startswith(_AMAZONS):
            yield line, said


def _literals(node: ast.AST, docstrings: set[ast.AST]) -> Iterator[tuple[int, str]]:
    if node in docstrings:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif isinstance(node, ast.JoinedStr):
        yield node.lineno, "".join(_part(one) for one in node.values)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _literals(child, docstrings)


def _part(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else _PLACEHOLDER


def _docstrings(tree: ast.AST) -> set[ast.AST]:
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _helps(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """A command's docstring is its help, a paragraph for each of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(map(_is_command, node.decorator_list)):
            line = node.body[0].lineno
            for paragraph in (ast.get_docstring(node) or "").split("\n\n"):
                yield line, paragraph
                line += paragraph.count("\n") + 2


def _is_command(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Attribute) and called.attr in ("command", "group")
