"""Files as a tar stream, for GetFileTAR."""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from embedded_pfs.engine import Engine
from embedded_pfs.files import Entry

_BLOCK_BYTES = 512


async def tar_stream(
    engine: Engine, entries: Iterable[Entry], committed: datetime | None
) -> AsyncIterator[bytes]:
    """Write entries as members, read as the stream is taken."""
    for entry in entries:
        yield _head(entry, committed)
        if entry.content is None:
            continue
        async with await engine.open_content(entry.content, entry.shown) as stream:
            async for piece in stream:
                yield piece
        if padding := -entry.content.size_bytes % _BLOCK_BYTES:
            yield bytes(padding)
    yield bytes(2 * _BLOCK_BYTES)


def _head(entry: Entry, committed: datetime | None) -> bytes:
    member = tarfile.TarInfo(entry.shown)
    member.mtime = int(committed.timestamp()) if committed else 0
    if entry.content is None:
        member.type = tarfile.DIRTYPE
        member.mode = 0o755
    else:
        member.size = entry.content.size_bytes
    return member.tobuf(tarfile.GNU_FORMAT)
