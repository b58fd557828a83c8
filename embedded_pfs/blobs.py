"""Large contents: files named by the hash of what is in them.

A blob is written under `staging/`, synced, and linked to its place under `blobs/` before the
database may refer to it; its staging name goes once the reference is durable. So whatever
`staging/` holds when nobody uses the directory belongs to writes that never ended, and names the
blobs that they may have left.
"""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pfs_client.failures import PfsFailure, StorageFull

INLINE_MAX_BYTES = 64 * 1024
"""Contents up to this size live in the database.

A small blob's own file costs more than the row.
"""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def content_hash(content: bytes) -> bytes:
    """The hash that names a content: BLAKE2b-256."""
    return hashlib.blake2b(content, digest_size=32).digest()


def file_hash(content_hash_: bytes, size_bytes: int) -> bytes:
    """PFS's hash of a file with this content (`docs/pachd.md`, "File hashes")."""
    if size_bytes == 0:
        return content_hash_
    return content_hash(content_hash_)


@dataclass(frozen=True, slots=True)
class StoredContent:
    """A content that is in its place, in the database or in `blobs/`, or about to be (`inline`).

    As a file's, it has the time of the file's last change, `changed_us`: when the commit was
    closed, or None while it is open.
    """

    hash: bytes
    size_bytes: int
    inline: bytes | None = None
    changed_us: int | None = field(default=None, compare=False)


class Blobs:
    """The blob files of one data directory."""

    def __init__(self, directory: Path, *, sync: bool = True) -> None:
        self._blobs = directory / "blobs"
        self._staging = directory / "staging"
        self._sync = sync

    def create(self) -> None:
        """Make the folders, if they are not there."""
        self._staging.mkdir(exist_ok=True)
        for prefix in range(256):
            (self._blobs / f"{prefix:02x}").mkdir(parents=True, exist_ok=True)

    def writer(self) -> BlobWriter:
        """Begin a blob."""
        return BlobWriter(self._staging / uuid.uuid4().hex, self)

    def open(self, hash_: bytes) -> int:
        """Open a blob for reading and return its file descriptor."""
        return os.open(self.path(hash_), os.O_RDONLY | os.O_CLOEXEC)

    def path(self, hash_: bytes) -> Path:
        """Where the blob of this hash stands."""
        digits = hash_.hex()
        return self._blobs / digits[:2] / digits[2:]

    def all(self) -> Iterator[tuple[bytes, Path]]:
        """Every blob there is."""
        for folder in self._blobs.iterdir():
            for file in folder.iterdir():
                yield bytes.fromhex(folder.name + file.name), file

    def unfinished(self) -> Iterator[tuple[bytes | None, Path]]:
        """What writes left that never ended.

        The staging file and the hash of the blob it may have become.
        """
        for file in self._staging.iterdir():
            digits = file.name.partition("-")[2]
            yield bytes.fromhex(digits) if digits else None, file

    def place(self, staged: Path, hash_: bytes) -> Path:
        """Give a synced staging file its place; return the name it keeps until `forget`."""
        named = staged.with_name(f"{staged.name}-{hash_.hex()}")
        target = self.path(hash_)
        os.rename(staged, named)
        try:
            os.link(named, target)
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES):
                raise
            os.replace(named, target)  # a file system without links: `compact` finds such an orphan
        self._sync_folder(target.parent)
        return named

    def _sync_folder(self, folder: Path) -> None:
        if not self._sync:
            return
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_file(self, descriptor: int) -> None:
        """Put a file's bytes on the disk, unless the directory was opened with synchronous=off."""
        if self._sync:
            os.fsync(descriptor)


class BlobWriter:
    """One content on its way in. Its methods block: call them on a thread."""

    def __init__(self, staged: Path, blobs: Blobs) -> None:
        self._blobs = blobs
        self._staged = staged
        self._hash = hashlib.blake2b(digest_size=32)
        self.size_bytes = 0
        with _told_as_failures():
            self._descriptor = os.open(
                staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
            )

    def write(self, data: bytes) -> None:
        """Append to the content.

        Raises:
            StorageFull: There is no room on the disk; the writer must be abandoned.
            PfsFailure: The disk refuses for another reason; the writer must be abandoned.
        """
        self._hash.update(data)
        with _told_as_failures():
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]
        self.size_bytes += len(data)

    def finish(self) -> StoredContent:
        """Put the content in its place, durably.

        Raises:
            StorageFull: There is no room on the disk; the writer must be abandoned.
            PfsFailure: The disk refuses for another reason; the writer must be abandoned.
        """
        digest = self._hash.digest()
        with _told_as_failures():
            self._blobs.sync_file(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
            self._staged = self._blobs.place(self._staged, digest)
        return StoredContent(digest, self.size_bytes)

    def forget(self) -> None:
        """Drop the staging name, once the content is referred to."""
        with suppress(FileNotFoundError):
            self._staged.unlink()

    def abandon(self) -> None:
        """Give up. A content that has its place already keeps its staging name.

        Somebody else may be about to refer to the same content, so that only who holds the
        directory alone can tell whether it is wanted.
        """
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self.forget()


@contextmanager
def _told_as_failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFull("the disk of the embedded PFS is full") from error
        raise PfsFailure(f"the embedded PFS cannot write a blob: {error}") from error
