"""Which names and paths there can be: those that pachd allows (`docs/pachd.md`, "Names and paths").

A path is kept in *stored* form: no slash at either end. `/` itself is the empty string.
"""

from __future__ import annotations

import re

from pfs_client.failures import InvalidName, InvalidPath

_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]")
_GLOBBING = re.compile(r"[*?\[\]{}!()@+^]")
ABOVE_ALL = "\x7f"
"""Above every character that a path can have."""

_SLASHES = re.compile(r"/+")


def check_name(name: str) -> None:
    """Check the name of a repo, branch or project.

    Raises:
        InvalidName: It is empty, or holds a character that no name has.
    """
    if not _NAME.fullmatch(name):
        raise InvalidName(
            f"name ({name}) invalid: only alphanumeric characters, underscores, and dashes"
            " are allowed",
            name,
        )


def writable_path(path: str) -> str:
    """Check a path that is to be written, and give its stored form.

    Raises:
        InvalidPath: It holds a character or a component that no path has, or is the root.
    """
    if not path or _NOT_PRINTABLE.search(path):
        raise _invalid(path, "only printable ASCII characters allowed")
    if globbing := _GLOBBING.search(path):
        raise _invalid(path, f"globbing character ({globbing[0]}) not allowed in path")
    stored = stored_path(path)
    if any(component in (".", "..") for component in stored.split("/")):
        raise _invalid(path, "relative file paths are not allowed")
    if not stored:
        # pachd takes it, and never returns from the delete of it (`docs/pachd.md`, "Hazards").
        raise _invalid(path, "the root is not a file")
    return stored


def stored_path(path: str) -> str:
    """The stored form of any path: runs of slashes folded, none at the ends."""
    return (_SLASHES.sub("/", path) if "//" in path else path).strip("/")


def shown_path(stored: str) -> str:
    """A file's path as PFS shows and sorts it."""
    return "/" + stored


def shown_directory(stored: str) -> str:
    """A directory's path as PFS shows and sorts it."""
    return f"/{stored}/" if stored else "/"


def parents(stored: str) -> list[str]:
    """The directories that a path lies in, the outermost first, without the root."""
    parts = stored.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def bounds_of(directory: str) -> tuple[str, str]:
    """The strings between which everything below a stored directory lies, and nothing else."""
    return (directory + "/", directory + "/" + ABOVE_ALL) if directory else ("", ABOVE_ALL)


def _invalid(path: str, reason: str) -> InvalidPath:
    return InvalidPath(f"path ({path}) invalid: {reason}", reason, path)
