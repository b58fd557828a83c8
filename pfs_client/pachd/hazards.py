"""What is never sent to a pachd, because it would do harm (`docs/pachd.md`, "Hazards").

Such a call is a mistake of ours, not of a client: handlers refuse what leads to it long before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from pfs_client.failures import CommitNotFound
from pfs_client.interface import Changes, stream_of
from pfs_client.values import (
    Change,
    Commit,
    CopyFile,
    DeleteFile,
    is_commit_id,
)


def check_change(change: Change) -> None:
    """Refuse a change whose path is the root, or names a directory.

    Deleting `/` deletes everything, a delete of `dir/` all below it, and a file at `/` can never be
    deleted again.

    Raises:
        ValueError: It is such a change.
        CommitNotFound: It copies from what is no commit.
    """
    path = change.path
    if not path.strip("/"):
        raise ValueError(f"{type(change).__name__} of the root is never sent")
    if isinstance(change, DeleteFile) and path.endswith("/"):
        raise ValueError("a delete of everything in a directory is never sent")
    if isinstance(change, CopyFile):
        check_commit(change.source.commit)


def check_commit(commit: Commit) -> None:
    """Refuse an id that pachd would take for a branch's name, and panic over if there is none.

    Raises:
        CommitNotFound: No commit has such an id.
    """
    if not commit.is_file_set and not is_commit_id(commit.id):
        raise CommitNotFound(f"commit {commit} not found", commit)


async def checked(changes: Changes) -> AsyncIterator[Change]:
    """A stream of changes, each checked."""
    async for change in stream_of(changes):
        check_change(change)
        yield change


def check_offset(offset: int) -> None:
    """Refuse a negative offset, which crashes pachd.

    Raises:
        ValueError: It is negative.
    """
    if offset < 0:
        raise ValueError("a negative offset crashes pachd; it is never sent")


def literal_pattern(path: str) -> str | None:
    """A path for GetFile, which takes patterns: one that matches this path and nothing else.

    Returns:
        None if no file of PFS can have this path.
    """
    if any(character in path for character in "*?[]{}!()@+^"):
        return None
    return path.replace("\\", "[\\\\]")
