"""A PFS that is cut off at one of the calls to it: before it, within its stream, or after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from enum import Enum
from inspect import isasyncgen
from typing import Any, cast

from pfs_client.changes import Changes, stream_of
from pfs_client.failures import PfsUnavailable
from pfs_client.values import Branch, Change, Commit
from pfs_client.whole_pfs import WholePfs


class Where(Enum):
    """Where a call is cut off: what it does has not begun, has half come, or is done."""

    BEFORE = "before"
    WITHIN = "within"
    AFTER = "after"


def is_cut_off() -> None:
    """What happens to who calls over a connection that is gone."""
    raise PfsUnavailable("the connection is cut")


class Cut:
    """Any calls to a PFS, until one of them is cut off, and all that come after it."""

    def __init__(
        self, pfs: WholePfs, calls: int, where: Where, cut_off: Callable[[], None] = is_cut_off
    ) -> None:
        self._pfs = pfs
        self.left = calls
        self._where = where
        self._cut_off = cut_off

    @property
    def has_cut(self) -> bool:
        """Whether there were so many calls."""
        return self.left < 0

    def as_pfs(self) -> WholePfs:
        """Itself, for those who call a PFS."""
        return cast("WholePfs", self)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._pfs, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left >= 0:
                return method(*args, **kwargs)
            if self._where is Where.BEFORE:
                return self._never(name)
            return self._half(method(*args, **kwargs))

        return call

    async def modify_stream(self, target: Branch | Commit, changes: Changes) -> None:
        """The call whose stream may break off."""
        self.left -= 1
        if self.left < 0 and self._where is Where.BEFORE:
            self._cut_off()
        if self.left < 0 and self._where is Where.WITHIN:
            await self._pfs.modify_stream(target, self._cut_stream(changes))
        await self._pfs.modify_stream(target, changes)
        if self.left < 0:
            self._cut_off()

    async def _cut_stream(self, changes: Changes) -> AsyncIterator[Change]:
        number = 0
        async for change in stream_of(changes):
            if number == 3:
                break
            number += 1
            yield change
        self._cut_off()

    def _never(self, name: str) -> Any:
        if name in ("list_commit", "diff_file", "find_commits"):
            return self._each(None)
        return self._done(None)

    def _half(self, result: Any) -> Any:
        return self._each(result) if isasyncgen(result) else self._done(result)

    async def _done(self, result: Any) -> None:
        if result is not None:
            await result
        self._cut_off()

    async def _each(self, results: AsyncIterator[Any] | None) -> AsyncIterator[Any]:
        if results is not None:
            async for result in results:
                yield result
                break
        self._cut_off()
