"""Ranges of large files, read in blocks that are kept.

pachd has no length to give to GetFile and sends up to 19 MiB before it hears that we had enough
(`docs/pachd.md`, "Reading files"), so that a small range costs as much as a large one. What is read
is kept in blocks, and who reads on in a file finds more of it read ahead each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from cachetools import LRUCache

from pfs_client.failures import PfsFailure
from pfs_client.interface import ByteStream
from pfs_client.limits.transfers import Transfers
from pfs_client.observer import Observer
from pfs_client.values import File, FileInfo

BLOCK_BYTES = 1024 * 1024
MAX_BLOCKS_AHEAD = 16
_MAX_RANGE_BYTES = 8 * BLOCK_BYTES
_MAX_FILES_FOLLOWED = 1000


class BlockReader:
    """Reads ranges through blocks.

    Args:
        transfers: Bring contents.
        blocks: Where blocks are kept, by their file's hash and number; who else keeps things there
            uses other keys.
        observer: Is told which blocks were there.
    """

    def __init__(
        self, transfers: Transfers, blocks: LRUCache[object, bytes], observer: Observer
    ) -> None:
        self._transfers = transfers
        self._observer = observer
        self._blocks = blocks
        self._coming: dict[tuple[bytes, int], _Run] = {}
        self._followed: LRUCache[bytes, tuple[int, int]] = LRUCache(_MAX_FILES_FOLLOWED)
        """By hash: the block behind the last that were read, and how many those were."""

    async def open(
        self, file: File, info: FileInfo, offset: int, size_bytes: int
    ) -> ByteStream | None:
        """Open a range; None where it is so large that it is better read by itself.

        Raises:
            PfsFailure: The first of it cannot be read.
        """
        if size_bytes > min(_MAX_RANGE_BYTES, self._blocks.maxsize // 4):
            return None
        stream = _BlockStream(self, file, info, offset, size_bytes)
        await stream.open()
        return stream

    async def block(self, file: File, info: FileInfo, number: int, last: int) -> bytes:
        """One block, read together with those that will be wanted: up to `last`, or further on."""
        key = (info.hash, number)
        kept = self._blocks.get(key)
        self._observer.cache_asked("block", hit=kept is not None)
        if kept is not None:
            return kept
        run = self._coming.get(key)
        if run is None or run.is_ended:
            run = self._begin(file, info, number, last)
        return await run.block(number)

    def keep(self, info: FileInfo, number: int, block: bytes) -> None:
        """Remember a block that has come."""
        self._coming.pop((info.hash, number), None)
        if len(block) <= self._blocks.maxsize:
            self._blocks[info.hash, number] = block

    def forget(self, run: _Run) -> None:
        """Let nobody wait for a run that has ended."""
        for key in [key for key, coming in self._coming.items() if coming is run]:
            del self._coming[key]

    def _begin(self, file: File, info: FileInfo, number: int, last: int) -> _Run:
        expected, ahead = self._followed.get(info.hash, (-1, 0))
        ahead = min(ahead * 2, MAX_BLOCKS_AHEAD) if number == expected else 0
        end = min(max(last + 1, number + ahead), -(-info.size_bytes // BLOCK_BYTES))
        for there in range(number + 1, end):
            if (info.hash, there) in self._blocks or (info.hash, there) in self._coming:
                end = there
                break
        self._followed[info.hash] = (end, end - number)
        run = _Run(self, self._transfers, file, info, number, end)
        for coming in range(number, end):
            self._coming[info.hash, coming] = run
        return run


class _Run:
    """One GetFile that brings some blocks, in order."""

    def __init__(
        self,
        reader: BlockReader,
        transfers: Transfers,
        file: File,
        info: FileInfo,
        first: int,
        end: int,
    ) -> None:
        self._reader = reader
        self._transfers = transfers
        self._file = file
        self._info = info
        self._first = first
        self._end = end
        loop = asyncio.get_running_loop()
        self._blocks: dict[int, asyncio.Future[bytes]] = {
            number: loop.create_future() for number in range(first, end)
        }
        self._waiting = 0
        self._task = asyncio.create_task(self._read())

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will come."""
        return self._task.done()

    async def block(self, number: int) -> bytes:
        """Wait for a block. If who waits is cancelled and nobody else does, so is the run."""
        self._waiting += 1
        try:
            return await asyncio.shield(self._blocks[number])
        except asyncio.CancelledError:
            if self._waiting == 1:
                # At once: who asks before the task has ended must not wait for what is given up.
                self._reader.forget(self)
                self._task.cancel()
            raise
        finally:
            self._waiting -= 1

    async def _read(self) -> None:
        failure: BaseException = PfsFailure("a file is shorter than its size")
        try:
            await self._fill()
        except (Exception, asyncio.CancelledError) as error:
            failure = error
        self._reader.forget(self)
        for future in self._blocks.values():
            if not future.done():
                future.set_exception(_told(failure))
                future.exception()  # there may be nobody to look

    async def _fill(self) -> None:
        number = self._first
        size_bytes = min(self._end * BLOCK_BYTES, self._info.size_bytes) - number * BLOCK_BYTES
        stream = await self._transfers.get_file(
            self._file,
            file_size_bytes=self._info.size_bytes,
            offset=number * BLOCK_BYTES,
            size_bytes=size_bytes,
        )
        async with stream:
            async for block in _in_blocks(stream):
                self._reader.keep(self._info, number, block)
                self._blocks[number].set_result(block)
                number += 1


class _BlockStream(ByteStream):
    """A range, out of blocks."""

    def __init__(
        self, reader: BlockReader, file: File, info: FileInfo, offset: int, size_bytes: int
    ) -> None:
        self._reader = reader
        self._file = file
        self._info = info
        self._at = offset
        self._end = offset + size_bytes
        self._first = b""

    async def open(self) -> None:
        """Await the first bytes."""
        self._first = await self._next()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._first
        while self._at < self._end:
            yield await self._next()

    async def aclose(self) -> None:
        """Nothing is held between two pieces."""

    async def _next(self) -> bytes:
        number, skip = divmod(self._at, BLOCK_BYTES)
        last = (self._end - 1) // BLOCK_BYTES
        block = await self._reader.block(self._file, self._info, number, last)
        piece = block[skip : skip + self._end - self._at]
        if not piece:
            raise PfsFailure("a block of a file is shorter than it should be")
        self._at += len(piece)
        return piece


async def _in_blocks(stream: ByteStream) -> AsyncIterator[bytes]:
    """Cut what comes into blocks; the last may be shorter."""
    gathered = bytearray()
    async for piece in stream:
        view = memoryview(piece)
        while len(gathered) + len(view) >= BLOCK_BYTES:
            wanted = BLOCK_BYTES - len(gathered)
            yield b"".join((gathered, view[:wanted]))
            gathered.clear()
            view = view[wanted:]
        gathered += view
    if gathered:
        yield bytes(gathered)


def _told(failure: BaseException) -> Exception:
    """What those who still wait are told."""
    if isinstance(failure, asyncio.CancelledError):
        return PfsFailure("the read was given up")
    return failure if isinstance(failure, Exception) else PfsFailure(repr(failure))
