"""Whether a commit did what a record says: PFS is asked what it changed, and nothing is assumed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from gateway.history.log import ADDED
from gateway.history.moving.exporting import difference, entry_of_info
from gateway.history.moving.records import Entry
from pfs_client.failures import FileNotFound, NotAFile
from pfs_client.values import SMALL_FILE_BYTES, Commit, File
from pfs_client.whole_pfs import WholePfs


@dataclass(slots=True)
class Compared:
    """The first key that is not as the record says, and the first that it does not name."""

    wrong: str | None = None
    foreign: str | None = None
    _unchanged: list[Entry] = field(default_factory=list)


async def compare(
    pfs: WholePfs,
    new: Commit,
    old: Commit | None,
    entries: Iterator[Entry],
) -> Compared:
    """Compare what differs between two commits with what a record says.

    Args:
        pfs: Where they are.
        new: The newer one, which may be open.
        old: The older one; None for nothing.
        entries: Of the record, in the order of keys.
    """
    found = Compared()
    async for entry, done in side_by_side(entries, difference(pfs, new, old)):
        if entry is None:
            if done is not None and found.foreign is None:
                found.foreign = done.key
        elif done is None:
            # PFS had it already, and what does not change does not show.
            found._unchanged.append(entry)
        elif not _is_as_said(entry, done):
            found.wrong = entry.key
            return found
    for entry in found._unchanged:
        if not _is_as_said(entry, await _there(pfs, new, entry)):
            found.wrong = entry.key
            break
    return found


async def _there(pfs: WholePfs, commit: Commit, entry: Entry) -> Entry | None:
    try:
        return entry_of_info(await pfs.inspect_file(File(commit, entry.path)), ADDED)
    except (FileNotFound, NotAFile):
        return None


def _is_as_said(entry: Entry, done: Entry | None) -> bool:
    """Whether a file is what it should be.

    PFS's hash of a small file follows from its bytes; of a large one the size is compared, and its
    bytes were hashed while they were sent.
    """
    if entry.is_deleted or done is None or done.is_deleted:
        return entry.is_deleted and (done is None or done.is_deleted)
    if done.size_bytes != entry.size_bytes:
        return False
    return entry.size_bytes > SMALL_FILE_BYTES or entry.pfs_hash == done.pfs_hash


async def side_by_side(
    entries: Iterator[Entry], differences: AsyncIterator[Entry]
) -> AsyncIterator[tuple[Entry | None, Entry | None]]:
    """What a record and a PFS say, key by key, with None where one of them says nothing."""
    entry, done = next(entries, None), await anext(differences, None)
    while entry is not None or done is not None:
        if done is None or (entry is not None and entry.key < done.key):
            yield entry, None
            entry = next(entries, None)
        elif entry is None or done.key < entry.key:
            yield None, done
            done = await anext(differences, None)
        else:
            yield entry, done
            entry, done = next(entries, None), await anext(differences, None)
