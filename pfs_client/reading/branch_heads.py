"""Where branches are now, asked as rarely as strictness allows.

Whoever asks is told a head that was looked up after the question came: questions share a call only
if it has not been sent yet. While one call of a branch is under way, those that come gather and
share the next. A HEAD that is older than the question would hide a write that was answered before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pfs_client.forwarding import Call, ForwardingPfs
from pfs_client.interface import PfsClient
from pfs_client.reading.shared_calls import SharedCall
from pfs_client.values import Branch, BranchInfo

_PATIENCE_SECONDS = 0.05
"""How long the next call waits for the one under way, which may have got stuck."""


class BranchHeads:
    """InspectBranch for many at once.

    Args:
        look: Makes one call.
    """

    def __init__(self, look: Callable[[Branch], Awaitable[BranchInfo]]) -> None:
        self._look = look
        self._next: dict[Branch, SharedCall[BranchInfo]] = {}
        self._under_way: dict[Branch, asyncio.Future[None]] = {}

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, with its head as it is now."""
        call = self._next.get(branch)
        if call is None or call.abandoned:
            call = self._next[branch] = SharedCall(self._send(branch))
        return await call.wait()

    async def _send(self, branch: Branch) -> BranchInfo:
        try:
            if branch in self._under_way:
                await asyncio.wait([self._under_way[branch]], timeout=_PATIENCE_SECONDS)
        finally:
            self._close(branch)
        ended = self._under_way[branch] = asyncio.get_running_loop().create_future()
        try:
            return await self._look(branch)
        finally:
            ended.set_result(None)
            if self._under_way.get(branch) is ended:
                del self._under_way[branch]

    def _close(self, branch: Branch) -> None:
        """Let nobody join a call that is sent now."""
        call = self._next.get(branch)
        if call is not None and call.task is asyncio.current_task():
            del self._next[branch]


class SharedHeads(ForwardingPfs):
    """A PFS whose heads are a round trip away, asked through `BranchHeads`."""

    def __init__(self, pfs: PfsClient) -> None:
        super().__init__(pfs)
        self._heads = BranchHeads(pfs.inspect_branch)

    def inspect_branch(self, branch: Branch) -> Call[BranchInfo]:
        """One branch, with its head as it is now."""
        return self._heads.inspect_branch(branch)
