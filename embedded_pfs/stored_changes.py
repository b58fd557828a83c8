"""Stored changes: their contents are in place already, or small enough to be carried along."""

from __future__ import annotations

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
