"""Files as a tar stream, for GetFileTAR."""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator

from pfs_client.interface import PfsClient
from pfs_client.values import Commit, File, FileInfo

_BLOCK_BYTES = 512


async def tar_stream(
    pfs: PfsClient, commit: Commit, infos: AsyncIterator[FileInfo]
) -> AsyncIterator[bytes]:
    """Write files and directories as members, read as the stream is taken."""
    async for info in infos:
        yield _head(info)
        if not info.is_file:
            continue
        async with await pfs.get_file(File(commit, info.path)) as stream:
            async for piece in stream:
                yield piece
        if padding := -info.size_bytes % _BLOCK_BYTES:
            yield bytes(padding)
    yield bytes(2 * _BLOCK_BYTES)


def _head(info: FileInfo) -> bytes:
    member = tarfile.TarInfo(info.path)
    member.mtime = int(info.committed.timestamp()) if info.committed else 0
    if info.is_file:
        member.size = info.size_bytes
    else:
        member.type = tarfile.DIRTYPE
        member.mode = 0o755
    return member.tobuf(tarfile.GNU_FORMAT)
