"""What commits changed, asked of PFS and put into the index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar

from pfs_client.history import chains
from pfs_client.history.chains import Chain, Place
from pfs_client.history.change_index import ChangeIndex, Staged
from pfs_client.history.news import News
from pfs_client.history.own_changes import OwnChanges
from pfs_client.interface import PfsClient
from pfs_client.observer import Observer
from pfs_client.values import Commit, CommitInfo, File, FileSetKind, Part

T = TypeVar("T")

_PATHS_A_PAGE = 5000
_COMMITS_LOOKED_BACK = 1000
"""Of commits that others have made since the tip. Beyond them a new chain begins."""


class CommitChanges:
    """Reads commits into the index.

    Args:
        pfs: Who knows.
        index: Where it goes.
        own: Commits of ours, which need not be read.
        observer: Is told of each commit that is.
        learnt: Told after each.
        wanted: Told when there is a history to read.
    """

    def __init__(
        self,
        pfs: PfsClient,
        index: ChangeIndex,
        own: OwnChanges,
        observer: Observer,
        learnt: News,
        wanted: News,
    ) -> None:
        self._pfs = pfs
        self._index = index
        self._own = own
        self._observer = observer
        self._learnt = learnt
        self._wanted = wanted

    async def catch_up(self, head: Commit) -> None:
        """Bring a head into the index: behind the tip that it descends from, or as a new chain's.

        Raises:
            PfsFailure: PFS cannot say.
            IndexUnusable: The index cannot be used.
        """
        newer, place = await self._since_known(head)
        if not newer:
            return
        for info in reversed(newer):
            if await self._own.settle(info):
                place = self._index.look_up(chains.place_of, info.commit)
            elif place is None or not await self._append(place, info):
                await self.begin(newer[0])
                return
            else:
                place = Place(place.chain_id, place.number + 1)

    async def begin(self, head: CommitInfo) -> None:
        """Begin a chain with a head, of which nothing is read yet."""
        await self._index.write(chains.begin, head, None)
        self._learnt.tell()
        self._wanted.tell()

    async def put_older(self, chain: Chain, info: CommitInfo) -> bool:
        """Read the next older commit of a chain; False where another process has, or it is none."""
        async with self._changes(info) as staged:
            is_in = await self._index.write(chains.put_older, chain, info, staged.name)
        self._observer.history_commit_read()
        self._learnt.tell()
        return is_in and await self._index.keep_within_bound(chain.id)

    async def _since_known(self, head: Commit) -> tuple[list[CommitInfo], Place | None]:
        """The commits that are not in the index, the newest first, and where the next one is."""
        newer: list[CommitInfo] = []
        is_known = self._own.has_any(head.repo) or self._index.look_up(chains.has_chains, head.repo)
        most = _COMMITS_LOOKED_BACK if is_known else 1
        async with closing(self._pfs.list_commit(head.repo, newest=head, number=most)) as listed:
            async for info in listed:
                place = self._index.look_up(chains.place_of, info.commit)
                if place is not None:
                    return newer, place
                newer.append(info)
        return newer, None

    async def _append(self, place: Place, info: CommitInfo) -> bool:
        chain = self._index.look_up(chains.chain_of, place.chain_id)
        if chain is None or chain.tip != place.number:
            return False
        async with self._changes(info) as staged:
            is_in = await self._index.write(chains.append, place, info, staged.name, ())
        self._observer.history_commit_read()
        self._learnt.tell()
        await self._index.keep_within_bound(place.chain_id)
        return is_in

    @asynccontextmanager
    async def _changes(self, info: CommitInfo) -> AsyncIterator[Staged]:
        """What a commit added or replaced; nothing where it has failed."""
        if info.finished is None:
            info = await self._pfs.inspect_commit(info.commit, wait_finished=True)
        async with self._index.staged() as staged:
            if not info.error:
                async for paths in changed_paths(self._pfs, info.commit):
                    await staged.add(paths)
            yield staged


async def changed_paths(pfs: PfsClient, commit: Commit) -> AsyncIterator[list[str]]:
    """The files that a commit added or replaced, in order, some at a time.

    Raises:
        PfsFailure: PFS cannot say.
    """
    file_set_id = await pfs.get_file_set(commit, FileSetKind.DIFF)
    root = File(Commit.of_file_set(file_set_id), "/")
    part = Part(number=_PATHS_A_PAGE)
    while True:
        infos = await pfs.walk_file(root, part)
        yield [info.path for info in infos if info.is_file]
        if len(infos) < _PATHS_A_PAGE:
            return
        part = replace(part, after=infos[-1].path)


@asynccontextmanager
async def closing(iterator: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """Close a call's iterator once nobody wants more of it."""
    try:
        yield iterator
    finally:
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
