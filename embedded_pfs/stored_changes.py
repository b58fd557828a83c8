"""Stored changes: their contents are in place already, or small enough to be carried along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from embedded_pfs.blobs import StoredContent
from pfs_client.values import CopyFile, DeleteFile, ExpectFile


@dataclass(frozen=True, slots=True)
class AddContent:
    """An `AddFile`, or a run of them for one path, whose content is stored or ready to be."""

    path: str
    content: StoredContent


StoredChange: TypeAlias = AddContent | DeleteFile | CopyFile | ExpectFile

_MOST = 3
"""A condition, a file that goes, and the one in its place."""


def adds(changes: Sequence[StoredChange]) -> bool:
    """Whether changes need room for something; what only deletes may have the reserve."""
    return any(isinstance(change, AddContent | CopyFile) for change in changes)


def is_little(changes: Sequence[StoredChange]) -> bool:
    """Whether changes are of one small file, which takes the place of another, or only goes.

    A directory and a copy may be of much, and so may a file that something is appended to.
    """
    removed: str | None = None
    for change in changes:
        match change:
            case DeleteFile(path) if removed is None and not path.endswith("/"):
                removed = path
            case AddContent(path, content) if path == removed and content.inline is not None:
                pass
            case ExpectFile():
                pass
            case _:
                return False
    return len(changes) <= _MOST
