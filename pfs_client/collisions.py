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
from collections.abc import Iterable

from pfs_client.failures import FileNotFound, PathCollision
from pfs_client.interface import PfsClient
from pfs_client.values import Commit, File, Part
from pfs_client.writes import Write

MAX_KNOWN_PATHS = 200_000
_LOOKS_AT_ONCE = 8
_BELOW_ALL = "\x1f"


class TreeKnowledge:
    """What is known of a branch's files and directories. Paths have no slash at their end.

    A directory that was not there when it was looked at, and that only we have written to since, is
    known *whole*: what is not known to stand in it does not.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._directories: dict[str, bool] = {"": False}
        """Each known directory, and whether it is known whole."""

    def forget(self) -> None:
        """Know nothing: somebody else has written."""
        self._files.clear()
        self._directories = {"": False}

    def collision_of(self, path: str) -> str | None:
        """What is known to stand in a file's way; a directory's path ends with a slash."""
        if path in self._directories:
            return path + "/"
        return next((above for above in _above(path) if above in self._files), None)

    def is_free(self, path: str) -> bool:
        """Whether a file is known to collide with nothing."""
        if path in self._files:
            return True
        nearest = next((above for above in _above(path) if above in self._directories), "")
        return self._directories[nearest] and self.collision_of(path) is None

    def is_directory(self, path: str) -> bool:
        """Whether a directory is known to be there."""
        return path in self._directories

    def add_file(self, path: str) -> None:
        """A file is there, and so are the directories above it."""
        if len(self._files) + len(self._directories) > MAX_KNOWN_PATHS:
            self.forget()
        self._files.add(path)
        for above in _above(path):
            self._files.discard(above)
            self._directories.setdefault(above, False)

    def add_directory(self, path: str, *, whole: bool = False) -> None:
        """A directory is there; or nothing is, and whatever comes will be known."""
        self._directories[path] = whole

    def remove_file(self, path: str) -> None:
        """A file is gone. A directory that went with it stays known until it is looked at again."""
        self._files.discard(path)

    def correct(self, path: str) -> None:
        """Know nothing of what stands at, below and above a path."""
        below = path + "/"
        for known in [p for p in self._directories if p == path or p.startswith(below)]:
            del self._directories[known]
        self._files = {p for p in self._files if not p.startswith(below)}
        self._files.difference_update(_above(path))


class CollisionGuard:
    """Looks for collisions on one branch."""

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs
        self._at_once = asyncio.Semaphore(_LOOKS_AT_ONCE)
        self.known = TreeKnowledge()

    async def look(self, paths: Iterable[str], at: Commit) -> None:
        """Learn about all paths that nothing is known of, at a finished commit."""
        unknown = [path for path in dict.fromkeys(paths) if not self._is_decided(path)]
        await asyncio.gather(*(self._look_at(path, at) for path in unknown))

    async def confirm(self, path: str, newest: Commit) -> None:
        """Decide a suspicion at the newest commit, once that has finished.

        Raises:
            PathCollision: Something stands in the way.
        """
        await self._pfs.inspect_commit(newest, wait_finished=True)
        self.known.correct(path)
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

    async def _look_at(self, path: str, at: Commit) -> None:
        async with self._at_once:
            is_file = await self._kind_of(path, at)
            if is_file is None:
                await self._look_above(path, at)
            elif is_file:
                self.known.add_file(path)
            else:
                self.known.add_directory(path)

    async def _look_above(self, path: str, at: Commit) -> None:
        """Nothing is at a path: find the nearest directory above it, or a file in its way."""
        missing = []
        for above in _above(path):
            if self.known.is_directory(above) or await self._holds_something(above, at):
                break
            if await self._kind_of(above, at):
                self.known.add_file(above)
                return
            missing.append(above)
        for directory in missing:
            self.known.add_directory(directory, whole=True)

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


def _above(path: str) -> list[str]:
    """The directories above a path, the nearest first, the root (the empty string) last."""
    found = []
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found
