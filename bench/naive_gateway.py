"""A gateway as the original was: every request by itself, nothing known beforehand.

    python -m bench.naive_gateway --pfs grpc://127.0.0.1:30650

One commit a write, with the head looked at before and waited for after; a head for every read, by a
call of its own; nothing shared and nothing kept; a listing reads from the start of the bucket up to
its page. It is what the gateway is measured against on the latency model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from gateway import command
from gateway.composition.choice import pachd_settings
from gateway.composition.root import Composition
from gateway.settings import Settings
from handlers.exchange import Services
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.group_commit.members import Member
from pfs_client.history.change_times import HeadTimes
from pfs_client.interface import ByteStream, PfsClient
from pfs_client.pachd.client import PachdClient
from pfs_client.reading.commit_cache import CommitCache
from pfs_client.repo_removal import RepoRemoval
from pfs_client.values import ALL, SMALL_FILE_BYTES, Branch, Commit, File, FileInfo, Part


class NaiveReads:
    """What `CommitCache` does, without keeping anything."""

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs
        self.inspect_file = pfs.inspect_file

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """A page of a directory."""
        return await self._page(await self._pfs.list_file(directory, _from_the_start(part)), part)

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """A page of everything."""
        return await self._page(await self._pfs.walk_file(directory, _from_the_start(part)), part)

    async def get_file(
        self, file: File, info: FileInfo, offset: int, size_bytes: int
    ) -> ByteStream:
        """A stream of its own."""
        return await self._pfs.get_file(file, offset=offset, size_bytes=size_bytes)

    async def _page(self, infos: Sequence[FileInfo], part: Part) -> list[FileInfo]:
        page: list[FileInfo] = []
        for info in infos:
            if info.path > part.after:
                page.append(info)
            if len(page) == (part.number or part.files):
                break
        return page


class NaiveCommitter:
    """A commit for one request, looked at before and waited for after."""

    takes_conditions = False

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs

    async def commit(self, branch: Branch, group: Sequence[Member]) -> Sequence[Member]:
        """Write one member."""
        (member,) = group
        try:
            await self._pfs.inspect_branch(branch)
            await self._pfs.modify_file(branch, [c for w in member.writes for c in w.changes()])
            head: Commit = (await self._pfs.inspect_branch(branch)).head
            await self._pfs.inspect_commit(head, wait_finished=True)
        except Exception as error:  # whoever waits is told
            member.fail(error)
        else:
            member.succeed()
        return ()

    async def may_begin(self, branch: Branch) -> None:
        """At once."""

    async def drain(self) -> None:
        """There is nothing behind a commit."""


def _from_the_start(part: Part) -> Part:
    return replace(part, after="", number=0, files=0, prefix="/")


class NaiveComposition(Composition):
    """The composition root, with all that replaced."""

    def services_on(self, pfs: PfsClient, *, settings: Settings | None = None) -> Services:
        """Everything goes to pachd as it comes."""
        naive = PachdClient.open(pachd_settings(self._settings))
        writes = GroupedWrites(
            naive,
            cast(Any, NaiveCommitter(naive)),
            inline_bytes=SMALL_FILE_BYTES,
            commit_per_request=True,
        )
        reads = cast(CommitCache, NaiveReads(naive))
        removal = RepoRemoval(naive, writes.turn_at, self.removals, few_commits=None)
        mine = super().services_on(pfs)
        return Services(
            naive, reads, HeadTimes(), writes, mine.limits, self.memory, removal, mine.uploads
        )


if __name__ == "__main__":
    import gateway.app

    setattr(gateway.app, "Composition", NaiveComposition)  # noqa: B010 - it is no name for others
    command.main()
