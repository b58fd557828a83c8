"""What one request writes, until it is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pfs_client.values import (
    AddFile,
    Change,
    Commit,
    CopyFile,
    DeleteFile,
    ExpectFile,
    File,
)


@dataclass(frozen=True, slots=True)
class Write:
    """One file replaced or removed.

    A new file has its content here, or its source in a file set or a closed commit; a removal has
    neither. `hash` is the new file's.
    """

    path: str
    content: bytes | None = None
    source: File | None = None
    hash: bytes | None = None
    expect: ExpectFile | None = None

    @property
    def is_removal(self) -> bool:
        """Whether the file goes."""
        return self.content is None and self.source is None

    @property
    def file_set_id(self) -> str | None:
        """The file set that the new file comes from; None if it comes from elsewhere."""
        if self.source is not None and self.source.commit.is_file_set:
            return self.source.commit.id
        return None

    @property
    def size_bytes(self) -> int:
        """How many bytes it carries along, those of the paths above its own included."""
        content_bytes = len(self.content) if self.content is not None else 0
        return content_bytes + len(self.path) * self.path.count("/")

    def changes(self) -> Iterator[Change]:
        """As changes for `modify_file`. A file is deleted first: adding alone would append."""
        yield DeleteFile(self.path)
        if self.content is not None:
            yield AddFile(self.path, self.content)
        elif self.source is not None:
            yield CopyFile(self.path, self.source)

    def changes_with_condition(self) -> Iterator[Change]:
        """As changes for a PFS that decides conditions: its own comes first."""
        if self.expect is not None:
            yield self.expect
        yield from self.changes()


@dataclass(slots=True, eq=False)
class Member:
    """One request's part of a group: it succeeds or fails as one.

    `tries` says how often it has been sent. It `goes_alone` once PFS has refused a group that it
    was in, and not said for whose sake. `request` is the observer's name for whose it is; `began`
    says when its group did, by `time.perf_counter`.
    """

    writes: Sequence[Write]
    done: asyncio.Future[Commit | None]
    tries: int = 0
    goes_alone: bool = False
    request: object = None
    began: float | None = None

    @property
    def size_bytes(self) -> int:
        """How many bytes it carries along."""
        return sum(write.size_bytes for write in self.writes)

    def fail(self, error: BaseException) -> None:
        """Tell who waits that it was not written, or that nobody knows."""
        if not self.done.done():
            self.done.set_exception(error)

    def succeed(self, commit: Commit | None = None) -> None:
        """Tell who waits that it is durable, and in which commit if that is known."""
        if not self.done.done():
            self.done.set_result(commit)


def fail_all(members: Iterable[Member], error: BaseException) -> None:
    """Tell all who wait that nothing of theirs was written, or that nobody knows."""
    for member in members:
        member.fail(error)
