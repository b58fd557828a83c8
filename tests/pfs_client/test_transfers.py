"""Large transfers share a memory, and whoever ends, however, makes room for the next."""

from __future__ import annotations

import asyncio
import os

import pytest

from pfs_client.failures import FileNotFound, PfsOverloaded
from pfs_client.interface import ByteStream
from pfs_client.limits.transfers import DOWNLOAD_BYTES, UPLOAD_BYTES, Transfers
from pfs_client.values import File
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_contract.reading import head_of, put

CONTENT = os.urandom(3_000_000)


@pytest.fixture
def transfers(pachd: Pachd) -> Transfers:
    """Room for one."""
    return Transfers(pachd.pfs, DOWNLOAD_BYTES, wait_seconds=0.2)


async def opened(transfers: Transfers, file: File) -> ByteStream:
    return await transfers.get_file(file, file_size_bytes=10 * DOWNLOAD_BYTES)


async def stored(pachd: Pachd) -> File:
    await put(pachd.pfs, BRANCH, "/a", CONTENT)
    return File(await head_of(pachd.pfs, BRANCH), "/a")


async def test_a_download_makes_room_when_it_ends_or_is_given_up(
    pachd: Pachd, transfers: Transfers
) -> None:
    file = await stored(pachd)
    async with await opened(transfers, file) as stream:
        with pytest.raises(PfsOverloaded):
            await opened(transfers, file)
        assert b"".join([piece async for piece in stream]) == CONTENT
        await (await opened(transfers, file)).aclose()  # it has ended, if it is not closed yet
    async with await opened(transfers, file) as stream:
        async for _ in stream:
            break
    await opened(transfers, file)
    with pytest.raises(PfsOverloaded):  # and none has given back what it did not have
        await opened(transfers, file)


async def test_a_download_that_fails_makes_room(pachd: Pachd, transfers: Transfers) -> None:
    file = await stored(pachd)
    for _ in range(3):
        with pytest.raises(FileNotFound):
            await opened(transfers, File(file.commit, "/none"))
    gate = pachd.wire.hold("GetFile")
    waiting = asyncio.create_task(opened(transfers, file))
    await pachd.wire.came("GetFile", 4)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()
    await (await opened(transfers, file)).aclose()


async def test_small_files_leave_room_for_others(pachd: Pachd, transfers: Transfers) -> None:
    file = await stored(pachd)
    both = [
        await transfers.get_file(file, file_size_bytes=DOWNLOAD_BYTES // 2, offset=offset)
        for offset in (0, 100)
    ]
    for stream in both:
        await stream.aclose()


async def test_uploads_make_room(pachd: Pachd) -> None:
    transfers = Transfers(pachd.pfs, UPLOAD_BYTES, wait_seconds=0.2)
    async with transfers.upload():
        with pytest.raises(PfsOverloaded):
            async with transfers.upload():
                pass
    async with transfers.upload():
        pass


async def test_an_upload_of_known_size_takes_no_more_than_it_has(pachd: Pachd) -> None:
    transfers = Transfers(pachd.pfs, UPLOAD_BYTES, wait_seconds=0.2)
    async with transfers.upload(UPLOAD_BYTES // 2), transfers.upload(UPLOAD_BYTES // 2):
        pass
