"""Whether a write would put a file where a directory stands, or below another file.

pachd accepts such a write, then drops its whole commit, and every listing of the parent fails until
the next one (`facts/pachd.md`, hazard 4). So it is looked for first. What is known of a branch's
tree, from looking and from our own writes, saves most looks; whatever looks like a collision is
looked at again, at the newest finished commit, before anything is refused.

Only what others write in the same few hundred milliseconds can slip through; then the commit
finishes with an error, which is logged and counted.
"""

from __future__ import annotations

from collections.abc import Iterable

from pfs_client.concurrency import for_each
from pfs_client.failures import FileNotFound, PathCollision
from pfs_client.interface import PfsClient
from pfs_client.values import Commit, File
from pfs_client.writes import Write

_LOOKS_AT_ONCE = 8
_BELOW_ALL = "\x1f"
_OVERHEAD_BYTES = 130
"""What a known path takes besides its characters, measured."""


class TreeKnowledge:
    """What is known of a branch's files and directories. Paths have no slash at their end.

    A directory that was not there when it was looked at, and that only we have written to since, is
    known *whole*: what is not known to stand in it does not.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._directories: dict[str, bool] = {"": False}
        """Each known directory, and whether it is known whole."""
        self.size_bytes = 0
        """About what it takes; what was removed from it still counts."""

    def collision_of(self, path: str) -> str | None:
        """What is known to stand in a file's way; a directory's path ends with a slash."""
        if path in self._directories:
            return path + "/"
        return next((above for above in above_all(path) if above in self._files), None)

    def is_free(self, path: str) -> bool:
        """Whether a file is known to collide with nothing."""
        if path in self._files:
            return True
        nearest = next((above for above in above_all(path) if above in self._directories), "")
        return self._directories[nearest] and self.collision_of(path) is None

    def is_directory(self, path: str) -> bool:
        """Whether a directory is known to be there."""
        return path in self._directories

    def add_file(self, path: str) -> None:
        """A file is there, and so are the directories above it."""
        if path not in self._files:
            self._files.add(path)
            self._count(path)
        for above in above_all(path):
            self._files.discard(above)
            if above not in self._directories:
                self.add_directory(above)

    def add_directory(self, path: str, *, whole: bool = False) -> None:
        """A directory is there; or nothing is, and whatever comes will be known."""
        if path not in self._directories:
            self._count(path)
        self._directories[path] = whole

    def remove_file(self, path: str) -> None:
        """A file is gone. A directory that went with it stays known until it is looked at again."""
        self._files.discard(path)

    def correct(self, path: str) -> None:
        """Nothing is at a path, nor a file above it."""
        below = path + "/"
        for known in [p for p in self._directories if p == path or p.startswith(below)]:
            del self._directories[known]
        self._files = {p for p in self._files if not p.startswith(below)}
        self._files.difference_update(above_all(path))

    def _count(self, path: str) -> None:
        self.size_bytes += len(path) + _OVERHEAD_BYTES


class CollisionGuard:
    """Looks for collisions on one branch.

    Whoever decides on a group takes `known` once and stays with it: when it is forgotten, there is
    another one, so that nobody's basis goes away under them, and what comes late is not added to
    what is learned afresh.
    """

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs
        self.known = TreeKnowledge()

    def forget(self) -> None:
        """Know nothing: somebody else has written."""
        self.known = TreeKnowledge()

    async def look(self, known: TreeKnowledge, paths: Iterable[str], at: Commit) -> None:
        """Learn about all paths that nothing is known of, at a finished commit."""
        await for_each(paths, lambda path: self._look_at(known, path, at), _LOOKS_AT_ONCE)

    async def confirm(self, known: TreeKnowledge, path: str, newest: Commit) -> None:
        """Decide a suspicion at the newest commit that can be looked at.

        What is known is corrected only where nothing is found: others rest on it too.

        Raises:
            PathCollision: Something stands in the way.
        """
        found = TreeKnowledge()
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

    async def _look_at(self, known: TreeKnowledge, path: str, at: Commit) -> None:
        is_file = await self._kind_of(path, at)
        if is_file is None:
            await self._look_above(known, path, at)
        elif is_file:
            known.add_file(path)
        else:
            known.add_directory(path)

    async def _look_above(self, known: TreeKnowledge, path: str, at: Commit) -> None:
        """Nothing is at a path: find the nearest directory above it, or a file in its way."""
        above = above_all(path)
        missing = above[: await self._nearest_directory(known, above, at)]
        if missing and await self._kind_of(missing[-1], at):
            known.add_file(missing[-1])
            return
        for directory in missing:
            known.add_directory(directory, whole=True)

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
            found = await self._pfs.walk_file(File(at, path or "/"), number=1)
        except FileNotFound:
            return None
        return found[0].is_file if found else None

    async def _holds_something(self, known: TreeKnowledge, directory: str, at: Commit) -> bool:
        """Whether a directory is there, without pachd adding up all that is in it."""
        below = directory + "/" + _BELOW_ALL
        try:
            found = await self._pfs.walk_file(File(at, directory or "/"), after=below, number=1)
        except FileNotFound:
            return False
        if found:
            known.add_directory(directory)
        return bool(found)


def above_all(path: str) -> list[str]:
    """The directories above a path, the nearest first, the root (the empty string) last."""
    found = []
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found
