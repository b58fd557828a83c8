"""What is known of one branch's tree, from looking and from our own writes. No I/O.

Paths have no slash at their end; the root is the empty string.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

MAX_KNOWN = 200_000
ABOVE_ALL = "\x7f"
"""Above every character that a path can have."""


class Ranges:
    """Ranges of strings, ends included, that are disjoint and in order."""

    def __init__(self) -> None:
        self._lows: list[str] = []
        self._highs: list[str] = []

    def __len__(self) -> int:
        return len(self._lows)

    def add(self, low: str, high: str) -> None:
        """Add a range, joining it with those that it meets."""
        first = bisect_left(self._highs, low)
        last = bisect_right(self._lows, high)
        if first < last:
            low = min(low, self._lows[first])
            high = max(high, self._highs[last - 1])
        self._lows[first:last] = [low]
        self._highs[first:last] = [high]

    def cover(self, value: str) -> bool:
        """Whether a value lies in one of them."""
        at = bisect_right(self._lows, value) - 1
        return at >= 0 and value <= self._highs[at]


class TreeKnowledge:
    """The files and directories that are known, and where everything is known.

    A directory's entries sort as PFS lists them: by name, a directory's with `/` behind it. What is
    not known to stand where everything is known does not stand there.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._directories: dict[str, Ranges] = {"": Ranges()}
        """Each known directory, and the ranges of its entries that are known."""
        self._ranges = 0

    def forget(self) -> None:
        """Know nothing: somebody else has written."""
        self._files.clear()
        self._directories = {"": Ranges()}
        self._ranges = 0

    def collision_of(self, path: str) -> str | None:
        """What is known to stand in a file's way; a directory's path ends with a slash."""
        if path in self._directories:
            return path + "/"
        return next((above for above in parents(path) if above in self._files), None)

    def is_free(self, path: str) -> bool:
        """Whether a file is known to collide with nothing."""
        if path in self._files:
            return True
        nearest = next(above for above in parents(path) if above in self._directories)
        name, deeper, _ = path[len(nearest) + 1 :].partition("/")
        known = self._directories[nearest]
        nothing_above = not deeper or known.cover(name)
        return nothing_above and known.cover(name + "/") and self.collision_of(path) is None

    def is_directory(self, path: str) -> bool:
        """Whether a directory is known to be there."""
        return path in self._directories

    def add_file(self, path: str) -> None:
        """A file is there, and so are the directories above it."""
        self._make_room()
        if path in self._directories:
            self._drop(path)
        self._files.add(path)
        for above in parents(path):
            self._files.discard(above)
            self._directories.setdefault(above, Ranges())

    def add_directory(self, path: str) -> None:
        """A directory is there."""
        self._directories.setdefault(path, Ranges())

    def add_missing(self, path: str) -> None:
        """There is nothing; if a directory comes to be, everything in it will be known."""
        ranges = self._directories[path] = Ranges()
        ranges.add("", ABOVE_ALL)

    def add_range(self, directory: str, low: str, high: str) -> None:
        """All of a directory's entries between two are known, those two included."""
        self._make_room()
        ranges = self._directories.setdefault(directory, Ranges())
        before = len(ranges)
        ranges.add(low, high)
        self._ranges += len(ranges) - before

    def remove_file(self, path: str) -> None:
        """A file is gone. A directory that went with it stays known until it is looked at again."""
        self._files.discard(path)

    def correct(self, path: str) -> None:
        """Know nothing of what stands at, below and above a path."""
        _, *above = reversed(parents(path))
        self._drop((*above, path)[0])
        self._directories[""] = Ranges()

    def _drop(self, path: str) -> None:
        """Know nothing of what stands at and below a path."""
        below = path + "/"
        for known in [p for p in self._directories if p == path or p.startswith(below)]:
            del self._directories[known]
        self._files = {p for p in self._files if p != path and not p.startswith(below)}

    def _make_room(self) -> None:
        if len(self._files) + len(self._directories) + self._ranges > MAX_KNOWN:
            self.forget()


def parents(path: str) -> list[str]:
    """The directories above a path, the nearest first, the root last."""
    found = []
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found
