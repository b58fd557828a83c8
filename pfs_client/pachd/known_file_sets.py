"""What is certain of file sets without a call: what is in them, and that they are there.

A file set never changes, so that a file that was seen in one is in it as long as that is there; and
it is there for as long as pachd has promised, counted from before it was asked. To look at a file
again takes 4 ms for every set that it was composed of (`docs/pachd.md`, "File sets").
"""

from __future__ import annotations

from collections.abc import Callable

from cachetools import LRUCache

from pfs_client.values import File

_KEPT_ENTRIES = 10_000


class KnownFileSets:
    """File sets as one client has met them.

    Args:
        now: A clock that never goes back, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self._files: LRUCache[File, bool] = LRUCache(_KEPT_ENTRIES)
        self._until: LRUCache[str, float] = LRUCache(_KEPT_ENTRIES)

    def saw(self, file: File) -> None:
        """A file was found in its file set."""
        self._files[file] = True

    def has(self, file: File) -> bool:
        """Whether a file has been seen in its file set."""
        return file in self._files

    def promised(self, file_set_id: str, asked: float, ttl_seconds: int) -> None:
        """Pachd keeps a file set for so long, and was asked at that time by the clock."""
        self._until[file_set_id] = asked + ttl_seconds

    def stays(self, file_set_id: str, seconds: int) -> bool:
        """Whether a file set is certainly there for so long from now."""
        return self._until.get(file_set_id, 0.0) >= self.now() + seconds
