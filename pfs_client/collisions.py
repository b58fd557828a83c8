"""Whether a write would put a file where a directory stands, or below another file.

pachd accepts such a write, then drops its whole commit, and every listing of the parent fails until
the next one (`facts/pachd.md`, hazard 4). So it is looked for first. What is known of a branch's
tree, from looking and from our own writes, saves most looks; whatever looks like a collision is
looked at again, at the newest finished commit, before anything is refused.

Only what others write in the same few hundred milliseconds can slip through; then the commit
finishes with an error, which is logged and counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from pfs_client.failures import FileNotFound, PathCollision
from pfs_client.interface import PfsClient
from pfs_client.tree_knowledge import ABOVE_ALL, TreeKnowledge, parents
from pfs_client.values import Commit, File, Part
from pfs_client.writes import Write

_LOOKS_AT_ONCE = 8
_BELOW_ALL = "\x1f"
_ENTRIES_A_LOOK = 64
_LIST_SECONDS = 0.25
"""A directory whose listing takes longer holds directories that pachd adds up; it is not listed."""

_FEW = 4


class CollisionGuard:
    """Looks for collisions on one branch."""

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs
        self._at_once = asyncio.Semaphore(_LOOKS_AT_ONCE)
        self.known = TreeKnowledge()
        self._slow: set[str] = set()

    def forget(self) -> None:
        """Know nothing: somebody else has written."""
        self.known.forget()
        self._slow.clear()

    async def look(self, paths: Iterable[str], at: Commit) -> None:
        """Learn about all paths that nothing is known of, at a finished commit."""
        by_directory: dict[str, list[str]] = {}
        for path in sorted(set(paths)):
            if not self._is_decided(path):
                by_directory.setdefault(parents(path)[0], []).append(path)
        await asyncio.gather(*(self._look_in(d, p, at) for d, p in by_directory.items()))

    async def confirm(self, path: str, newest: Commit) -> None:
        """Decide a suspicion at the newest commit, once that has finished.

        Raises:
            PathCollision: Something stands in the way.
        """
        await self._pfs.inspect_commit(newest, wait_finished=True)
        self.known.correct(path)
        await self._look_above(path, newest)
        await self._look_at(path, newest)
        existing = self.known.collision_of(path)
        if existing is not None:
            raise PathCollision(path, existing)

    def learn(self, writes: Iterable[Write]) -> None:
        """Know what was written."""
        for write in writes:
            if write.is_removal:
                self.known.remove_file(write.path)
            else:
                self.known.add_file(write.path)

    def _is_decided(self, path: str) -> bool:
        return self.known.is_free(path) or self.known.collision_of(path) is not None

    async def _look_in(self, directory: str, paths: Sequence[str], at: Commit) -> None:
        """Learn about paths in one directory, in order.

        One listing tells of many names where they stand close together. Where they do not, each is
        looked at by itself.
        """
        await self._look_above(paths[0], at)
        left = [path for path in paths if not self._is_decided(path)]
        while left and directory not in self._slow:
            async with self._at_once:
                await self._list_from(directory, left[0], at)
            before, left = len(left), [path for path in left if not self._is_decided(path)]
            if before - len(left) < _FEW:
                break
        await asyncio.gather(*(self._look_at(path, at) for path in left))

    async def _list_from(self, directory: str, path: str, at: Commit) -> None:
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
                self.known.add_file(info.path)
            else:
                self.known.add_directory(info.path.rstrip("/"))
        last = infos[-1].path[len(directory) + 1 :] if len(infos) == _ENTRIES_A_LOOK else ABOVE_ALL
        self.known.add_range(directory, first, last)

    async def _look_at(self, path: str, at: Commit) -> None:
        """Learn whether a directory stands at a path."""
        async with self._at_once:
            is_file = await self._kind_of(path, at)
        directory, _, name = path.rpartition("/")
        if is_file is False:
            self.known.add_directory(path)
            return
        if is_file:
            self.known.add_file(path)
        self.known.add_range(directory, name + "/", name + "/")

    async def _look_above(self, path: str, at: Commit) -> None:
        """Find the nearest directory above a path, or a file in its way."""
        missing = []
        for above in parents(path):
            if self.known.is_directory(above):
                break
            async with self._at_once:
                if await self._holds_something(above, at):
                    break
                if await self._kind_of(above, at):
                    self.known.add_file(above)
                    return
            missing.append(above)
        for directory in missing:
            self.known.add_missing(directory)

    async def _kind_of(self, path: str, at: Commit) -> bool | None:
        """True for a file, False for a directory, None for nothing."""
        try:
            found = await self._pfs.walk_file(File(at, path or "/"), Part(number=1))
        except FileNotFound:
            return None
        return found[0].is_file if found else None

    async def _holds_something(self, directory: str, at: Commit) -> bool:
        """Whether a directory is there, without pachd adding up all that is in it."""
        below = directory + "/" + _BELOW_ALL
        try:
            found = await self._pfs.walk_file(
                File(at, directory or "/"), Part(after=below, number=1)
            )
        except FileNotFound:
            return False
        if found:
            self.known.add_directory(directory)
        return bool(found)
