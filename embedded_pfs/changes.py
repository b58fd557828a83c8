"""Writing files: a stream of changes applied to the tip of a line, all or nothing.

Called within a transaction; a refused change raises, with its place in the stream, and the
transaction takes everything back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from embedded_pfs import (
    branch_rows,
    branches,
    collection,
    collisions,
    commit_rows,
    commits,
    contents,
    file_set_rows,
    files,
)
from embedded_pfs.blobs import Blobs, BlobWriter, StoredContent, file_hash
from embedded_pfs.database import now_us
from embedded_pfs.names import bounds_of, stored_path, writable_path
from embedded_pfs.stored_changes import AddContent, StoredChange
from embedded_pfs.tips import tip_of
from pfs_client.failures import ConditionFailed, PfsFailure
from pfs_client.values import Branch, Commit, CopyFile, DeleteFile, ExpectFile, File


def modify_branch(
    connection: sqlite3.Connection,
    blobs: Blobs,
    branch: Branch,
    changes: Sequence[StoredChange],
    *,
    as_pachd: bool = False,
) -> tuple[list[BlobWriter], Commit | None]:
    """Apply changes to a branch: into its head if that is open, as a commit of their own otherwise.

    Args:
        connection: Within a transaction.
        blobs: Where large contents are.
        branch: The branch.
        changes: In order.
        as_pachd: Create the branch if it is missing, and copy nothing out of a file set that has
            gone, or has not the file. Otherwise both are refused.

    Returns:
        As `modify_commit` does; and the commit that it has made, None if one was open.

    Raises:
        RepoNotFound: There is no such repo.
        BranchNotFound: There is no such branch, and none is to be created.
        OutputBranch: A pipeline writes it; as pachd has it, only where its head has finished.
        PfsFailure: A change is refused: `InvalidPath`, `PathCollision`, `ConditionFailed`, or a
            copy's source is not there.
    """
    if as_pachd:
        branches.find_or_create_branch(connection, branch)
    tip = tip_of(connection, branch)
    head = tip.head
    # pachd takes what is written to an open output commit, which is its pipeline's.
    if tip.is_linked and not (as_pachd and head.is_open):
        branch_rows.refuse_output(connection, tip.branch_id, branch)
    if head.is_open:
        return _apply(connection, blobs, head, changes, as_pachd=as_pachd), None
    # The commit is written once, when it is known what it holds: each statement is time that every
    # write takes.
    closed_us = now_us()
    editor = _Editor(connection, blobs, tip.line_id, tip.next_seq, closed_us, as_pachd=as_pachd)
    editor.apply_all(changes)
    size_bytes = head.size_bytes + editor.added_bytes
    hex_ = commits.add_closed(connection, tip, size_bytes, closed_us)
    for below in branch_rows.downstream(connection, tip.branch_id) if tip.is_linked else ():
        branches.open_output_commit(connection, below, hex_)
    return editor.writers, Commit(branch.repo, hex_)


def modify_commit(
    connection: sqlite3.Connection, blobs: Blobs, commit: Commit, changes: Sequence[StoredChange]
) -> list[BlobWriter]:
    """Apply changes to an open commit.

    Returns:
        Writers of blobs that came to be on the way, to be forgotten once the transaction is
        durable.

    Raises:
        CommitNotFound: There is no such commit.
        CommitNotOpen: It is closed.
        PfsFailure: It is not the last of its line, or a change is refused.
    """
    row = commit_rows.find_open(connection, commit)
    if not commit_rows.is_tip(connection, row):
        raise PfsFailure(f"commit {commit} is not the last one of its branch")
    return _apply(connection, blobs, row, changes, as_pachd=True)


def add_file_set(
    connection: sqlite3.Connection, blobs: Blobs, commit: Commit, file_set_id: str
) -> list[BlobWriter]:
    """Apply a file set's changes to an open commit.

    Returns:
        As `modify_commit` does.

    Raises:
        CommitNotFound: There is no such commit.
        CommitNotOpen: It is closed, which is told first.
        FileSetNotFound: There is no such file set, or it has expired.
        PfsFailure: A change is refused.
    """
    commit_rows.find_open(connection, commit)
    return modify_commit(
        connection, blobs, commit, file_set_rows.changes_of(connection, file_set_id)
    )


def _apply(
    connection: sqlite3.Connection,
    blobs: Blobs,
    commit: commit_rows.CommitRow,
    changes: Sequence[StoredChange],
    *,
    as_pachd: bool,
) -> list[BlobWriter]:
    editor = _Editor(connection, blobs, commit.line_id, commit.seq, None, as_pachd=as_pachd)
    editor.apply_all(changes)
    connection.execute(
        "UPDATE commit_ SET size_bytes = size_bytes + ? WHERE id = ?",
        (editor.added_bytes, commit.id),
    )
    return editor.writers


class _Editor:
    """The tip of a line, being changed by one commit; `closed_us` is None where it stays open."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        blobs: Blobs,
        line_id: int,
        seq: int,
        closed_us: int | None,
        *,
        as_pachd: bool,
    ) -> None:
        self._as_pachd = as_pachd
        self._connection = connection
        self._blobs = blobs
        self._line_id = line_id
        self._seq = seq
        self._closed_us = closed_us
        self._just_removed: str | None = None
        """The path of a file that the last change has removed."""
        self.added_bytes = 0
        self.writers: list[BlobWriter] = []

    def apply_all(self, changes: Sequence[StoredChange]) -> None:
        for index, change in enumerate(changes):
            try:
                self._apply(change)
            except PfsFailure as error:
                error.change_index = index
                if isinstance(error, ConditionFailed):
                    error.others = self._refusals_behind(changes, index)
                raise

    def _refusals_behind(
        self, changes: Sequence[StoredChange], index: int
    ) -> dict[int, ConditionFailed]:
        """The other conditions that do not hold now.

        A transaction for each took two seconds where one request brought a thousand.
        """
        return {
            later: refusal
            for later, change in enumerate(changes[index + 1 :], index + 1)
            if isinstance(change, ExpectFile) and (refusal := self._refusal_of(change))
        }

    def _apply(self, change: StoredChange) -> None:
        match change:
            case AddContent(path, content):
                self._add(writable_path(path), content)
            case DeleteFile(path):
                self._delete(path)
            case CopyFile(path, source, append):
                self._copy(writable_path(path), source, append)
            case ExpectFile():
                self._expect(change)

    def _add(self, path: str, content: StoredContent) -> None:
        # Nothing collides with a file where one has just stood: as good as every write of a small
        # object replaces one, and each statement is time that it takes.
        is_free = self._just_removed == path
        self._just_removed = None
        existing = None if is_free else self._find(path)
        if existing is None and not is_free:
            collisions.refuse(self._connection, self._line_id, path)
        if existing is not None:
            parts = [existing, content]
            content = contents.concatenated(self._connection, self._blobs, parts, self.writers)
            self._remove(path)
            # What was appended has a blob of its own if it is large, and nothing refers to that.
            collection.suspect(self._connection, [parts[1].hash])
        contents.store(self._connection, self._blobs, content)
        self._connection.execute(
            "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?)",
            (self._line_id, path, self._seq, content.size_bytes, content.hash, self._closed_us),
        )
        self.added_bytes += content.size_bytes

    def _delete(self, path: str) -> None:
        stored = stored_path(path)
        if path.endswith("/"):
            self._just_removed = None
            self._remove_below(stored)
        else:
            self._just_removed = stored if self._remove(stored) else None

    def _copy(self, path: str, source: File, append: bool) -> None:
        found = files.copied_files(self._connection, source, as_pachd=self._as_pachd)
        self._just_removed = None
        if not append:
            self._remove(path)
        for below, content in found:
            self._add(f"{path}/{below}" if below else path, content)

    def _expect(self, expect: ExpectFile) -> None:
        refusal = self._refusal_of(expect)
        if refusal is not None:
            raise refusal

    def _refusal_of(self, expect: ExpectFile) -> ConditionFailed | None:
        existing = self._find(stored_path(expect.path))
        hash_ = None if existing is None else file_hash(existing.hash, existing.size_bytes)
        if expect.allows(hash_):
            return None
        return ConditionFailed(expect, exists=existing is not None)

    def _find(self, path: str) -> StoredContent | None:
        row = self._connection.execute(
            "SELECT content_hash, size_bytes FROM file WHERE line_id = ? AND path = ?",
            (self._line_id, path),
        ).fetchone()
        return None if row is None else StoredContent(*row)

    def _remove(self, path: str) -> bool:
        """Remove the file at a path, and say whether one was there."""
        rows = self._connection.execute(
            "DELETE FROM file WHERE line_id = ? AND path = ?"
            " RETURNING created_seq, size_bytes, content_hash, changed_us",
            (self._line_id, path),
        ).fetchall()
        for created_seq, size_bytes, content_hash, changed_us in rows:
            self.added_bytes -= size_bytes
            if created_seq < self._seq:
                self._connection.execute(
                    "INSERT INTO past_file VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        self._line_id,
                        path,
                        created_seq,
                        self._seq,
                        size_bytes,
                        content_hash,
                        changed_us,
                    ),
                )
            else:
                collection.suspect(self._connection, [content_hash])
        return bool(rows)

    def _remove_below(self, directory: str) -> None:
        low, high = bounds_of(directory)
        span = (self._line_id, low, high)
        below = "line_id = ? AND path > ? AND path < ?"
        self._connection.execute(
            "INSERT INTO past_file"
            " SELECT line_id, path, created_seq, ?, size_bytes, content_hash, changed_us"
            f" FROM file WHERE {below} AND created_seq < ?",
            (self._seq, *span, self._seq),
        )
        (gone,) = self._connection.execute(
            f"SELECT coalesce(sum(size_bytes), 0) FROM file WHERE {below}",
            span,
        ).fetchone()
        collection.suspect_those_of(
            self._connection, "file", f"{below} AND created_seq = ?", *span, self._seq
        )
        self._connection.execute(f"DELETE FROM file WHERE {below}", span)
        self.added_bytes -= gone
