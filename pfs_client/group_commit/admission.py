"""Which members of a group may be written to pachd, which wait for the next group, which may not.

pachd refuses neither collisions nor failed conditions, so that both are decided here, before a
group is sent, against the branch's head and the members that are let in before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pfs_client.failures import ConditionFailed, PathCollision, PfsFailure
from pfs_client.group_commit.branch_watch import Base, BranchWatch
from pfs_client.group_commit.hashes import hashes_at
from pfs_client.group_commit.members import Member, Write
from pfs_client.group_commit.tree_knowledge import TreeKnowledge
from pfs_client.interface import PfsClient
from pfs_client.values import Commit, ExpectFile


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who of a group goes now.

    Some are refused for what those write, and told once it is written; if it is not, they try
    again. Some have to wait for it. The others have been told why they may not go.
    """

    members: Sequence[Member]
    refused: Mapping[Member, PfsFailure]
    waiting: Sequence[Member]


class _RefusedForGroup(Exception):
    """Something that the same group writes stands against a member."""

    def __init__(self, refusal: PfsFailure) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class Admission:
    """Decides over the members of one group."""

    def __init__(self, pfs: PfsClient, watch: BranchWatch, base: Base) -> None:
        self._pfs = pfs
        self._watch = watch
        self._base = base
        self._known = watch.guard.known
        self._tree = TreeKnowledge()
        self._hashes: dict[str, bytes | None] = {}
        """Of what this group writes."""
        self._at_newest: dict[str, bytes | None] = {}
        self._newest: Commit | None = None

    async def sort(self, members: Sequence[Member]) -> Admitted:
        """Decide over all, in order.

        Raises:
            PfsFailure: The branch's head cannot be read, so that nothing can be decided.
        """
        await self._look([w.path for m in members for w in m.writes if not w.is_removal])
        await self._look_at_expected([w.expect for m in members for w in m.writes])
        admitted: list[Member] = []
        refused: dict[Member, PfsFailure] = {}
        for at, member in enumerate(members):
            try:
                if not await self._may_go(member):
                    return Admitted(admitted, refused, members[at:])
            except _RefusedForGroup as error:
                refused[member] = error.refusal
                continue
            except (PathCollision, ConditionFailed) as error:
                member.fail(error)
                continue
            for write in member.writes:
                self._take(write)
            admitted.append(member)
        return Admitted(admitted, refused, ())

    async def _look(self, paths: Sequence[str]) -> None:
        """Learn about the paths that nothing is known of.

        On a branch of the gateway's own no path is in another's way.
        """
        if self._watch.is_hidden:
            return
        unknown = [path for path in dict.fromkeys(paths) if not self._known.decides(path)]
        if unknown:
            readable = await self._watch.readable(self._base)
            await self._watch.guard.look(self._known, unknown, readable)

    async def _look_at_expected(self, expected: Sequence[ExpectFile | None]) -> None:
        """Learn about all files that conditions name, at the head once that can be read."""
        paths = {expect.path for expect in expected if expect is not None}
        if paths:
            self._at_newest = await hashes_at(self._pfs, await self._find_newest(), paths)

    async def _find_newest(self) -> Commit:
        """The newest commit that can be looked at: waited for once."""
        if self._newest is None:
            self._newest = await self._watch.newest(self._base)
        return self._newest

    async def _may_go(self, member: Member) -> bool:
        """Whether a member may go with this group, or must wait until that is committed.

        Raises:
            PathCollision: A file would stand where a directory does, or below a file.
            ConditionFailed: Its condition does not hold.
            _RefusedForGroup: One of both, for what this group writes.
        """
        for write in member.writes:
            if write.expect is not None:
                self._check_condition(write.expect)
            if not write.is_removal and not await self._is_free(write.path):
                return False
        return True

    async def _is_free(self, path: str) -> bool:
        in_group = self._tree.collision_of(path)
        if in_group is None and self._known.collision_of(path) is None:
            return True
        if self._has_cleared(path):
            return False
        if in_group is not None:
            raise _RefusedForGroup(PathCollision(path, in_group))
        await self._watch.guard.confirm(self._known, path, await self._find_newest())
        return True

    def _has_cleared(self, path: str) -> bool:
        """Whether a removal in this group may have cleared the way for a file."""
        below = path + "/"
        return any(
            removed.startswith(below) or path.startswith(removed + "/")
            for removed, hash_ in self._hashes.items()
            if hash_ is None
        )

    def _check_condition(self, expect: ExpectFile) -> None:
        """Decide a condition against this group so far, or the head.

        Raises:
            ConditionFailed: It does not hold at the head.
            _RefusedForGroup: It does not hold after what this group writes.
        """
        if expect.path in self._hashes:
            hash_ = self._hashes[expect.path]
            if not expect.allows(hash_):
                raise _RefusedForGroup(ConditionFailed(expect, exists=hash_ is not None))
            return
        hash_ = self._at_newest[expect.path]
        if not expect.allows(hash_):
            raise ConditionFailed(expect, exists=hash_ is not None)

    def _take(self, write: Write) -> None:
        self._hashes[write.path] = write.hash
        if write.is_removal:
            self._tree.remove_file(write.path)
        else:
            self._tree.add_file(write.path)
