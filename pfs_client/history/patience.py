"""Whether to wait again, where several have just waited in vain.

A file whose last change lies deep in a history that is still being read is not found in time. Were
every answer to wait for that, reading such a branch would take seconds for each file, for as long
as its history is read.
"""

from __future__ import annotations

import asyncio

from cachetools import LRUCache

from pfs_client.values import Branch

TRIES_IN_VAIN = 3
REST_SECONDS = 30.0
_MAX_FOLLOWED = 1000


class Patience:
    """What became of the last waits at each branch."""

    def __init__(self) -> None:
        self._in_vain: LRUCache[Branch, int] = LRUCache(_MAX_FOLLOWED)
        self._rests_until: LRUCache[Branch, float] = LRUCache(_MAX_FOLLOWED)

    def has_run_out(self, branch: Branch) -> bool:
        """Whether nobody should wait now: the last few have, and for nothing."""
        now = asyncio.get_running_loop().time()
        return self._rests_until.get(branch, now) > now

    def waited(self, branch: Branch, *, found: bool) -> None:
        """Somebody has waited. Once a rest is over, one more wait in vain begins another."""
        in_vain = 0 if found else self._in_vain.get(branch, 0) + 1
        self._in_vain[branch] = in_vain
        if in_vain >= TRIES_IN_VAIN:
            self._rests_until[branch] = asyncio.get_running_loop().time() + REST_SECONDS
