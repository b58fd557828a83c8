"""Whether a write would put a file where a directory stands, or below another file.

pachd accepts such a write, then drops its whole commit, and every listing of the parent fails until
the next one (`docs/pachd.md`, "Hazards"). So it is looked for first. What is known of a branch's
tree, from looking and from our own writes, saves most looks; whatever looks like a collision is
looked at again, at the newest finished commit, before anything is refused.

Only what others write in the same few hundred milliseconds can slip through; then the commit
finishes with an error, which is logged and counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from pfs_client.failures import FileNotFound, PathCollision
from pfs_client.group_commit.members import Write
from pfs_client.group_commit.tree_knowledge import ABOVE_ALL, TreeKnowledge, parents
from pfs_client.interface import PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.values import Commit, File, Part

_LOOKS_AT_ONCE = 8
_BELOW_ALL = "\x1f"
_ENTRIES_A_LOOK = 64
_LIST_SECONDS = 0.25
"""A directory whose listing takes longer holds directories that pachd adds up; it is not listed."""

_FEW = 4


class CollisionGuard:
    """Looks for collisions on one branch.

    Who looks passes what was known when it began: that may be forgotten, and begun anew, meanwhile.
    """

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs
        self.known = TreeKnowledge()
        self._slow: set[str] = set()

    def forget(self) -> None:
        """Know nothing: somebody else has written."""
        self.known = TreeKnowledge()
        self._slow.clear()

    async def look(self, known: TreeKnowledge, paths: Iterable[str], at: Commit) -> None:
        """Learn about all paths that nothing is known of, at a finished commit."""
        by_directory: dict[str, list[str]] = {}
        for path in sorted(set(paths)):
            if not known.decides(path):
                by_directory.setdefault(parents(path)[0], []).append(path)
        await for_each(
            by_directory.values(), lambda some: self._look_in(known, some, at), _LOOKS_AT_ONCE
        )

    async def confirm(self, known: TreeKnowledge, path: str, newest: Commit) -> None:
        """Decide a suspicion at the newest commit that can be looked at.

        What is known is corrected only where nothing is found: others rest on it too.

        Raises:
            PathCollision: Something stands in the way.
        """
        found = TreeKnowledge()
        await self._look_above(found, path, newest)
        await self._look_at(found, path, newest)
        existing = found.collision_of(path)
        if existing is not None:
            raise PathCollision(path, existing)
        known.correct(path)

    def learn(self, writes: Iterable[Write]) -> None:
        """Know what was written."""
        for write in writes:
            if write.is_removal:
                self.known.remove_file(write.path)
            else:
                self.known.add_file(write.path)

    async def _look_in(self, known: TreeKnowledge, paths: Sequence[str], at: Commit) -> None:
        """Learn about paths in one directory, which are in order.

        One listing tells of many names where they stand close together. Where they do not, each is
        looked at by itself.
        """
        directory = parents(paths[0])[0]
        await self._look_above(known, paths[0], at)
        left = [path for path in paths if not known.decides(path)]
        while left and directory not in self._slow:
            await self._list_from(known, directory, left[0], at)
            before, left = len(left), [path for path in left if not known.decides(path)]
            if before - len(left) < _FEW:
                break
        await for_each(left, lambda path: self._look_at(known, path, at), _LOOKS_AT_ONCE)

    async def _list_from(self, known: TreeKnowledge, directory: str, path: str, at: Commit) -> None:
        """Learn what stands in a directory, from where one of this name would stand on."""
        first = path.rpartition("/")[2] + "/"
        part = Part(path + "." + ABOVE_ALL, number=_ENTRIES_A_LOOK)
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                infos = await self._pfs.list_file(File(at, directory or "/"), part)
        except TimeoutError:
            self._slow.add(directory)
            return
        for info in infos:
            if info.is_file:
                known.add_file(info.path)
            else:
                known.add_directory(info.path.rstrip("/"))
        last = infos[-1].path[len(directory) + 1 :] if len(infos) == _ENTRIES_A_LOOK else ABOVE_ALL
        known.add_range(directory, first, last)

    async def _look_at(self, known: TreeKnowledge, path: str, at: Commit) -> None:
        """Learn whether a directory stands at a path."""
        is_file = await self._kind_of(path, at)
        directory, _, name = path.rpartition("/")
        if is_file is False:
            known.add_directory(path)
            return
        if is_file:
            known.add_file(path)
        known.add_range(directory, name + "/", name + "/")

    async def _look_above(self, known: TreeKnowledge, path: str, at: Commit) -> None:
        """Find the nearest directory above a path, or a file in its way."""
        above = parents(path)
        missing = above[: await self._nearest_directory(known, above, at)]
        if missing and await self._kind_of(missing[-1], at):
            known.add_file(missing[-1])
            return
        for directory in missing:
            known.add_missing(directory)

    async def _nearest_directory(self, known: TreeKnowledge, above: list[str], at: Commit) -> int:
        """Which of the paths above another, the nearest first, is a directory.

        Whatever is above a directory is one too, so that halving finds it, however deep a path is;
        mostly it is the first.
        """
        first = 0
        last = next(n for n, directory in enumerate(above) if known.is_directory(directory))
        middle = 0
        while first < last:
            if await self._holds_something(known, above[middle], at):
                last = middle
            else:
                first = middle + 1
            middle = (first + last) // 2
        return last

    async def _kind_of(self, path: str, at: Commit) -> bool | None:
        """True for a file, False for a directory, None for nothing."""
        try:
            found = await self._pfs.walk_file(File(at, path or "/"), Part(number=1))
        except FileNotFound:
            return None
        return found[0].is_file if found else None

    async def _holds_something(self, known: TreeKnowledge, directory: str, at: Commit) -> bool:
        """Whether a directory is there, without pachd adding up all that is in it."""
        below = directory + "/" + _BELOW_ALL
        try:
            found = await self._pfs.walk_file(
                File(at, directory or "/"), Part(after=below, number=1)
            )
        except FileNotFound:
            return False
        if found:
            known.add_directory(directory)
        return bool(found)
