"""What was read at a commit, remembered: a finished commit never changes.

Files and pages of listings are kept by commit, contents by their hash (`contents`), so that a file
which a new commit leaves alone is not fetched again. Nothing is kept by branch, and nothing of a
commit that is still open. What is kept is bounded in bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from math import inf
from typing import Any, TypeAlias, TypeVar

from cachetools import LRUCache

from pfs_client.failures import FileNotFound, NotAFile, PfsFailure
from pfs_client.interface import ByteStream, PfsClient
from pfs_client.limits.transfers import Transfers
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.reading.contents import Contents, DirectContents, RemoteContents
from pfs_client.reading.pages_ahead import PagesAhead
from pfs_client.reading.shared_reads import SharedReads
from pfs_client.values import ALL, SMALL_FILE_BYTES, Commit, File, FileInfo, Part

_ENTRY_BYTES = 500
"""About what a FileInfo takes in memory, with its place in a cache."""

_MAX_FINISHED_COMMITS = 10_000
_FACTS_SHARE = 4  # a quarter of the memory is for files and pages, the rest for contents

Listing: TypeAlias = Callable[[File, Part], Coroutine[Any, Any, list[FileInfo]]]
F = TypeVar("F", FileInfo, "list[FileInfo]")
Fact: TypeAlias = "FileInfo | list[FileInfo] | PfsFailure"


class CommitCache:
    """Reads of files at commits, through a cache.

    Args:
        pfs: Where files and pages come from.
        contents: Where bytes come from.
        memory_bytes: How much may be remembered of files and pages.
        observer: Is told what was found, and what was not.
        looks_above_bytes: Of files larger than this, PFS is asked each time: it looks whether their
            contents are there.
        ahead: Where pages are asked for ahead, if that is worth it.
    """

    def __init__(
        self,
        pfs: PfsClient,
        contents: Contents,
        memory_bytes: int,
        observer: Observer,
        looks_above_bytes: float = inf,
        ahead: PagesAhead | None = None,
    ) -> None:
        self._pfs = pfs
        self.contents = contents
        self._observer = observer
        self._looks_above_bytes = looks_above_bytes
        self._ahead = ahead
        self._facts: LRUCache[object, Fact] = LRUCache(memory_bytes, getsizeof=_size_of_fact)
        self._finished: LRUCache[Commit, bool] = LRUCache(_MAX_FINISHED_COMMITS)

    async def inspect_file(self, file: File) -> FileInfo:
        """As `PfsClient.inspect_file`."""
        return await self._fact("file", file, file.commit, partial(self._pfs.inspect_file, file))

    async def find_file(self, file: File) -> FileInfo | None:
        """The same; None where there is no file."""
        try:
            return await self.inspect_file(file)
        except (FileNotFound, NotAFile):
            return None

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """As `PfsClient.list_file`."""
        return await self._page(self._pfs.list_file, directory, part)

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """As `PfsClient.walk_file`."""
        return await self._page(self._pfs.walk_file, directory, part)

    def walk_ahead(self, directory: File, part: Part) -> asyncio.Task[None] | None:
        """Have `walk_file` asked before somebody does, if what comes can be kept."""
        return self._page_ahead(self._pfs.walk_file, directory, part)

    def list_ahead(self, directory: File, part: Part) -> asyncio.Task[None] | None:
        """Have `list_file` asked before somebody does, if what comes can be kept."""
        return self._page_ahead(self._pfs.list_file, directory, part)

    def held_bytes(self, info: FileInfo) -> int:
        """How many bytes of a file `get_file` returns at once; 0 where it streams."""
        return self.contents.held_bytes(info)

    async def get_file(
        self, file: File, info: FileInfo, offset: int, size_bytes: int
    ) -> bytes | ByteStream:
        """As `Contents.get_file`."""
        return await self.contents.get_file(file, info, offset, size_bytes)

    def _page_ahead(
        self, listing: Listing, directory: File, part: Part
    ) -> asyncio.Task[None] | None:
        key = (listing.__name__, directory, part)
        has_room = 4 * _ENTRY_BYTES * (part.number + part.files) <= self._facts.maxsize
        is_new = directory.commit in self._finished and key not in self._facts
        if self._ahead is None or not has_room or not is_new:
            return None
        return self._ahead.begin(key, partial(self._page, listing, directory, part))

    async def _page(self, listing: Listing, directory: File, part: Part) -> list[FileInfo]:
        key = (listing.__name__, directory, part)
        return await self._fact("page", key, directory.commit, partial(listing, directory, part))

    async def _fact(
        self, kind: str, key: object, commit: Commit, ask: Callable[[], Coroutine[Any, Any, F]]
    ) -> F:
        """A fact that is known, or else is asked for, and kept if it will stay true."""
        try:
            known: Any = self._facts[key]
        except KeyError:
            self._observer.cache_asked(kind, hit=False)
            return await self._learn(key, commit, ask)
        self._observer.cache_asked(kind, hit=True)
        if isinstance(known, PfsFailure):
            raise type(known)(*known.args)
        fact: F = known
        return fact

    async def _learn(
        self, key: object, commit: Commit, ask: Callable[[], Coroutine[Any, Any, F]]
    ) -> F:
        try:
            fact = await ask()
        except (FileNotFound, NotAFile) as error:
            if commit in self._finished:
                self._keep(key, type(error)(*error.args))
            raise
        infos = fact if isinstance(fact, list) else [fact]
        if infos and infos[0].committed is not None:
            self._finished[commit] = True
        is_looked_at = isinstance(fact, FileInfo) and fact.size_bytes > self._looks_above_bytes
        if commit in self._finished and not is_looked_at:
            self._keep(key, fact)
        return fact

    def _keep(self, key: object, fact: Fact) -> None:
        if _size_of_fact(fact) <= self._facts.maxsize:
            self._facts[key] = fact


def direct_reads(
    pfs: PfsClient,
    memory_bytes: int,
    small_bytes: int,
    observer: Observer = UNOBSERVED,
    transfers: Transfers | None = None,
) -> CommitCache:
    """Reads of a PFS at hand.

    Args:
        pfs: The PFS.
        memory_bytes: How much may be remembered.
        small_bytes: Contents up to this size are worth remembering.
        observer: Is told what was found, and what was not.
        transfers: Brings large contents.
    """
    facts_bytes = memory_bytes // _FACTS_SHARE
    contents = DirectContents(
        pfs, memory_bytes - facts_bytes, small_bytes, observer, transfers or Transfers(pfs)
    )
    return CommitCache(pfs, contents, facts_bytes, observer, looks_above_bytes=small_bytes)


def remote_reads(
    pfs: PfsClient,
    memory_bytes: int,
    observer: Observer = UNOBSERVED,
    transfers: Transfers | None = None,
) -> CommitCache:
    """Reads of a PFS that is a round trip away: shared, in blocks, and pages ahead.

    Args:
        pfs: The PFS.
        memory_bytes: How much may be remembered.
        observer: Is told what was found, and what was not.
        transfers: Brings large contents.
    """
    facts_bytes = memory_bytes // _FACTS_SHARE
    contents = RemoteContents(
        pfs, memory_bytes - facts_bytes, SMALL_FILE_BYTES, observer, transfers or Transfers(pfs)
    )
    return CommitCache(SharedReads(pfs), contents, facts_bytes, observer, ahead=PagesAhead())


def _size_of_fact(fact: Fact) -> int:
    if isinstance(fact, list):
        return _ENTRY_BYTES * (len(fact) + 1) + sum(len(info.path) for info in fact)
    return _ENTRY_BYTES + (len(fact.path) if isinstance(fact, FileInfo) else 0)
