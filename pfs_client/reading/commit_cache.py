"""What was read at a commit, remembered: a finished commit never changes.

Files and pages of listings are kept by commit, contents by their hash, so that a file which a new
commit leaves alone is not fetched again. Nothing is kept by branch, and nothing of a commit that is
still open. The cache is bounded in bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias, TypeVar

from cachetools import LRUCache

from pfs_client.failures import FileNotFound, NotAFile, PfsFailure
from pfs_client.interface import ByteStream, PfsClient
from pfs_client.limits.transfers import Transfers
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.reading.block_reader import BlockReader
from pfs_client.reading.shared_calls import SharedCalls
from pfs_client.values import ALL, Commit, File, FileInfo, Part

_ENTRY_BYTES = 500
"""About what a FileInfo takes in memory, with its place in a cache."""

_MAX_FINISHED_COMMITS = 10_000
_FACTS_SHARE = 4  # a quarter of the memory is for files and pages, the rest for contents

Listing: TypeAlias = Callable[[File, Part], Coroutine[Any, Any, list[FileInfo]]]
F = TypeVar("F", FileInfo, "list[FileInfo]")
T = TypeVar("T")
Fact: TypeAlias = "FileInfo | list[FileInfo] | PfsFailure"


class CommitCache:
    """Reads of files at commits, through a cache.

    Args:
        pfs: Where everything comes from.
        memory_bytes: How much may be remembered.
        observer: Is told what was found, and what was not.
        transfers: Brings large contents.
    """

    def __init__(
        self,
        pfs: PfsClient,
        memory_bytes: int,
        observer: Observer = UNOBSERVED,
        transfers: Transfers | None = None,
    ) -> None:
        self._pfs = pfs
        self._transfers = transfers or Transfers(pfs)
        self._observer = observer
        facts_bytes = memory_bytes // _FACTS_SHARE
        self._facts: LRUCache[object, Fact] = LRUCache(facts_bytes, getsizeof=_size_of_fact)
        self._contents: LRUCache[object, bytes] = LRUCache(
            memory_bytes - facts_bytes, getsizeof=len
        )
        self._finished: LRUCache[Commit, bool] = LRUCache(_MAX_FINISHED_COMMITS)
        self._asked: SharedCalls[object, Any] = SharedCalls()
        self._blocks = BlockReader(self._transfers, self._contents, observer)

    async def inspect_file(self, file: File) -> FileInfo:
        """As `PfsClient.inspect_file`."""
        return await self._fact("file", file, file.commit, partial(self._pfs.inspect_file, file))

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """As `PfsClient.list_file`."""
        return await self._page(self._pfs.list_file, directory, part)

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """As `PfsClient.walk_file`."""
        return await self._page(self._pfs.walk_file, directory, part)

    async def get_file(
        self, file: File, info: FileInfo, offset: int, size_bytes: int
    ) -> bytes | ByteStream:
        """The bytes of a file, or of a span within it.

        Args:
            file: Commit and path.
            info: What `inspect_file` says of it.
            offset: Where to begin.
            size_bytes: How many; at least one.

        Raises:
            PfsFailure: As `PfsClient.get_file`.
        """
        if info.size_bytes <= self._pfs.small_file_bytes:
            content = await self._content(file, info)
            return content[offset : offset + size_bytes]
        if self._pfs.is_remote and size_bytes < info.size_bytes:
            stream = await self._blocks.open(file, info, offset, size_bytes)
            if stream is not None:
                return stream
        return await self._transfers.get_file(
            file, file_size_bytes=info.size_bytes, offset=offset, size_bytes=size_bytes
        )

    async def _content(self, file: File, info: FileInfo) -> bytes:
        content = self._contents.get(info.hash)
        self._observer.cache_asked("content", hit=content is not None)
        if content is None:
            content = await self._once((info.hash, "content"), partial(self._read, file))
            _keep(self._contents, info.hash, content)
        return content

    async def _read(self, file: File) -> bytes:
        async with await self._pfs.get_file(file) as stream:
            return b"".join([piece async for piece in stream])

    async def _page(self, listing: Listing, directory: File, part: Part) -> list[FileInfo]:
        key = (listing.__name__, directory, part)
        return await self._fact("page", key, directory.commit, partial(listing, directory, part))

    async def _fact(
        self, kind: str, key: object, commit: Commit, ask: Callable[[], Coroutine[Any, Any, F]]
    ) -> F:
        """A fact that is known, or else is asked for, and kept if it will stay true."""
        known: Any = self._facts.get(key)
        self._observer.cache_asked(kind, hit=known is not None)
        if known is None:
            return await self._learn(key, commit, ask)
        if isinstance(known, PfsFailure):
            raise type(known)(*known.args)
        fact: F = known
        return fact

    async def _learn(
        self, key: object, commit: Commit, ask: Callable[[], Coroutine[Any, Any, F]]
    ) -> F:
        try:
            fact = await self._once(key, ask)
        except (FileNotFound, NotAFile) as error:
            if commit in self._finished:
                _keep(self._facts, key, type(error)(*error.args))
            raise
        infos = fact if isinstance(fact, list) else [fact]
        if infos and infos[0].committed is not None:
            self._finished[commit] = True
        if commit in self._finished:
            _keep(self._facts, key, fact)
        return fact

    async def _once(self, key: object, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Ask, together with all others who ask the same where that costs a round trip."""
        if not self._pfs.is_remote:
            return await ask()
        answer: T = await self._asked.call(key, ask)
        return answer


def _size_of_fact(fact: Fact) -> int:
    return _ENTRY_BYTES * (len(fact) + 1 if isinstance(fact, list) else 1)


def _keep(cache: LRUCache[Any, Any], key: object, value: Any) -> None:
    if cache.getsizeof(value) <= cache.maxsize:
        cache[key] = value
