"""Large contents: files named by the hash of what is in them.

A blob is written under `staging/`, synced, and linked to its place under `blobs/` before the
database may refer to it; its staging name goes once the reference is durable. Until then its place
may be taken from it by who finds that nothing refers to it: who refers to it looks, and puts it
back (`keep`). Whatever `staging/` holds that nobody has written to for long belongs to writes that
never ended, and names the blobs that they may have left.
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from embedded_pfs.database import FULL
from embedded_pfs.disk import make_folder, open_private, sync_folder
from pfs_client.failures import NO_ROOM, ContentLost, PfsFailure, StorageFull

INLINE_MAX_BYTES = 64 * 1024
"""Contents up to this size live in the database.

A small blob's own file costs more than the row.
"""

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES)


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

    One that is to lie in others says in which, in order: `extents`. As a file's, it has the time of
    the file's last change, `changed_us`: when the commit was closed, or None while it is open.
    """

    hash: bytes
    size_bytes: int
    inline: bytes | None = None
    changed_us: int | None = field(default=None, compare=False)
    extents: tuple[StoredContent, ...] = field(default=(), compare=False)


class Blobs:
    """The blob files of one data directory."""

    def __init__(self, directory: Path, *, sync: bool = True) -> None:
        self._blobs = directory / "blobs"
        self._staging = directory / "staging"
        self._sync = sync

    def create(self) -> None:
        """Make the folders, if they are not there, and their entries durable."""
        make_folder(self._staging, sync=self._sync)
        make_folder(self._blobs, sync=self._sync)
        missing = {f"{prefix:02x}" for prefix in range(256)}.difference(os.listdir(self._blobs))
        for name in sorted(missing):
            make_folder(self._blobs / name, sync=False)
        if missing:
            self._sync_folder(self._blobs)

    def writer(self) -> BlobWriter:
        """Begin a blob."""
        return BlobWriter(self.staging_name(uuid.uuid4().hex), self)

    def staging_name(self, name: str) -> Path:
        """Where a file of this name is written."""
        return self._staging / name

    def open(self, hash_: bytes) -> int:
        """Open a blob for reading and return its file descriptor."""
        return os.open(self._place(hash_), os.O_RDONLY | os.O_CLOEXEC)

    def path(self, hash_: bytes) -> Path:
        """Where the blob of this hash stands."""
        return Path(self._place(hash_))

    def _place(self, hash_: bytes) -> str:
        """The same without what a `Path` costs: a content may lie in 10,000 blobs."""
        digits = hash_.hex()
        return f"{self._blobs}/{digits[:2]}/{digits[2:]}"

    def all(self) -> Iterator[tuple[bytes, Path]]:
        """Every blob there is."""
        for folder in self._blobs.iterdir():
            for file in folder.iterdir():
                yield bytes.fromhex(folder.name + file.name), file

    def size_of(self, hash_: bytes) -> int | None:
        """How many bytes a blob has; None if it is not there."""
        try:
            return os.stat(self._place(hash_)).st_size
        except FileNotFoundError:
            return None

    def remove(self, hash_: bytes) -> bool:
        """Remove a blob, and say whether it was there."""
        try:
            self.path(hash_).unlink()
        except FileNotFoundError:
            return False
        return True

    def unfinished(self, idle_seconds: float = 0) -> Iterator[tuple[bytes | None, Path]]:
        """What writes left that never ended, or have not gone on for so long.

        The staging file and the hash of the blob it may have become.
        """
        latest = time.time() - idle_seconds
        for file in self._staging.iterdir():
            with suppress(FileNotFoundError):
                if file.stat().st_mtime <= latest:
                    digits = file.name.partition("-")[2]
                    yield bytes.fromhex(digits) if digits else None, file

    def place(self, staged: Path, hash_: bytes) -> Path:
        """Give a synced staging file its place; return the name it keeps until `forget`.

        It also takes the place of a blob that is there: that one may be damaged.
        """
        named = staged.with_name(f"{staged.name}-{hash_.hex()}")
        os.rename(staged, named)
        try:
            self._link(named, hash_)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # A file system without links: `compact` finds such an orphan.
            os.replace(named, self.path(hash_))
        self._sync_folder(self.path(hash_).parent)
        return named

    def keep(self, hash_: bytes, size_bytes: int) -> None:
        """See that a blob is in its place, in the transaction that comes to refer to it.

        Raises:
            ContentLost: It is not, or not whole, and no write has it.
        """
        if self.size_of(hash_) == size_bytes:
            return
        for named in self._staging.glob(f"*-{hash_.hex()}"):
            with suppress(FileNotFoundError):
                self._link(named, hash_)
                self._sync_folder(self.path(hash_).parent)
                return
        raise ContentLost(f"the blob {hash_.hex()} is gone, or not whole")

    def _link(self, named: Path, hash_: bytes) -> None:
        target = self.path(hash_)
        try:
            os.link(named, target)
        except FileExistsError:
            beside = named.with_name(uuid.uuid4().hex)
            os.link(named, beside)
            os.replace(beside, target)
            # If both are one file already, `replace` does nothing.
            beside.unlink(missing_ok=True)

    def _sync_folder(self, folder: Path) -> None:
        if self._sync:
            sync_folder(folder)

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
        self._placed: bytes | None = None
        self.size_bytes = 0
        with _told_as_failures():
            self._descriptor = open_private(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL)

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
        self._placed = digest
        return StoredContent(digest, self.size_bytes)

    def forget(self) -> None:
        """Drop the staging name, once the content is referred to."""
        with suppress(FileNotFoundError):
            self._staged.unlink()

    def abandon(self) -> bytes | None:
        """Give up.

        Returns:
            The content's hash if it has its place already, under which somebody else may be about
            to refer to it. It keeps its staging name until `forget`.
        """
        if self._descriptor < 0:
            return self._placed
        os.close(self._descriptor)
        self._descriptor = -1
        self.forget()
        return None


@contextmanager
def _told_as_failures() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StorageFull(FULL) from error
        raise PfsFailure(f"the embedded PFS cannot write a blob: {error}") from error
