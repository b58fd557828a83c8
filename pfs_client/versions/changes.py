"""What the commits of a branch changed, file by file: the versions that a listing shows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from pfs_client.interface import PfsClient
from pfs_client.values import BranchInfo, Commit, CommitInfo, File, FileDiff, FileInfo

WINDOW_COMMITS = 1000
"""How far back versions are listed. Older ones can be read by their ids."""

_MOST_COMMITS = 3 * WINDOW_COMMITS
MOST_VERSIONS = 100_000
"""So many of one branch are known, of some 500 bytes each. A commit may change a million files."""


@dataclass(frozen=True, slots=True)
class Version:
    """A file as a commit left it; None where the commit deleted it."""

    commit: Commit
    committed: datetime
    file: FileInfo | None


@dataclass(frozen=True, slots=True)
class _Step:
    """A commit, and how many versions it has made."""

    commit: Commit
    committed: datetime
    versions: int


@dataclass(slots=True)
class BranchChanges:
    """What changed since a base.

    `head` is the newest commit that is closed, `versions` are by path, the oldest first. What was
    there in the base is not among them.
    """

    base: Commit
    base_committed: datetime
    head: Commit
    steps: deque[_Step] = field(default_factory=deque)
    versions: dict[str, list[Version]] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    size: int = 0
    """How many versions there are."""

    def of(self, path: str, in_base: FileInfo | None) -> list[Version]:
        """All versions of a file, the newest first."""
        found = self.versions.get(path, [])[::-1]
        if in_base is not None:
            found.append(Version(self.base, self.base_committed, in_base))
        return found

    def since_later(self, most: int) -> BranchChanges:
        """What changed since a later base: at most so many versions.

        It is another object: somebody may be listing versions by this one.
        """
        steps, size = deque(self.steps), self.size
        base, when = self.base, self.base_committed
        gone = set()
        while size > most:
            step = steps.popleft()
            size -= step.versions
            base, when = step.commit, step.committed
            gone.add(base)
        left = (
            (path, [version for version in versions if version.commit not in gone])
            for path, versions in self.versions.items()
        )
        versions = {path: kept for path, kept in left if kept}
        return BranchChanges(base, when, self.head, steps, versions, size=size)


async def read_changes(
    pfs: PfsClient,
    branch: BranchInfo,
    known: BranchChanges | None,
    most_versions: int = MOST_VERSIONS,
) -> BranchChanges | None:
    """What is known, brought up to a branch's HEAD, or read anew; None before the first commit.

    PFS compares all files of two commits for each commit that is new. An open HEAD is left out.
    """
    if known is not None and len(known.steps) > _MOST_COMMITS:
        known = None
    news: list[CommitInfo] = []
    is_known = False
    async for info in pfs.list_commit(branch.branch.repo, newest=branch.head):
        is_known = known is not None and info.commit == known.head
        if is_known or len(news) == WINDOW_COMMITS:
            break
        news.append(info)
    good = [info for info in [await _finished(pfs, one) for one in news[::-1]] if info is not None]
    if not is_known or known is None:
        if not good:
            return None
        known = _beginning_with(good.pop(0))
    for info in good:
        await _add(pfs, known, info, most_versions)
        if known.size > most_versions:
            known = known.since_later(most_versions // 2)
    known.paths = sorted(known.versions)
    return known


async def _finished(pfs: PfsClient, info: CommitInfo) -> CommitInfo | None:
    """A commit once it has finished; None for one that is open or has failed."""
    if info.is_open:
        return None
    if info.finished is None:
        info = await pfs.inspect_commit(info.commit, wait_finished=True)
    return None if info.error else info


def _beginning_with(info: CommitInfo) -> BranchChanges:
    return BranchChanges(info.commit, info.closed, info.commit)


async def _add(pfs: PfsClient, known: BranchChanges, info: CommitInfo, most: int) -> None:
    """Add what a commit changed. Of one that breaks off nothing is kept.

    Where it changed more than may be known, none of that is kept, as what was there before is not.
    """
    when = info.closed
    added: list[tuple[str, Version]] = []
    count = 0
    # Compared with the last good one: what a commit is based on may have failed.
    async for diff in pfs.diff_file(File(info.commit, "/"), File(known.head, "/")):
        if (path := _changed_file(diff)) is not None:
            count += 1
            if count > most:
                added.clear()
                break
            new = diff.new if diff.new is not None and diff.new.is_file else None
            added.append((path, Version(info.commit, when, new)))
    for path, version in added:
        known.versions.setdefault(path, []).append(version)
    known.head = info.commit
    known.steps.append(_Step(info.commit, when, count))
    known.size += count


def _changed_file(diff: FileDiff) -> str | None:
    """The path of the file that differs; None where only a directory does."""
    for info in (diff.new, diff.old):
        if info is not None and info.is_file:
            return info.path
    return None
