"""A PFS whose branches are told only to those who may read them.

pachd lets every login inspect a branch and list repos, and what stands behind a branch may be
remembered here from before (`docs/pachd.md`, "Authentication and permissions"). So each look at a
branch asks pachd, in the same request, whether this user has REPO_READ on its repo. Everything that
is read, listed or compared begins with such a look; what is written, pachd guards itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pfs_client.failures import (
    AuthenticationOff,
    NotLoggedIn,
    PfsAccessDenied,
    PfsFailure,
    RepoNotFound,
)
from pfs_client.forwarding import ForwardingPfs
from pfs_client.interface import PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.permissions import Permission
from pfs_client.values import Branch, BranchInfo, Repo, RepoInfo

T = TypeVar("T")

_LOOKS_AT_ONCE = 8


class AuthorizedPfs(ForwardingPfs):
    """Asks before it tells.

    Args:
        pfs: The PFS, with one user's token.
    """

    def __init__(self, pfs: PfsClient) -> None:
        super().__init__(pfs)
        self._pfs = pfs

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, if this user may read it. Both questions are asked at the same time.

        Raises:
            PfsAccessDenied: The user may not, whether there is such a branch or not. That there is
                no such repo every login may know, and has to, to create it.
        """
        allowed, found = await asyncio.gather(
            _outcome(lambda: self._may_read(branch.repo)),
            _outcome(lambda: self._pfs.inspect_branch(branch)),
        )
        if isinstance(allowed, (AuthenticationOff, NotLoggedIn)):
            raise allowed
        if isinstance(found, RepoNotFound):
            raise found
        if isinstance(allowed, PfsFailure):
            raise allowed
        if not allowed:
            raise PfsAccessDenied(f"needs permissions [REPO_READ] on REPO {branch.repo}")
        if isinstance(found, PfsFailure):
            raise found
        return found

    async def list_repo(self) -> list[RepoInfo]:
        """The repos that this user may read."""
        infos = await self._pfs.list_repo()
        readable: set[Repo] = set()

        async def look_at(repo: Repo) -> None:
            if await self._may_read_if_there(repo):
                readable.add(repo)

        await for_each([info.repo for info in infos], look_at, _LOOKS_AT_ONCE)
        return [info for info in infos if info.repo in readable]

    async def _may_read(self, repo: Repo) -> bool:
        return (await self._pfs.authorize(repo, [Permission.REPO_READ])).authorized

    async def _may_read_if_there(self, repo: Repo) -> bool:
        """The same of a repo that may have been deleted since it was listed."""
        try:
            return await self._may_read(repo)
        except PfsFailure as error:
            if type(error) in (PfsFailure, RepoNotFound, PfsAccessDenied):
                return False
            raise


async def _outcome(call: Callable[[], Awaitable[T]]) -> T | PfsFailure:
    """What a call gives, or how it fails."""
    try:
        return await call()
    except PfsFailure as error:
        return error
