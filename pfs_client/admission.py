"""Which members of a group may be written to pachd, which wait for the next group, which may not.

pachd refuses neither collisions nor failed conditions, so that both are decided here, before a
group is sent, against the branch's head and the members that are let in before.
"""

from __future__ import annotations

from collections.abc import Sequence

from pfs_client.branch_watch import Base, BranchWatch
from pfs_client.failures import ConditionFailed, FileNotFound, NotAFile, PathCollision
from pfs_client.interface import PfsClient
from pfs_client.tree_knowledge import TreeKnowledge
from pfs_client.values import ExpectFile, File
from pfs_client.writes import Member, Write


async def hash_at(pfs: PfsClient, file: File) -> bytes | None:
    """A file's hash; None where there is no file."""
    try:
        return (await pfs.inspect_file(file)).hash
    except (FileNotFound, NotAFile):
        return None


class Admission:
    """Decides over the members of one group."""

    def __init__(self, pfs: PfsClient, watch: BranchWatch, base: Base) -> None:
        self._pfs = pfs
        self._watch = watch
        self._base = base
        self._known = watch.guard.known
        self._tree = TreeKnowledge()
        self._hashes: dict[str, bytes | None] = {}

    async def sort(self, members: Sequence[Member]) -> tuple[list[Member], list[Member]]:
        """Those that go now, and those that wait. The others are told why they may not go.

        Raises:
            PfsError: Nothing can be decided.
        """
        await self._look([w.path for m in members for w in m.writes if not w.is_removal])
        admitted: list[Member] = []
        for at, member in enumerate(members):
            try:
                if not await self._may_go(member):
                    return admitted, list(members[at:])
            except (PathCollision, ConditionFailed) as refused:
                member.fail(refused)
                continue
            for write in member.writes:
                self._take(write)
            admitted.append(member)
        return admitted, []

    async def _look(self, paths: Sequence[str]) -> None:
        """Learn about the paths that nothing is known of."""
        unknown = [path for path in dict.fromkeys(paths) if not self._known.decides(path)]
        if unknown:
            readable = await self._watch.readable(self._base)
            await self._watch.guard.look(self._known, unknown, readable)

    async def _may_go(self, member: Member) -> bool:
        """Whether a member may go with this group, or must wait until that is committed.

        It waits if what this group writes stands against it: that is not there yet, and may fail.

        Raises:
            PathCollision, ConditionFailed: It may not go at all.
        """
        for write in member.writes:
            if write.expect is not None and not await self._holds(write.path, write.expect):
                return False
            if not write.is_removal and not await self._is_free(write.path):
                return False
        return True

    async def _is_free(self, path: str) -> bool:
        in_group = self._tree.collision_of(path)
        if in_group is None and self._known.collision_of(path) is None:
            return True
        if in_group is not None or self._has_cleared(path):
            return False
        newest = await self._watch.newest(self._base)
        await self._watch.guard.confirm(self._known, path, newest)
        return True

    def _has_cleared(self, path: str) -> bool:
        """Whether a removal in this group may have cleared the way for a file."""
        below = path + "/"
        return any(
            removed.startswith(below) or path.startswith(removed + "/")
            for removed, hash_ in self._hashes.items()
            if hash_ is None
        )

    async def _holds(self, path: str, expect: ExpectFile) -> bool:
        """Whether a condition holds, with what this group writes; false if it does not for that.

        Raises:
            ConditionFailed: It does not hold at the head, once that can be read.
        """
        if path in self._hashes:
            return expect.allows(self._hashes[path])
        newest = await self._watch.newest(self._base)
        hash_ = await hash_at(self._pfs, File(newest, path))
        if not expect.allows(hash_):
            raise ConditionFailed(expect, exists=hash_ is not None)
        return True

    def _take(self, write: Write) -> None:
        self._hashes[write.path] = write.hash
        if write.is_removal:
            self._tree.remove_file(write.path)
        else:
            self._tree.add_file(write.path)
