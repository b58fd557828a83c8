"""Groups on pachd, which decides nothing: looked at before, and watched until they have finished.

Commits are paced: pachd finishes about five a second on a branch whatever they hold, and readers of
HEAD wait for all that are unfinished (`docs/pachd.md`, "How fast commits finish").
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from pfs_client.failures import FileSetNotFound, PfsFailure, PfsUnavailable
from pfs_client.group_commit.admission import Admission, Admitted
from pfs_client.group_commit.branch_watch import Base, BranchWatch
from pfs_client.group_commit.committer import Committer, write_group
from pfs_client.group_commit.members import Member, Write, fail_all
from pfs_client.interface import PfsClient
from pfs_client.limits.concurrency import for_each
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.own_commits import UNTOLD, OwnCommits
from pfs_client.values import Branch, CommitInfo

log = logging.getLogger("s3gateway")

MAX_UNFINISHED_COMMITS = 2
MAX_BRANCHES_KNOWN = 200
MAX_KNOWN_BYTES = 64 * 1024 * 1024
"""How much may be known of all branches' trees."""

_CHECKS_AT_ONCE = 8
_RENEWED_SECONDS = 60


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
        known_bytes: How much to know of all branches' trees.
        observer: Is told of commits that fail.
        own_commits: Is told of the commits that are made.
    """

    def __init__(
        self,
        pfs: PfsClient,
        *,
        sole_writer: bool = False,
        max_unfinished: int = MAX_UNFINISHED_COMMITS,
        ack_finished: bool = False,
        known_bytes: int = MAX_KNOWN_BYTES,
        observer: Observer = UNOBSERVED,
        own_commits: OwnCommits = UNTOLD,
    ) -> None:
        self._pfs = pfs
        self._own_commits = own_commits
        self._observer = observer
        self.takes_conditions = sole_writer
        self._max_unfinished = max_unfinished
        self._ack_finished = ack_finished
        self._known_bytes = known_bytes
        self._branches: dict[Branch, _BranchState] = {}

    async def may_begin(self, branch: Branch) -> None:
        """Wait until fewer than the allowed commits are unfinished, or nobody can say any more."""
        state = self._branches.get(branch)
        while state is not None and len(state.unfinished) >= self._max_unfinished:
            await asyncio.wait(state.unfinished, return_when=asyncio.FIRST_COMPLETED)

    async def drain(self) -> None:
        """Wait until all commits have finished, or nobody can say."""
        while unfinished := [t for state in self._branches.values() for t in state.unfinished]:
            await asyncio.wait(unfinished)

    async def commit(self, branch: Branch, group: Sequence[Member]) -> Sequence[Member]:
        """Commit what may be, and see the commit finish."""
        state = self._branches.get(branch) or _BranchState(BranchWatch(self._pfs, branch))
        try:
            base = await state.watch.base()
            self._keep(branch, state)
            admitted = await Admission(self._pfs, state.watch, base).sort(group)
        except PfsFailure as error:
            fail_all(group, error)
            return ()
        again = await self._write_telling(branch, state, base, admitted) if admitted.members else ()
        self._bound_knowledge()
        return [*again, *admitted.waiting]

    async def _write_telling(
        self, branch: Branch, state: _BranchState, base: Base, admitted: Admitted
    ) -> Sequence[Member]:
        """Send a group; who looks at the head meanwhile can wait until its commit is known.

        Nobody looks at a branch of the gateway's own for times.
        """
        if branch.is_hidden:
            return await self._write(branch, state, base, admitted)
        self._own_commits.begun(branch)
        try:
            return await self._write(branch, state, base, admitted)
        finally:
            self._own_commits.ended(branch)

    async def _write(
        self, branch: Branch, state: _BranchState, base: Base, admitted: Admitted
    ) -> Sequence[Member]:
        """Send a group, tell its members, and begin to watch what became of it."""
        outcome = await write_group(self._pfs, branch, admitted.members, Write.changes)
        written = outcome.written
        for member, error in outcome.refused.items():
            member.fail(error)
        if not written:
            state.watch.forget()  # a write that timed out may have happened
            return [*outcome.again, *admitted.refused]
        await for_each(written, self._see_copied, _CHECKS_AT_ONCE)
        late = [one for one in written if self._ack_finished and not one.done.done()]
        for member in written:
            if member not in late:
                member.succeed()
            state.watch.guard.learn(member.writes)
        for member, refusal in admitted.refused.items():
            member.fail(refusal)
        try:
            commits = await state.watch.commits_since(base, made=1)
        except PfsFailure as error:
            state.watch.forget()
            fail_all(late, error)
            return ()
        if not branch.is_hidden:
            self._tell_of(base, commits, written)
        watching = asyncio.create_task(self._see_finish(state, base, commits, late))
        state.unfinished.add(watching)
        watching.add_done_callback(state.unfinished.discard)
        return ()

    def _tell_of(
        self, base: Base, commits: Sequence[CommitInfo], written: Sequence[Member]
    ) -> None:
        """Say what has changed, if nobody else has written since the base."""
        if len(commits) == 1 and commits[0].parent == base.head and not commits[0].is_open:
            changed = {w.path: not w.is_removal for member in written for w in member.writes}
            self._own_commits.made(commits[0], changed)

    async def _see_copied(self, member: Member) -> None:
        """Fail a member whose file sets may have gone before they were copied.

        pachd copies from a file set that has expired as nothing. One that can be renewed now was
        there all the time (`docs/pachd.md`, "Copies"), so that nobody waits for the commit.
        """
        for write in member.writes:
            if write.file_set_id is not None:
                try:
                    await self._pfs.renew_file_set(write.file_set_id, _RENEWED_SECONDS)
                except FileSetNotFound:
                    log.error("the file set of a write to %s has gone meanwhile", write.path)
                    member.fail(PfsUnavailable(f"what was sent for {write.path} did not arrive"))
                except PfsFailure as error:
                    member.fail(error)

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
                member.succeed()
        except PfsFailure as error:
            state.watch.forget()
            fail_all(late, error)
        except Exception as error:
            log.exception("nobody knows how a commit finished")
            state.watch.forget()
            fail_all(late, error)
        finally:
            for info in commits:
                self._own_commits.lost(info.commit)  # if it has not finished

    async def _finished(self, info: CommitInfo) -> CommitInfo:
        finished = await self._pfs.inspect_commit(info.commit, wait_finished=True)
        self._own_commits.finished(finished)
        return finished

    def _report(self, state: _BranchState, commits: Sequence[CommitInfo]) -> None:
        """Say what failed.

        Raises:
            PfsFailure: A commit finished with an error; what it held is lost.
        """
        for info in commits:
            if info.error:
                self._observer.commit_failed()
                log.error("commit %s finished with an error: %s", info.commit, info.error)
                raise PfsFailure(f"commit {info.commit} finished with an error: {info.error}")
        if commits:
            state.watch.has_finished(commits[0].commit)

    async def commit_record(self, branch: Branch, write: Write) -> None:
        """Commit one write, which is one call: a group looks first, and makes four more."""
        await self._pfs.modify_file(branch, list(write.changes()))

    def _keep(self, branch: Branch, state: _BranchState) -> None:
        """Keep a branch's state, now that it is there; the idle ones used least lately go."""
        self._branches.pop(branch, None)
        self._branches[branch] = state
        for idle in list(self._branches)[:-MAX_BRANCHES_KNOWN]:
            if not self._branches[idle].unfinished:
                del self._branches[idle]

    def _bound_knowledge(self) -> None:
        """Forget the branches that were used least lately, once too much is known."""
        watches = [state.watch for state in self._branches.values()]
        size_bytes = sum(watch.guard.known.size_bytes for watch in watches)
        for watch in watches:
            if size_bytes <= self._known_bytes:
                return
            size_bytes -= watch.guard.known.size_bytes
            watch.forget()
