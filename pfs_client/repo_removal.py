"""How a repo goes that nobody sees any more: at once, or a commit at a time in the background.

Deleting a repo with some 1,000 commits ends the pachd process (`docs/pachd.md`, "Deleting repos and
commits"). A repo with a long history is marked with a hidden branch, before its last bucket goes.
Whoever finds a repo with the mark and no other branches but hidden ones drops its commits until few
are left, and then deletes it. The mark is all there is to know, so that the next process goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from contextvars import Context
from enum import Enum, auto
from functools import partial
from time import monotonic
from typing import Any

from pfs_client.failures import (
    BranchFeedsOthers,
    BranchNotFound,
    CommitNotFound,
    PfsAccessDenied,
    PfsFailure,
    RepoHasBranches,
    RepoNotFound,
)
from pfs_client.interface import PfsClient
from pfs_client.values import HIDDEN_BRANCHES, Branch, BranchInfo, CommitInfo, Repo

log = logging.getLogger("s3gateway")

MARK = HIDDEN_BRANCHES + "deleting_"
FEW_COMMITS = 100
"""So many go at once. 400 would do no harm, but to count them takes pachd 11 ms each."""

_HARMLESS = 4
"""So many times as many still do no harm, where they cannot be dropped."""

_COMMITS_A_ROUND = 100
_PAUSE_SECONDS = 0.02
_RETRY_SECONDS = 30.0
_TRIES = 5


class History(Enum):
    """What is known of a repo's history when its last bucket is about to go."""

    SHORT = auto()
    """The repo may be deleted at once."""

    MARKED = auto()
    """It is too long for that, and the repo is marked."""

    NOT_COUNTED = auto()
    """There are other buckets, so that the repo seems to stay."""


class Background:
    """The removals of one process, whoever asked for them: one is worked on at a time."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Semaphore()

    def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have it done."""
        # It is no part of the request in which it begins.
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._in_turn(work), context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Stop. The marks stay, and whoever starts next goes on."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async with self._turn:
            await work()


class RepoRemoval:
    """Removes repos with what one identity may do.

    Args:
        pfs: Where they are.
        turn_at: Held while a bucket is created in a repo or deleted.
        background: Where long histories are worked on.
        few_commits: Repos with more are worked on; None where any repo may go at once.
    """

    def __init__(
        self,
        pfs: PfsClient,
        turn_at: Callable[[Repo], asyncio.Lock],
        background: Background,
        few_commits: int | None,
    ) -> None:
        self._pfs = pfs
        self._turn_at = turn_at
        self._background = background
        self._few = few_commits

    async def mark(self, last: Branch) -> History:
        """Mark a repo whose last visible branch is about to go, if it must not go at once.

        Returns:
            What is known of it. If it is marked, `begin` once the branch has gone.
        """
        if self._few is None:
            return History.SHORT
        branches = await self._pfs.list_branch(last.repo)
        if any(not info.branch.is_hidden and info.branch != last for info in branches):
            return History.NOT_COUNTED
        if not await self._is_long(last.repo):
            return History.SHORT
        await self._pfs.create_branch(Branch(last.repo, MARK))
        return History.MARKED

    async def unmark(self, repo: Repo) -> None:
        """Have a repo live on: a bucket of it stays, or is about to be created."""
        mark = Branch(repo, MARK)
        with suppress(BranchNotFound, RepoNotFound):
            await self._pfs.inspect_branch(mark)
            await self._pfs.delete_branch(mark)

    def begin(self, repo: Repo) -> None:
        """Work on a marked repo until it has gone."""
        self._background.begin(partial(self._remove, repo))

    def resume(self) -> None:
        """Look for marked repos, and work on them."""
        self._background.begin(self._look_for_marks)

    async def remove_if_unseen(
        self, repo: Repo, history: History = History.NOT_COUNTED
    ) -> Sequence[BranchInfo]:
        """Delete a repo that has no branches but hidden ones, with those. Hold its turn.

        A repo whose history turns out to be long is marked, and worked on in the background. It
        may be, also where no bucket was the last one: two gateways may delete two buckets at the
        same time, and pachctl deletes branches too.

        Returns:
            All branches of the repo, if it is not to go.
        """
        with suppress(BranchFeedsOthers, RepoHasBranches, RepoNotFound):
            branches = await self._pfs.list_branch(repo)
            if not all(info.branch.is_hidden for info in branches):
                return branches
            if history is not History.SHORT and await self._is_long(repo):
                await self._pfs.create_branch(Branch(repo, MARK))
                self.begin(repo)
                return ()
            # The mark last: without it nobody would go on here.
            for info in sorted(branches, key=lambda info: info.branch.name == MARK):
                with suppress(BranchNotFound):
                    await self._pfs.delete_branch(info.branch)
            await self._pfs.delete_repo(repo, expect_no_branches=True)
        return ()

    async def _look_for_marks(self) -> None:
        if self._few is None:
            return
        for _ in range(_TRIES):
            try:
                repos = await self._pfs.list_repo()
            except PfsAccessDenied as error:
                log.info("buckets that were being deleted are not looked for: %s", error)
                return
            except PfsFailure:
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            for info in repos:
                if any(branch.name == MARK for branch in info.branches):
                    self.begin(info.repo)
            return

    async def _remove(self, repo: Repo) -> None:
        """Work on one repo; what fails is tried again, a few times."""
        log.info("%s is being removed, its history first", repo)
        for _ in range(_TRIES):
            try:
                await self._work_on(repo)
            except RepoNotFound:
                return
            except PfsAccessDenied as error:
                log.warning("%s stays, without buckets: %s", repo, error)
                return
            except PfsFailure as error:
                log.warning("%s is not removed yet: %s", repo, error)
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    async def _work_on(self, repo: Repo) -> None:
        few = self._few or 0
        number = few + _COMMITS_A_ROUND
        while await self._is_unseen(repo):
            commits = await self._commits(repo, number)
            # The first commit of a branch cannot be dropped; there may be more than a few.
            later = [info for info in commits if info.parent is not None]
            are_all_first = not later and len(commits) < number
            if len(commits) <= (_HARMLESS * few if are_all_first else few):
                await self._remove_rest(repo)
                return
            if are_all_first:
                log.warning("%s stays, without buckets: PFS drops none of its commits", repo)
                return
            number = number if later else 2 * number
            for info in later[: len(commits) - few]:
                if not await self._is_unseen(repo):
                    return
                await self._drop(info)

    async def _remove_rest(self, repo: Repo) -> None:
        async with self._turn_at(repo):
            if await self._is_unseen(repo):
                await self.remove_if_unseen(repo, History.SHORT)
                log.info("%s has been removed", repo)

    async def _is_unseen(self, repo: Repo) -> bool:
        """Whether a repo is marked and has no bucket."""
        names = [info.branch for info in await self._pfs.list_branch(repo)]
        return Branch(repo, MARK) in names and all(branch.is_hidden for branch in names)

    async def _is_long(self, repo: Repo) -> bool:
        if self._few is None:
            return False
        return len(await self._commits(repo, self._few + 1)) > self._few

    async def _drop(self, info: CommitInfo) -> None:
        """Drop a commit, and leave pachd as much time for others."""
        began = monotonic()
        with suppress(CommitNotFound):  # another gateway has dropped it
            # pachd finds it by its id, but only if a branch is named, even one that has gone.
            await self._pfs.drop_commit(info.commit, branch=info.branch or MARK)
        await asyncio.sleep(max(monotonic() - began, _PAUSE_SECONDS))

    async def _commits(self, repo: Repo, number: int) -> list[CommitInfo]:
        """So many commits of a repo, of all branches that it had, the newest first."""
        return [info async for info in self._pfs.list_commit(repo, number=number)]
