"""What an export says of a commit: when it was made, and what it did to each file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from gateway.history.log import ADDED, DELETED, REPLACED
from gateway.history.moving.lines import Damaged, read_whole
from pfs_client.values import SMALL_FILE_BYTES, CommitInfo

_WHAT = (ADDED, REPLACED, DELETED)
_NO_NAMES = frozenset({"", ".", ".."})
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Header:
    """Which commit a record is of. `history` says whether the records before it are all there were.

    `commit` and `committed` are of the PFS that it comes from.
    """

    number: int
    commit: str
    committed: str
    description: str
    history: bool

    @classmethod
    def of(cls, info: CommitInfo, number: int, *, history: bool) -> Self:
        """The header of a commit's record."""
        made = info.closed.isoformat()
        return cls(number, info.commit.id, made, info.description, history)

    @classmethod
    def read(cls, fields: dict[str, Any]) -> Self:
        """What a first line says.

        Raises:
            Damaged: It is none.
        """
        try:
            return cls(**fields)
        except TypeError:
            raise Damaged("a record begins with no header") from None

    def fields(self) -> dict[str, Any]:
        """Itself as a line."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a commit did to a file. The SHA-256 is empty where the content has not been read yet.

    `pfs_hash` is the hash that PFS says. Records have it of small files, whose hash is the same in
    every PFS.
    """

    key: str
    what: str
    size_bytes: int = 0
    sha256: str = ""
    pfs_hash: str = ""

    @property
    def path(self) -> str:
        """Where it is in a PFS."""
        return "/" + self.key

    @property
    def is_deleted(self) -> bool:
        """Whether there is no file of the key afterwards."""
        return self.what == DELETED

    def with_sha256(self, sha256: str) -> Entry:
        """The same, as a record says it."""
        is_small = self.size_bytes <= SMALL_FILE_BYTES
        return replace(self, sha256=sha256, pfs_hash=self.pfs_hash if is_small else "")

    def fields(self) -> dict[str, Any]:
        """Itself as a line, without what it does not say."""
        fields: dict[str, Any] = {"key": self.key, "what": self.what}
        if not self.is_deleted:
            fields["size_bytes"] = self.size_bytes
        for name, value in (("sha256", self.sha256), ("pfs_hash", self.pfs_hash)):
            if value:
                fields[name] = value
        return fields


def entry_of(fields: dict[str, Any]) -> Entry:
    """What a line says of a file.

    Raises:
        Damaged: It says what no export writes. A change of `/` or of `a/` would be one of all that
            is below it (`docs/pachd.md`, hazards 2 and 5).
    """
    try:
        entry = Entry(**fields)
        is_sound = entry.what in _WHAT and not _NO_NAMES.intersection(entry.key.split("/"))
        is_sound = is_sound and (not entry.sha256 or _SHA256.fullmatch(entry.sha256) is not None)
    except (AttributeError, TypeError):
        is_sound = False
    if not is_sound:
        raise Damaged(f"a line cannot be used: {fields}")
    return entry


def read_header(path: Path) -> Header:
    """Which commit a file of lines is about. The rest of it is not looked at.

    Raises:
        Damaged: It does not say.
        FileNotFoundError: There is no such file.
    """
    for fields in read_whole(path):
        return Header.read(fields)
    raise Damaged(f"{path} is empty")


def read_entries(path: Path) -> Iterator[Entry]:
    """What a file of lines says of each file, in the order of keys.

    Raises:
        Damaged: It is not whole, which is known at its end.
    """
    lines = read_whole(path)
    next(lines, None)
    for fields in lines:
        try:
            yield entry_of(fields)
        except Damaged as error:
            raise Damaged(f"{path}: {error}") from None
