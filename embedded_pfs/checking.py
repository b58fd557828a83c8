"""Is everything there? Every content is read against its hash, and the tables against each other.

Others may use the directory meanwhile: what seems lost is looked for once more.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from embedded_pfs import extents
from embedded_pfs.blobs import Blobs, StoredContent
from embedded_pfs.collection import FILES
from embedded_pfs.contents import small_content
from embedded_pfs.contradictions import contents_of, contradictions
from embedded_pfs.database import told_as_failures
from embedded_pfs.directory import DataDirectory
from embedded_pfs.names import shown_path

_READ_BYTES = 1024 * 1024

_PLACES = {
    "file": (
        "SELECT DISTINCT project.name || '/' || repo.name || '@' || branch.name, path, ''"
        " FROM file JOIN branch USING (line_id) JOIN repo ON repo.id = repo_id"
        " JOIN project ON project.id = project_id WHERE content_hash = ?"
    ),
    "past_file": (
        "SELECT DISTINCT project.name || '/' || repo.name, path, 'in its history'"
        " FROM past_file JOIN line ON line.id = line_id JOIN repo ON repo.id = repo_id"
        " JOIN project ON project.id = project_id WHERE content_hash = ?"
        " AND repo.id NOT IN (SELECT repo_id FROM dropped_repo)"
    ),
    "file_set_change": (
        "SELECT DISTINCT 'an upload', path, 'under way' FROM file_set_change WHERE content_hash = ?"
    ),
}


@dataclass(frozen=True, slots=True)
class Lost:
    """A file whose content is not there, or not what it was."""

    where: str
    path: str
    when: str
    why: str

    def in_words(self) -> str:
        """The line that a person reads."""
        when = f" {self.when}" if self.when else ""
        return f"lost: {self.where}:{self.path}{when}: {self.why}"


@dataclass(slots=True)
class Checked:
    """What was found."""

    contents: int = 0
    read_bytes: int = 0
    lost: list[Lost] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What SQLite, or one table beside the other, says is wrong."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is lost or wrong."""
        return not self.lost and not self.wrong


def check(directory: Path) -> Checked:
    """Read everything, and change nothing.

    Raises:
        DirectoryRefused: There is no embedded PFS, somebody needs it alone, or an older version
            wrote it.
        PfsFailure: The database cannot be read.
    """
    data = DataDirectory(directory, must_exist=True, changes=False)
    try:
        connection = data.connect(readonly=True)
        try:
            with told_as_failures():
                return checked_with(connection, data.blobs)
        finally:
            connection.close()
    finally:
        data.close()


def checked_with(connection: sqlite3.Connection, blobs: Blobs) -> Checked:
    """The same, of a directory that is open."""
    found = Checked(wrong=list(contradictions(connection)))
    for row in connection.execute(contents_of(FILES)).fetchall():
        content = StoredContent(*row)
        found.contents += 1
        found.read_bytes += content.size_bytes
        why = _fault_of(connection, blobs, content)
        if why:
            found.lost += _places_of(connection, content.hash, why)
    return found


class _Digest:
    """The hash and the size of what has been read."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=32)
        self._size_bytes = 0

    def update(self, data: bytes) -> None:
        """More has been read."""
        self._hash.update(data)
        self._size_bytes += len(data)

    def is_of(self, content: StoredContent) -> bool:
        """Whether this is a content's hash."""
        return self._hash.digest() == content.hash

    def wrong_size(self, content: StoredContent) -> str:
        """What is wrong with the size that the tables say; empty if nothing is."""
        if self._size_bytes == content.size_bytes:
            return ""
        return f"its size is said to be {content.size_bytes} bytes, and is {self._size_bytes}"


def _fault_of(connection: sqlite3.Connection, blobs: Blobs, content: StoredContent) -> str:
    """What is wrong with a content; empty if nothing is."""
    lies_in = extents.flattened(connection, blobs, [content])
    if lies_in in ([content], []):
        return _fault_in_place(connection, blobs, content)
    digest = _Digest()
    for extent in lies_in:
        if why := _read(connection, blobs, extent, digest):
            return why
    if digest.is_of(content):
        return digest.wrong_size(content)
    faults = (_fault_in_place(connection, blobs, extent) for extent in lies_in)
    return next(filter(None, faults), "its content is damaged: its extents are others than its own")


def _fault_in_place(connection: sqlite3.Connection, blobs: Blobs, content: StoredContent) -> str:
    digest = _Digest()
    if why := _read(connection, blobs, content, digest):
        return why
    if digest.is_of(content):
        return digest.wrong_size(content)
    if extents.is_small(connection, content):
        return "its content is damaged"
    return f"its content is damaged ({blobs.path(content.hash)})"


def _read(
    connection: sqlite3.Connection, blobs: Blobs, content: StoredContent, digest: _Digest
) -> str:
    """Read a content in its place into a digest, and say why it cannot be read, if it cannot."""
    small = small_content(connection, content.hash, content.size_bytes)
    if small is not None:
        digest.update(small)
        return ""
    try:
        with open(blobs.path(content.hash), "rb", buffering=0) as blob:
            while piece := blob.read(_READ_BYTES):
                digest.update(piece)
    except FileNotFoundError:
        return f"its content is gone ({blobs.path(content.hash)})"
    except OSError as error:
        return f"its content cannot be read ({blobs.path(content.hash)}: {error.strerror})"
    return ""


def _places_of(connection: sqlite3.Connection, hash_: bytes, why: str) -> Iterator[Lost]:
    """The files that have a content, as of now: none, if they have gone meanwhile."""
    for query in _PLACES.values():
        for where, path, when in connection.execute(query, (hash_,)):
            yield Lost(where, shown_path(path), when, why)
