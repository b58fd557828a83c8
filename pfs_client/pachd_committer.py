"""Groups on pachd, which decides nothing: looked at before, and watched until they have finished.

Commits are paced: pachd finishes about five a second on a branch whatever they hold, and readers of
HEAD wait for all that are unfinished (`facts/pachd.md`, "How fast commits finish").
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from pfs_client.admission import Admission, hash_at
from pfs_client.branch_watch import Base, BranchWatch
from pfs_client.committers import Committer, commit_isolated
from pfs_client.failures import PfsError, PfsUnavailable
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, Commit, CommitInfo, File
from pfs_client.writes import Member

log = logging.getLogger("s3gateway")

MAX_UNFINISHED_COMMITS = 2
MAX_BRANCHES_KNOWN = 200


@dataclass(slots=True, eq=False)
class _BranchState:
    """One branch between its groups."""

    watch: BranchWatch
    unfinished: set[asyncio.Task[None]] = field(default_factory=set)


class PachdCommitter(Committer):
    """For pachd.

    Args:
        pfs: Where groups go.
        sole_writer: Nobody else writes, so that conditions can be decided here.
        max_unfinished: How many commits of a branch may be unfinished when the next begins.
        ack_finished: Answer only once a commit has finished without an error.
    """

    def __init__(
        self,
        pfs: PfsClient,
        *,
        sole_writer: bool = False,
        max_unfinished: int = MAX_UNFINISHED_COMMITS,
        ack_finished: bool = False,
    ) -> None:
        self._pfs = pfs
        self.takes_conditions = sole_writer
        self._max_unfinished = max_unfinished
        self._ack_finished = ack_finished
        self._branches: dict[Branch, _BranchState] = {}

    async def may_begin(self, branch: Branch) -> None:
        """Wait until fewer than the allowed commits are unfinished."""
        state = self._branches.get(branch)
        while state is not None and len(state.unfinished) >= self._max_unfinished:
            await asyncio.wait(state.unfinished, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self) -> None:
        """Wait until all commits have finished, or nobody can say."""
        while unfinished := [t for state in self._branches.values() for t in state.unfinished]:
            await asyncio.wait(unfinished)

    async def commit(self, branch: Branch, group: Sequence[Member]) -> Sequence[Member]:
        """Commit what may be, and see the commit finish."""
        state = self._state_of(branch)
        try:
            base = await state.watch.base()
            admitted, waiting = await Admission(self._pfs, state.watch.guard, base).sort(group)
        except PfsError as error:
            for member in group:
                member.fail(error)
            return ()
        if admitted:
            await self._write(branch, state, base, admitted)
        return waiting

    async def _write(
        self, branch: Branch, state: _BranchState, base: Base, admitted: Sequence[Member]
    ) -> None:
        """Send a group, tell its members, and begin to watch what became of it."""
        written = await commit_isolated(self._pfs, branch, admitted)
        if not written:
            state.watch.forget()  # a write that timed out may have happened
            return
        late = [member for member in written if self._is_told_late(member)]
        for member in written:
            if member not in late:
                member.succeed()
            state.watch.guard.learn(member.writes)
        try:
            made = 1 if len(written) == len(admitted) else 0
            commits = await state.watch.commits_since(base, made)
        except PfsError as error:
            state.watch.forget()
            _fail(late, error)
            return
        watching = asyncio.create_task(self._see_finish(state, base, commits, late))
        state.unfinished.add(watching)
        watching.add_done_callback(state.unfinished.discard)

    def _is_told_late(self, member: Member) -> bool:
        """Whether a member is told only once its commit has been looked at."""
        return self._ack_finished or any(write.source for write in member.writes)

    async def _see_finish(
        self,
        state: _BranchState,
        base: Base,
        commits: Sequence[CommitInfo],
        late: Sequence[Member],
    ) -> None:
        """Wait until commits have finished, and tell the members that wait for that."""
        try:
            finished = [await self._finished(info) for info in commits if not info.is_open]
            self._report(state, finished)
            for member in late:
                await self._check_copies(member, [info.commit for info in commits] or [base.head])
                member.succeed()
        except PfsError as error:
            state.watch.forget()
            _fail(late, error)
        except Exception as error:
            log.exception("nobody knows how a commit finished")
            _fail(late, error)

    async def _finished(self, info: CommitInfo) -> CommitInfo:
        return await self._pfs.inspect_commit(info.commit, wait_finished=True)

    def _report(self, state: _BranchState, commits: Sequence[CommitInfo]) -> None:
        """Say what failed.

        Raises:
            PfsError: A commit finished with an error; what it held is lost.
        """
        for info in commits:
            if info.error:
                self.failed_commits += 1
                log.error("commit %s finished with an error: %s", info.commit, info.error)
                raise PfsError(f"commit {info.commit} finished with an error: {info.error}")
        if commits:
            state.watch.has_finished(commits[0].commit)

    async def _check_copies(self, member: Member, commits: Sequence[Commit]) -> None:
        """See that copies arrived: pachd copies a source that has just gone as nothing.

        Raises:
            PfsUnavailable: One did not; the client may try again.
        """
        for write in member.writes:
            if write.source is None:
                continue
            for commit in commits:
                if await hash_at(self._pfs, File(commit, write.path)) == write.hash:
                    break
            else:
                raise PfsUnavailable(f"what was sent for {write.path} did not arrive")

    def _state_of(self, branch: Branch) -> _BranchState:
        """A branch's state; the idle ones that were used least lately are dropped."""
        state = self._branches.pop(branch, None) or _BranchState(BranchWatch(self._pfs, branch))
        self._branches[branch] = state
        for idle in list(self._branches)[:-MAX_BRANCHES_KNOWN]:
            if not self._branches[idle].unfinished:
                del self._branches[idle]
        return state


def _fail(members: Sequence[Member], error: BaseException) -> None:
    for member in members:
        member.fail(error)
