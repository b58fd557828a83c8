"""How a group becomes a commit, on a PFS that decides by itself and on pachd.

Both commit a group with one `modify_file`, in order. A member that is refused fails alone, and the
others go again without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from pfs_client.failures import (
    BranchNotFound,
    OutputBranch,
    PfsAccessDenied,
    PfsError,
    PfsOverloaded,
    PfsTimeout,
    PfsUnavailable,
    RepoNotFound,
    StorageFull,
)
from pfs_client.interface import PfsClient
from pfs_client.values import Branch, Change
from pfs_client.writes import Member

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


class Committer(ABC):
    """Commits groups."""

    takes_conditions: bool
    """Whether writes may carry conditions."""

    failed_commits: int = 0
    """How many commits of ours finished with an error: what they held is lost."""

    @abstractmethod
    async def commit(self, branch: Branch, group: Sequence[Member]) -> Sequence[Member]:
        """Commit a group, and tell each member how it went, if not at once then later.

        Returns:
            Members that have to wait for the next group.
        """

    @abstractmethod
    async def may_begin(self, branch: Branch) -> None:
        """Wait until the branch may have another commit."""

    @abstractmethod
    async def drain(self) -> None:
        """Wait for what is done behind the commits."""


class TransactionCommitter(Committer):
    """For a PFS that decides conditions and refuses collisions in the transaction of the commit."""

    takes_conditions = True

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs

    async def commit(self, branch: Branch, group: Sequence[Member]) -> Sequence[Member]:
        """Commit a group; none has to wait."""
        for member in await commit_isolated(self._pfs, branch, group):
            member.succeed()
        return ()

    async def may_begin(self, branch: Branch) -> None:
        """At once: commits of this PFS are finished when they are made."""

    async def drain(self) -> None:
        """There is nothing behind the commits."""


async def commit_isolated(pfs: PfsClient, branch: Branch, group: Sequence[Member]) -> list[Member]:
    """Commit a group. The members that PFS refuses are told so.

    They are told last: what one is refused for may be what another writes.

    Returns:
        Those that were written, and are not told yet.
    """
    left = list(group)
    refused: dict[Member, PfsError] = {}
    while left:
        changes, owners = _changes_of(left, with_conditions=pfs.supports_conditions)
        try:
            await pfs.modify_file(branch, changes)
        except PfsError as error:
            if isinstance(error, _ALL_FAIL):
                _fail([*left, *refused], error)
                return []
            if len(left) > 1 and error.change_index is None:
                return [m for one in group for m in await commit_isolated(pfs, branch, [one])]
            culprit = left[0] if error.change_index is None else owners[error.change_index]
            refused[culprit] = error
            left.remove(culprit)
        except Exception as error:  # whoever waits is told; the others go on
            _fail([*left, *refused], error)
            return []
        else:
            break
    for member, refusal in refused.items():
        member.fail(refusal)
    return left


def _changes_of(
    group: Sequence[Member], *, with_conditions: bool
) -> tuple[list[Change], list[Member]]:
    """All changes of a group, and whose each is."""
    changes: list[Change] = []
    owners: list[Member] = []
    for member in group:
        for write in member.writes:
            if write.expect is not None and with_conditions:
                changes.append(write.expect)
            changes.extend(write.changes())
        owners.extend([member] * (len(changes) - len(owners)))
    return changes, owners


def _fail(group: Sequence[Member], error: BaseException) -> None:
    for member in group:
        member.fail(error)
