"""Whether a commit did what a record says: PFS is asked what it changed, and nothing is assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.history.files import each_of, side_by_side
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
    unchanged: list[Entry] = []
    async for entry, done in side_by_side(each_of(entries), difference(pfs, new, old)):
        if entry is None:
            if done is not None and found.foreign is None:
                found.foreign = done.key
        elif done is None:
            # PFS had it already, and what does not change does not show.
            unchanged.append(entry)
        elif not _is_as_said(entry, done):
            found.wrong = entry.key
            return found
    for entry in unchanged:
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
