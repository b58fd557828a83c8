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

_FEW = 3
"""A condition, a file that goes, and the one in its place."""


def adds(changes: Sequence[StoredChange]) -> bool:
    """Whether changes need room for something; what only deletes may have the reserve."""
    return any(isinstance(change, AddContent | CopyFile) for change in changes)


def are_few(changes: Sequence[StoredChange]) -> bool:
    """Whether changes are one small file's, or a few. A directory and a copy may be of much."""
    return len(changes) <= _FEW and all(_is_little(change) for change in changes)


def _is_little(change: StoredChange) -> bool:
    match change:
        case AddContent(_, content):
            return content.inline is not None
        case DeleteFile(path):
            return not path.endswith("/")
        case ExpectFile():
            return True
    return False
