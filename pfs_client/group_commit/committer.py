"""How a group becomes a commit, on a PFS that decides by itself and on pachd.

Both commit a group with one `modify_file`, in order. A member that is refused fails alone, and the
others go again without it, with the next group.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pfs_client.failures import (
    BranchNotFound,
    CommitNotOpen,
    ConditionFailed,
    OutputBranch,
    PfsAccessDenied,
    PfsFailure,
    PfsOverloaded,
    PfsTimeout,
    PfsUnavailable,
    RepoNotFound,
    StorageFull,
)
from pfs_client.group_commit.members import Member, Write, fail_all
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, Change, Commit

_ALL_FAIL = (
    BranchNotFound,
    OutputBranch,
    PfsAccessDenied,
    PfsOverloaded,
    PfsTimeout,
    PfsUnavailable,
    RepoNotFound,
    StorageFull,
)
"""Failures that say nothing of a single member: trying its neighbours apart would not help them."""

_MAX_TRIES = 3

SentAs: TypeAlias = Callable[[Write], Iterable[Change]]


class Committer(ABC):
    """Commits groups."""

    takes_conditions: bool
    """Whether writes may carry conditions."""

    @abstractmethod
    async def commit(self, branch: Branch, group: Sequence[Member]) -> Sequence[Member]:
        """Commit a group, and tell each member how it went, if not at once then later.

        Returns:
            Members that have to go with the next group, or alone.
        """

    @abstractmethod
    async def commit_record(self, branch: Branch, write: Write) -> None:
        """Commit one write to a branch of the gateway's own, where nothing can stand in its way.

        Nothing is looked at before, and nobody sees its commit finish.

        Raises:
            ConditionFailed: Its condition does not hold, and this PFS decides them. On pachd
                whoever asks has looked.
            PfsFailure: As for `PfsClient.modify_file`.
        """

    @abstractmethod
    async def may_begin(self, branch: Branch) -> None:
        """Wait until the branch may have another commit."""

    @abstractmethod
    async def drain(self) -> None:
        """Wait for what is done behind the commits."""


class EmbeddedCommitter(Committer):
    """For a PFS that decides conditions and refuses collisions in the transaction of the commit."""

    takes_conditions = True

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs

    async def commit(self, branch: Branch, group: Sequence[Member]) -> Sequence[Member]:
        """Commit a group.

        Who is refused is told last: what it was refused for may be what another writes.
        """
        refused: dict[Member, PfsFailure] = {}
        outcome = Outcome(again=group)
        while outcome.again and not outcome.written:
            outcome = await write_group(
                self._pfs, branch, outcome.again, Write.changes_with_condition
            )
            refused |= outcome.refused
            if not outcome.refused:
                break
        for member in outcome.written:
            member.succeed(outcome.commit)
        for member, error in refused.items():
            member.fail(error)
        return outcome.again

    async def commit_record(self, branch: Branch, write: Write) -> None:
        """Commit one write, if its condition holds."""
        await self._pfs.modify_file(branch, list(write.changes_with_condition()))

    async def may_begin(self, branch: Branch) -> None:
        """At once: commits of this PFS are finished when they are made."""

    async def drain(self) -> None:
        """There is nothing behind the commits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a group.

    Members that were written, and members that PFS refused, are not told yet. Others are to be
    tried again: nothing of a refused group is written, whoever was to blame. The rest is told.
    `commit` is what was written, where PFS says so.
    """

    written: Sequence[Member] = ()
    commit: Commit | None = None
    again: Sequence[Member] = ()
    refused: Mapping[Member, PfsFailure] = field(default_factory=dict)


async def write_group(
    pfs: PfsClient, branch: Branch, group: Sequence[Member], sent_as: SentAs
) -> Outcome:
    """Write a group.

    Args:
        pfs: Where to.
        branch: Its branch.
        group: Its members, in order.
        sent_as: The changes that each write is sent as.
    """
    changes, owners = _changes_of(group, sent_as)
    for member in group:
        member.tries += 1
    try:
        commit = await pfs.modify_file(branch, changes)
    except PfsFailure as error:
        if isinstance(error, _ALL_FAIL):
            fail_all(group, error)
            return Outcome()
        return _without_culprit(group, owners, error)
    except Exception as error:  # whoever waits is told; the others go on
        fail_all(group, error)
        return Outcome()
    return Outcome(written=group, commit=commit)


def _without_culprit(
    group: Sequence[Member], owners: Sequence[Member], error: PfsFailure
) -> Outcome:
    """Say who was to blame for a refusal, and who may try again.

    Where it is not known, each tries again alone. What was wrong then may be that the write has
    happened and nobody heard of it: to write the same again does no harm, but a condition would
    meet what its own write has left.
    """
    if isinstance(error, CommitNotOpen) and max(m.tries for m in group) < _MAX_TRIES:
        return Outcome(
            again=group
        )  # somebody has just closed the head that this would have gone into
    if error.change_index is not None:
        refused = _refused(group, owners, owners[error.change_index], error)
        return Outcome(again=[m for m in group if m not in refused], refused=refused)
    again = [m for m in group if len(group) > 1 and all(w.expect is None for w in m.writes)]
    fail_all([member for member in group if member not in again], error)
    for member in again:
        member.goes_alone = True
    return Outcome(again=again)


def _refused(
    group: Sequence[Member], owners: Sequence[Member], culprit: Member, error: PfsFailure
) -> Mapping[Member, PfsFailure]:
    """The culprit, and who would be refused next, for a condition that does not hold either.

    What PFS says of a later condition is so unless a member that stays writes the file before it.
    """
    refused = {culprit: error}
    others = error.others if isinstance(error, ConditionFailed) else {}
    found = {owners[index]: refusal for index, refusal in others.items()}
    written: set[str] = set()
    for member in group[group.index(culprit) + 1 :]:
        paths = {write.path for write in member.writes}
        if member in found and len(member.writes) == 1 and written.isdisjoint(paths):
            refused[member] = found[member]
        else:
            written |= paths
    return refused


def _changes_of(group: Sequence[Member], sent_as: SentAs) -> tuple[list[Change], list[Member]]:
    """All changes of a group, and whose each is."""
    changes: list[Change] = []
    owners: list[Member] = []
    for member in group:
        for write in member.writes:
            changes.extend(sent_as(write))
        owners.extend([member] * (len(changes) - len(owners)))
    return changes, owners
