"""What each commit of a branch changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from gateway.history.commits import branch_at, history_of
from gateway.history.places import Place
from pfs_client.values import CommitInfo, File, FileDiff, FileInfo
from pfs_client.whole_pfs import WholePfs

ADDED = "added"
REPLACED = "replaced"
DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a commit did to a file: one of ADDED, REPLACED, DELETED. `size_bytes` is of after it."""

    path: str
    what: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A commit, and the files that it changed; none are known of one that is open or failed."""

    info: CommitInfo
    changes: tuple[FileChange, ...]

    def count(self, what: str) -> int:
        """How many files it added, replaced or deleted."""
        return sum(change.what == what for change in self.changes)


async def log_of(pfs: WholePfs, place: Place) -> AsyncIterator[Entry]:
    """The commits that changed something at or below a place, the newest first.

    Of a whole branch, all of its commits. PFS compares all files of two commits for each.
    """
    branch = await branch_at(pfs, place)
    async for info in history_of(pfs, branch):
        changes = await _changes(pfs, place, info)
        if changes or place.path == "/":
            yield Entry(info, changes)


async def _changes(pfs: WholePfs, place: Place, info: CommitInfo) -> tuple[FileChange, ...]:
    if info.is_open or info.error:
        return ()
    root = File(info.commit, "/")
    if info.parent is None:
        files = await pfs.walk_file(root)
        return tuple(
            FileChange(one.path, ADDED, one.size_bytes)
            for one in files
            if one.is_file and place.holds(one.path)
        )
    found = [_change_of(diff) async for diff in pfs.diff_file(root)]
    return tuple(one for one in found if one is not None and place.holds(one.path))


def _change_of(diff: FileDiff) -> FileChange | None:
    """What a difference means; None for a directory, and for nothing."""
    became = what_became(diff)
    if became is None:
        return None
    what, file = became
    return FileChange(file.path, what, 0 if what == DELETED else file.size_bytes)


def what_became(diff: FileDiff) -> tuple[str, FileInfo] | None:
    """One of ADDED, REPLACED, DELETED, and the file, as it is if it is there still.

    None for a directory, and for nothing.
    """
    new = diff.new if diff.new is not None and diff.new.is_file else None
    old = diff.old if diff.old is not None and diff.old.is_file else None
    if new is not None:
        return ADDED if old is None else REPLACED, new
    return None if old is None else (DELETED, old)
