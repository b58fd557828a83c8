"""pachd's glob patterns: what GlobFile takes, and GetFile in the place of a path.

`*` stands for anything but a slash, `**` for anything, `?` for one character but a slash, `[a-z]`
and `[!a]` for one of some, `{this,that}` for one of several. A backslash never matches, as in
pachd (`docs/pachd.md`, "Reading files"). pachd's extended forms, such as `@(a|b)`, are not here.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from pachd_server.paging import entries
from pachd_server.texts import Refusal
from pfs_client.failures import FileNotFound, NotAFile
from pfs_client.interface import PfsClient
from pfs_client.values import ALL, Commit, File, FileInfo

_SPECIAL = re.compile(r"[*?\[\]{}!()@+^\\]")
_TOKEN = re.compile(r"\*\*|\[!?[^\]]+\]|.", re.DOTALL)
_SIMPLE = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", "\\": "(?!)"}
_SLASHES = re.compile(r"/+")


def is_pattern(path: str) -> bool:
    """Whether a path holds characters that no file's path has, and that patterns give a meaning."""
    return _SPECIAL.search(path) is not None


async def matching(
    pfs: PfsClient, commit: Commit, pattern: str, lower: str = "", upper: str = ""
) -> AsyncIterator[FileInfo]:
    """Files and directories that match a pattern, in order.

    Args:
        pfs: Where they are.
        commit: What is searched.
        pattern: Beginning at the root, with or without the slash.
        lower: The least path wanted.
        upper: The least path not wanted any more.

    Raises:
        Refusal: It is no pattern.
    """
    expression = _expression(pattern)
    async for info in _candidates(pfs, commit, pattern):
        if upper and info.path >= upper:
            return
        if info.path >= lower and _matches(expression, info):
            yield info


async def matching_trees(pfs: PfsClient, commit: Commit, pattern: str) -> AsyncIterator[FileInfo]:
    """What matches a pattern, and everything below it, each once and in order.

    Raises:
        FileNotFound: Nothing matches.
        Refusal: It is no pattern.
    """
    expression = _expression(pattern)
    above: str | None = None
    found = False
    async for info in _candidates(pfs, commit, pattern):
        # All below a directory comes right behind it.
        if above is not None and info.path.startswith(above):
            yield info
        elif _matches(expression, info):
            found = True
            above = None if info.is_file else info.path
            yield info
    if not found:
        raise FileNotFound(pattern)


async def only_match(pfs: PfsClient, file: File) -> str:
    """The path of the one file that a pattern matches.

    Raises:
        FileNotFound: None does.
        NotAFile: A directory does.
        Refusal: Several do, or it is no pattern.
    """
    found = None
    async for info in matching(pfs, file.commit, file.path):
        if not info.is_file:
            raise NotAFile(info.path)
        if found is not None:
            raise Refusal("matched multiple files. Use GetFileTAR instead")
        found = info.path
    if found is None:
        raise FileNotFound(file.path)
    return found


async def _candidates(pfs: PfsClient, commit: Commit, pattern: str) -> AsyncIterator[FileInfo]:
    """Everything below the directory that a pattern names before its first special character."""
    literal = _SPECIAL.split(_folded(pattern), maxsplit=1)[0]
    directory = File(commit, "/" + literal.rpartition("/")[0])
    try:
        async for info in entries(pfs.walk_file, directory, ALL):
            yield info
    except FileNotFound:
        return


def _matches(expression: re.Pattern[str], info: FileInfo) -> bool:
    path = info.path.strip("/")
    return bool(path) and expression.fullmatch(path) is not None


def _folded(pattern: str) -> str:
    """A pattern with single slashes, and none at the ends."""
    return _SLASHES.sub("/", pattern).strip("/")


def _expression(pattern: str) -> re.Pattern[str]:
    parts = []
    depth = 0
    for token in _TOKEN.findall(_folded(pattern)):
        depth += (token == "{") - (token == "}")  # noqa: S105 - no password
        parts.append(_part(token, depth))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error as error:
        raise Refusal(f"invalid glob pattern {pattern}: {error}") from None


def _part(token: str, depth: int) -> str:
    if token in _SIMPLE:
        return _SIMPLE[token]
    if token == "," and depth:  # noqa: S105 - no password
        return "|"
    if token.startswith("[") and len(token) > 2:
        negated = token[1] == "!"
        return "[" + "^" * negated + re.escape(token[1 + negated : -1]).replace(r"\-", "-") + "]"
    return re.escape(token)
