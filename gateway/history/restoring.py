"""Bring files back as they were: copies of an old commit's files, in one commit.

No bytes are read. What the branch has already is left alone, so that a restore that is repeated
changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from gateway.history.commits import branch_at
from gateway.history.files import files_of, side_by_side
from gateway.history.finishing import wait_for_head
from gateway.history.places import HistoryRefused, Place
from pfs_client.values import (
    AddFile,
    Change,
    Commit,
    CommitInfo,
    CopyFile,
    DeleteFile,
    File,
    FileInfo,
    Part,
)
from pfs_client.whole_pfs import WholePfs


@dataclass(slots=True)
class Plan:
    """What a restore does. `in_the_way` are files where a directory must stand, or inversely."""

    source: Commit
    added: list[FileInfo] = field(default_factory=list)
    replaced: list[FileInfo] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    in_the_way: list[str] = field(default_factory=list)
    unchanged: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.added or self.replaced or self.removed)


async def plan(pfs: WholePfs, place: Place, head: Commit, at: CommitInfo, *, exact: bool) -> Plan:
    """Compare a place at two commits.

    Args:
        pfs: Where they are.
        place: What to bring back.
        head: What the branch holds now.
        at: What it held.
        exact: Also remove what was not there then.

    Raises:
        HistoryRefused: A file that stays is in the way of one that would come back.
    """
    made = Plan(at.commit)
    obstacles = await _Obstacles.above(pfs, place, head)
    async for old, new in side_by_side(_files(pfs, place, at.commit), _files(pfs, place, head)):
        _decide(made, obstacles, old, new, exact=exact)
    made.in_the_way = obstacles.of([file.path for file in made.added])
    kept = set(made.in_the_way).difference(made.removed)
    if kept:
        raise HistoryRefused(
            f"{min(kept)[1:]} is in the way of what was there: remove it, or restore with --exact a"
            " folder that holds it"
        )
    return made


async def carry_out(pfs: WholePfs, place: Place, plan: Plan) -> Commit:
    """Do what a plan says, and return the branch's new HEAD.

    Whether pachd takes a stream that first removes what is in the way of its files has not been
    tried (`docs/pachd.md`, hazard 4): such files go in a commit before.
    """
    before = await branch_at(pfs, place)
    first = set(plan.in_the_way)
    if first:
        await pfs.modify_file(place.branch, [DeleteFile(path) for path in sorted(first)])
        await wait_for_head(pfs, place, before.head)
    changes: list[Change] = [DeleteFile(path) for path in plan.removed if path not in first]
    for file in (*plan.added, *plan.replaced):
        changes += _bring_back(plan.source, file)
    if changes:
        await pfs.modify_file(place.branch, changes)
    return await wait_for_head(pfs, place, before.head)


def _bring_back(source: Commit, file: FileInfo) -> tuple[Change, Change]:
    """One copy to a path, after a delete of it (`docs/pachd.md`, "Copies")."""
    path = file.path
    if not file.size_bytes:
        return DeleteFile(path), AddFile(path, b"")
    return DeleteFile(path), CopyFile(path, File(source, path))


def _decide(
    plan: Plan, obstacles: _Obstacles, old: FileInfo | None, new: FileInfo | None, *, exact: bool
) -> None:
    if new is not None and old is None:
        obstacles.add(new.path)
        if exact:
            plan.removed.append(new.path)
    elif old is not None and new is None:
        plan.added.append(old)
    elif old is not None and new is not None:
        if old.hash == new.hash:
            plan.unchanged += 1
        else:
            plan.replaced.append(old)


class _Obstacles:
    """Files of HEAD that were not there, which may be in the way of those that were."""

    def __init__(self, files: list[str]) -> None:
        self._files = set(files)

    @classmethod
    async def above(cls, pfs: WholePfs, place: Place, head: Commit) -> _Obstacles:
        """With the files that stand where the place has a directory above it."""
        found = []
        for folder in _folders_above(place.path.rstrip("/") + "/"):
            infos = await pfs.list_file(File(head, folder), Part(number=1))
            found += [info.path for info in infos if info.is_file and info.path == folder]
        return cls(found)

    def add(self, path: str) -> None:
        """One more file."""
        self._files.add(path)

    def of(self, paths: list[str]) -> list[str]:
        """Those that are in the way of any of some paths."""
        below = {above: file for file in self._files for above in _folders_above(file)}
        found = {above for path in paths for above in _folders_above(path) if above in self._files}
        for path in set(paths).intersection(below):
            found.update(file for file in self._files if file.startswith(path + "/"))
        return sorted(found)


def _folders_above(path: str) -> list[str]:
    """The directories that a path stands in, without their slashes and without the root."""
    return [path[:at] for at in range(1, len(path)) if path[at] == "/"]


async def _files(pfs: WholePfs, place: Place, commit: Commit) -> AsyncIterator[FileInfo]:
    """The files at and below a place."""
    async for info in files_of(pfs, commit, place.path.rstrip("/")):
        if place.holds(info.path):
            yield info
