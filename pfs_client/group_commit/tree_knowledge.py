"""What is known of one branch's tree, from looking and from our own writes. No I/O.

Paths have no slash at their end; the root is the empty string.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

ABOVE_ALL = "\x7f"
"""Above every character that a path can have."""

_OVERHEAD_BYTES = 130
"""What a known path takes besides its characters, measured."""

_RANGE_BYTES = 200


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
        self.size_bytes = 0
        """About what it takes; what was removed from it still counts."""

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

    def decides(self, path: str) -> bool:
        """Whether nothing need be looked at for a file at a path."""
        return self.is_free(path) or self.collision_of(path) is not None

    def is_directory(self, path: str) -> bool:
        """Whether a directory is known to be there."""
        return path in self._directories

    def add_file(self, path: str) -> None:
        """A file is there, and so are the directories above it."""
        if path in self._directories:
            self._drop(path)
        if path not in self._files:
            self._files.add(path)
            self.size_bytes += len(path) + _OVERHEAD_BYTES
        for above in parents(path):
            self._files.discard(above)
            self.add_directory(above)

    def add_directory(self, path: str) -> None:
        """A directory is there."""
        if path not in self._directories:
            self._directories[path] = Ranges()
            self.size_bytes += len(path) + _OVERHEAD_BYTES

    def add_missing(self, path: str) -> None:
        """There is nothing; if a directory comes to be, everything in it will be known."""
        self.add_directory(path)
        self.add_range(path, "", ABOVE_ALL)

    def add_range(self, directory: str, low: str, high: str) -> None:
        """All of a directory's entries between two are known, those two included."""
        self.add_directory(directory)
        self._directories[directory].add(low, high)
        self.size_bytes += _RANGE_BYTES

    def remove_file(self, path: str) -> None:
        """A file is gone. A directory that went with it stays known until it is looked at again."""
        self._files.discard(path)

    def correct(self, path: str) -> None:
        """Nothing is at a path, nor a file above it."""
        self._drop(path)
        self._files.difference_update(parents(path))

    def _drop(self, path: str) -> None:
        """Know nothing of what stands at and below a path."""
        below = path + "/"
        for known in [p for p in self._directories if p == path or p.startswith(below)]:
            del self._directories[known]
        self._files = {p for p in self._files if p != path and not p.startswith(below)}


def parents(path: str) -> list[str]:
    """The directories above a path, the nearest first, the root last."""
    found = []
    while path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found
