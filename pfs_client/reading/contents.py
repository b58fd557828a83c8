"""Where the bytes of files come from: from memory if they are few, and how else if they are many.

A PFS at hand is read directly. From one that is a round trip away, ranges are read in blocks, and
whole files only as many at a time as there is memory for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial

from cachetools import LRUCache

from pfs_client.interface import ByteStream, PfsClient
from pfs_client.limits.transfers import Transfers
from pfs_client.observer import Observer
from pfs_client.reading.block_reader import BlockReader
from pfs_client.reading.shared_calls import SharedCalls
from pfs_client.values import File, FileInfo


class Contents(ABC):
    """The bytes of files. Small ones are kept, by their hash: the same in every commit.

    Args:
        pfs: Where they come from.
        memory_bytes: How many may be kept.
        small_bytes: Contents up to this size are small.
        observer: Is told what was found, and what was not.
        transfers: Brings those that are not small.
    """

    def __init__(
        self,
        pfs: PfsClient,
        memory_bytes: int,
        small_bytes: int,
        observer: Observer,
        transfers: Transfers,
    ) -> None:
        self._pfs = pfs
        self._transfers = transfers
        self._small_bytes = small_bytes
        self._observer = observer
        self.kept: LRUCache[object, bytes] = LRUCache(memory_bytes, getsizeof=len)

    def held_bytes(self, info: FileInfo) -> int:
        """How many bytes of a file `get_file` returns at once; 0 where it streams."""
        return info.size_bytes if info.size_bytes <= self._small_bytes else 0

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
            FileNotFound: Nothing stands at the path.
            NotAFile: A directory does.
            CommitNotFound: There is no such commit.
            CommitNotFinished: It is open, and one that it is based on has not finished.
            PfsOverloaded: There is no memory for it now.
        """
        if info.size_bytes > self._small_bytes:
            return await self._open(file, info, offset, size_bytes)
        content = self.kept.get(info.hash)
        self._observer.cache_asked("content", hit=content is not None)
        if content is None:
            content = await self._read(file, info)
            if len(content) <= self.kept.maxsize:
                self.kept[info.hash] = content
        return content[offset : offset + size_bytes]

    async def _read(self, file: File, info: FileInfo) -> bytes:
        """A small file, whole."""
        async with await self._pfs.get_file(file) as stream:
            return b"".join([piece async for piece in stream])

    @abstractmethod
    async def _open(self, file: File, info: FileInfo, offset: int, size_bytes: int) -> ByteStream:
        """A span of a file that is not small."""


class DirectContents(Contents):
    """From a PFS at hand."""

    async def _open(self, file: File, info: FileInfo, offset: int, size_bytes: int) -> ByteStream:
        return await self._transfers.get_file(
            file, file_size_bytes=info.size_bytes, offset=offset, size_bytes=size_bytes
        )


class RemoteContents(Contents):
    """From a PFS that is a round trip away, and sends more than is wanted: blocks are kept too."""

    def __init__(
        self,
        pfs: PfsClient,
        memory_bytes: int,
        small_bytes: int,
        observer: Observer,
        transfers: Transfers,
    ) -> None:
        super().__init__(pfs, memory_bytes, small_bytes, observer, transfers)
        self._asked: SharedCalls[bytes, bytes] = SharedCalls()
        self._blocks = BlockReader(transfers, self.kept, observer)

    async def _read(self, file: File, info: FileInfo) -> bytes:
        """Read together with all others who want the same."""
        return await self._asked.call(info.hash, partial(super()._read, file, info))

    async def _open(self, file: File, info: FileInfo, offset: int, size_bytes: int) -> ByteStream:
        if size_bytes < info.size_bytes:
            stream = await self._blocks.open(file, info, offset, size_bytes)
            if stream is not None:
                return stream
        return await self._transfers.get_file(
            file, file_size_bytes=info.size_bytes, offset=offset, size_bytes=size_bytes
        )
