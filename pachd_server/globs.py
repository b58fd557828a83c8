"""pachd's glob patterns: what GlobFile takes, and GetFile in the place of a path.

`*` stands for anything but a slash, `**` for anything, `?` for one character but a slash, `[a-z]`
and `[!a]` for one of some, `{this,that}` for one of several. A backslash never matches, as in
pachd (`facts/pachd.md`, hazard 8). pachd's extended forms, such as `@(a|b)`, are not here.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime

from embedded_pfs.files import Entry, Snapshot, info_of, snapshot
from embedded_pfs.listings import directory_info, walk
from embedded_pfs.names import stored_path
from pfs_client.failures import FileNotFound, NotAFile, PfsFailure
from pfs_client.values import Commit, File, FileInfo

_SPECIAL = re.compile(r"[*?\[\]{}!()@+^\\]")
_TOKEN = re.compile(r"\*\*|\[!?[^\]]+\]|.", re.DOTALL)
_SIMPLE = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", "\\": "(?!)"}


def is_pattern(path: str) -> bool:
    """Whether a path holds characters that no file's path has, and that patterns give a meaning."""
    return _SPECIAL.search(path) is not None


def matching(at: Snapshot, pattern: str, lower: str = "", upper: str = "") -> Iterator[Entry]:
    """Files and directories that match a pattern, in order, read lazily.

    Args:
        at: What is searched.
        pattern: Beginning at the root, with or without the slash.
        lower: The least path wanted.
        upper: The least path not wanted any more.

    Raises:
        PfsFailure: It is no pattern.
    """
    expression = _expression(pattern)
    literal = _SPECIAL.split(stored_path(pattern), maxsplit=1)[0]
    for entry in walk(at, literal.rpartition("/")[0]):
        if upper and entry.shown >= upper:
            return
        if entry.shown >= lower and entry.path and expression.fullmatch(entry.path):
            yield entry


def glob_file(
    connection: sqlite3.Connection,
    commit: Commit,
    pattern: str,
    lower: str,
    upper: str,
    directory_sizes: bool,
) -> list[FileInfo]:
    """What matches a pattern at a commit."""
    at = snapshot(connection, commit)
    return _infos(at, matching(at, pattern, lower, upper), directory_sizes)


def only_match(connection: sqlite3.Connection, file: File) -> str:
    """The path of the one file that a pattern matches."""
    found = None
    for entry in matching(snapshot(connection, file.commit), file.path):
        if entry.content is None:
            raise NotAFile(entry.shown)
        if found is not None:
            raise PfsFailure("matched multiple files. Use GetFileTAR instead")
        found = entry.shown
    if found is None:
        raise FileNotFound(file.path)
    return found


def files_for_tar(
    connection: sqlite3.Connection, file: File
) -> tuple[list[Entry], datetime | None]:
    """What a pattern names, and everything below it."""
    at = snapshot(connection, file.commit)
    found = {
        below.shown: below
        for entry in matching(at, file.path)
        for below in ([entry] if entry.content else walk(at, entry.path))
    }
    if not found:
        raise FileNotFound(file.path)
    return list(found.values()), at.committed


def _infos(at: Snapshot, entries: Iterable[Entry], directory_sizes: bool) -> list[FileInfo]:
    return [
        directory_info(at, entry.path)
        if entry.content is None and directory_sizes
        else info_of(at, entry)
        for entry in entries
    ]


def _expression(pattern: str) -> re.Pattern[str]:
    parts = []
    depth = 0
    for token in _TOKEN.findall(stored_path(pattern)):
        depth += (token == "{") - (token == "}")  # noqa: S105 - no password
        parts.append(_part(token, depth))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error as error:
        raise PfsFailure(f"invalid glob pattern {pattern}: {error}") from None


def _part(token: str, depth: int) -> str:
    if token in _SIMPLE:
        return _SIMPLE[token]
    if token == "," and depth:  # noqa: S105 - no password
        return "|"
    if token.startswith("[") and len(token) > 2:
        negated = token[1] == "!"
        return "[" + "^" * negated + re.escape(token[1 + negated : -1]).replace(r"\-", "-") + "]"
    return re.escape(token)
