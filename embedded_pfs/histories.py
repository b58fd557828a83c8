"""What commits did, as PFS tells it: found by a path, and as differences between two commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter

from embedded_pfs import commit_changes, commit_rows
from embedded_pfs.blobs import StoredContent
from embedded_pfs.commit_rows import named
from embedded_pfs.files import file_info, info_of
from embedded_pfs.names import bounds_of, parents, shown_directory, stored_path
from embedded_pfs.snapshots import Snapshot, snapshot
from pfs_client.failures import CommitNotFinished
from pfs_client.values import Commit, File, FileDiff, FileInfo, FoundCommit

DIFFS_A_PAGE = 1000


@dataclass(frozen=True, slots=True)
class DiffPage:
    """Some differences; `last` is the file that the next page comes after, None for no next one."""

    diffs: list[FileDiff]
    last: str | None


def find_next(
    connection: sqlite3.Connection, start: Commit, path: str, after: FoundCommit | None
) -> FoundCommit | None:
    """The newest commit that changed a file; where one was found already, the next older one.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: The commit has not finished.
    """
    row = commit_rows.find_commit(connection, start)
    if row.finished_us is None:
        raise CommitNotFinished(f"commit {start} not finished", start)
    first, searched = row, 0
    if after is not None:
        last = commit_rows.find_commit(connection, after.commit)
        if last.parent_id is None:
            return None
        first = commit_rows.commit_by_id(connection, last.parent_id)
        searched = after.commits_searched
    found = commit_changes.last_changing(connection, first, path)
    if found is None:
        return None
    searched += commit_rows.distance(connection, first.id, found.id) + 1
    return FoundCommit(named(connection, found.id), searched)


def diff(
    connection: sqlite3.Connection, new: File, old: File | None, after: str | None
) -> DiffPage:
    """What differs between two commits at and below a path, in the order of paths.

    Args:
        connection: To read from.
        new: The newer commit, and the path.
        old: The older one; None for what the newer is based on.
        after: Where the page before ended.

    Raises:
        RepoNotFound: There is no such repo.
        CommitNotFound: There is no such commit.
        CommitNotFinished: A commit is open, and one that it is based on has not finished.
    """
    pair = _Pair(snapshot(connection, new.commit), _base_of(connection, new, old))
    low = stored_path(new.path), stored_path(new.path if old is None else old.path)
    changed = _changed_paths(connection, new, old)
    if changed is None:
        files = pair.files(*low, after)
    else:
        files = pair.files_at(p for p in changed if _lies_in(p, low[0]) and p > (after or ""))
    found = list(islice(files, DIFFS_A_PAGE))
    diffs: list[FileDiff] = []
    seen = set() if after is None else set(_directories(after))
    for path, difference in found:
        above = [d for d in _directories(path) if d not in seen and _is_within(d, low)]
        seen.update(above)
        diffs += [pair.directory(d) for d in above]
        diffs.append(difference)
    return DiffPage(diffs, found[-1][0] if len(found) == DIFFS_A_PAGE else None)


def _base_of(connection: sqlite3.Connection, new: File, old: File | None) -> Snapshot | None:
    """The older side; None where the newer is based on nothing."""
    if old is not None:
        return snapshot(connection, old.commit)
    parent_id = commit_rows.find_commit(connection, new.commit).parent_id
    return None if parent_id is None else snapshot(connection, named(connection, parent_id))


def _changed_paths(connection: sqlite3.Connection, new: File, old: File | None) -> list[str] | None:
    """The paths that a finished commit changed, if the other one is what it is based on.

    The database finds them many times faster than all files of two commits can be compared.
    """
    row = commit_rows.find_commit(connection, new.commit)
    if row.finished_us is None or row.parent_id is None:
        return None
    if old is not None and old != File(named(connection, row.parent_id), new.path):
        return None
    both = *commit_changes.added(connection, row), *commit_changes.removed(connection, row)
    return sorted({path for path, *_ in both})


def _lies_in(path: str, above: str) -> bool:
    return not above or path == above or path.startswith(above + "/")


def _directories(path: str) -> list[str]:
    """The directories that a stored path lies in, the root among them."""
    return ["", *parents(path)]


def _is_within(directory: str, paths: tuple[str, str]) -> bool:
    return any(_lies_in(directory, p) for p in paths)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two commits side by side."""

    new: Snapshot
    old: Snapshot | None

    def files(
        self, new_path: str, old_path: str, after: str | None
    ) -> Iterator[tuple[str, FileDiff]]:
        """The files that differ, each with its path."""
        news = _files(self.new, new_path, after)
        olds = iter(()) if self.old is None else _files(self.old, old_path, after)
        for path, group in groupby(merge(news, olds, key=itemgetter(0)), key=itemgetter(0)):
            sides = {id(at): content for _, at, content in group}
            new, old = sides.get(id(self.new)), sides.get(id(self.old))
            if new != old:
                yield path, self._diff(path, new, old)

    def files_at(self, paths: Iterable[str]) -> Iterator[tuple[str, FileDiff]]:
        """Those of some files that differ, each with its path."""
        for path in paths:
            new = self.new.find(path)
            old = None if self.old is None else self.old.find(path)
            if new != old:
                yield path, self._diff(path, new, old)

    def directory(self, path: str) -> FileDiff:
        """A directory that something differs in."""
        return FileDiff(_directory(self.new, path), _directory(self.old, path))

    def _diff(self, path: str, new: StoredContent | None, old: StoredContent | None) -> FileDiff:
        return FileDiff(
            None if new is None else file_info(path, new, self.new.committed),
            None if old is None or self.old is None else file_info(path, old, self.old.committed),
        )


def _directory(at: Snapshot | None, path: str) -> FileInfo | None:
    if at is None or not at.holds_directory(path):
        return None
    return info_of(shown_directory(path), None, at.committed)


def _files(
    at: Snapshot, path: str, after: str | None
) -> Iterator[tuple[str, Snapshot, StoredContent]]:
    """The files at and below a path, behind one."""
    content = at.find(path) if path else None
    if content is not None:
        if after is None:
            yield path, at, content
        return
    low, high = bounds_of(path)
    for found, content in at.between(low if after is None else max(low, after), high):
        yield found, at, content
