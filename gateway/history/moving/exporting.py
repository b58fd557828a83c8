"""A branch becomes records: a full one first, and then what each commit changed.

What a commit changed is listed first, and its contents are read after that: a call to pachd that
lists may not take as long as all contents do. The list and what is there of the record say where a
run goes on that was cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from gateway.history.commits import branch_at, history_of
from gateway.history.files import files_of
from gateway.history.log import ADDED, DELETED, what_became
from gateway.history.moving.folder import BranchFolder, Complete, ExportFolder
from gateway.history.moving.lines import LinesWriter, is_whole
from gateway.history.moving.records import Entry, Header, read_entries
from gateway.history.places import HistoryRefused, Place
from pfs_client.failures import CommitNotFound
from pfs_client.values import (
    SMALL_FILE_BYTES,
    BranchInfo,
    Commit,
    CommitInfo,
    File,
    FileInfo,
    small_file_hash,
)
from pfs_client.whole_pfs import WholePfs

BATCH_FILES = 1000
_BATCH_BYTES = 256_000_000
_AT_ONCE = 4
_KNOWN_HASHES = 50_000


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has of a bucket now, and what this run has added."""

    bucket: str
    complete: Complete
    new_records: int
    changes: int


async def export_branch(
    pfs: WholePfs, place: Place, export: ExportFolder, *, history: bool
) -> Exported:
    """Bring an export up to date with a branch.

    Raises:
        HistoryRefused: There is no such branch, or the export's last commit is not in its history.
    """
    branch = await branch_at(pfs, place)
    head = await pfs.inspect_commit(branch.head)
    if not head.is_open:
        await pfs.inspect_commit(branch.head, wait_finished=True)
    folder = export.branch(place.bucket)
    folder.prepare()
    run = _Run(pfs, branch, export, folder, history=history)
    await run.go()
    return Exported(place.bucket, folder.set_complete(), run.new_records, run.changes)


class _Run:
    """One run of export, on one branch."""

    def __init__(
        self,
        pfs: WholePfs,
        branch: BranchInfo,
        export: ExportFolder,
        folder: BranchFolder,
        *,
        history: bool,
    ) -> None:
        self._pfs = pfs
        self._branch = branch
        self._contents = export.contents
        self._folder = folder
        self._last = folder.last()
        if self._last is not None and history and not self._last.history:
            raise HistoryRefused(
                f"the export of {folder.bucket} was begun without --history: name another folder"
            )
        # Records that leave commits out, between records that do not, would look like a history.
        self._history = history if self._last is None else self._last.history
        self._known: dict[str, str] = {}
        self.new_records = 0
        self.changes = 0

    @property
    def _number(self) -> int:
        return 1 if self._last is None else self._last.number + 1

    async def go(self) -> None:
        """Write all records that are missing."""
        infos = await self._missing()
        pending = await self._pending(infos)
        if pending is not None:
            await self._record(pending)
        for info in infos:
            if pending is None or info.commit.id != pending.commit:
                await self._record(Header.of(info, self._number, history=self._history))

    async def _missing(self) -> list[CommitInfo]:
        """The commits that have no record, the oldest first; without history only the newest."""
        found: list[CommitInfo] = []
        async for info in history_of(self._pfs, self._branch):
            if self._last is not None and info.commit.id == self._last.commit:
                return found[::-1]
            if not (info.is_open or info.error) and (self._history or not found):
                found.append(info)
            if self._last is None and found and not self._history:
                return found
        if self._last is not None:
            raise HistoryRefused(
                f"{self._folder.bucket} is not based any more on commit {self._last.commit}, with"
                " which the export ends: name another folder"
            )
        return found[::-1]

    async def _pending(self, infos: list[CommitInfo]) -> Header | None:
        """The commit whose record was cut off, if it may still be written."""
        pending = self._folder.pending(self._number)
        if pending is not None and pending.history == self._history:
            is_next = bool(infos) and infos[0].commit.id == pending.commit
            if is_next or (not self._history and await self._is_there(pending)):
                return pending
        self._folder.forget(self._number)
        return None

    async def _is_there(self, header: Header) -> bool:
        try:
            await self._pfs.inspect_commit(self._commit(header))
        except CommitNotFound:
            return False
        return True

    async def _record(self, header: Header) -> None:
        """Write the record of a commit, or the rest of it."""
        number = header.number
        listed = self._folder.listed(number)
        if not is_whole(listed):
            self._folder.forget(number)
            await self._list(header)
        if number == 1 and next(read_entries(listed), None) is None:
            # What every branch begins with. The next commit is the first one, then.
            self._folder.forget(number)
            return
        with LinesWriter(self._folder.unfinished(number)) as part:
            if not part.count:
                part.write([header.fields()])
            left = islice(read_entries(listed), part.count - 1, None)
            for batch in batches(left):
                await self._bring(header, batch, part)
            part.end(self._folder.record(number))
        self._folder.forget(number)
        self._last = header
        self.new_records += 1

    async def _list(self, header: Header) -> None:
        """List what a commit did. The list need not outlive a power cut."""
        path = self._folder.unfinished(header.number)
        with LinesWriter(path) as lines:
            lines.write([header.fields()])
            commit = self._commit(header)
            if self._last is None:
                found = all_files(self._pfs, commit)
            else:
                found = difference(self._pfs, commit, self._commit(self._last))
            async for entry in found:
                lines.write([entry.fields()])
            lines.end(self._folder.listed(header.number))

    async def _bring(self, header: Header, batch: list[Entry], part: LinesWriter) -> None:
        """Bring contents, and write down what is on the disk."""
        commit = self._commit(header)
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def brought(entry: Entry) -> Entry:
            if entry.is_deleted:
                return entry
            async with at_once:
                return entry.with_sha256(await self._sha256(commit, entry))

        entries = await _all_of([brought(entry) for entry in batch])
        await self._contents.settle()
        part.write(entry.fields() for entry in entries)
        await asyncio.to_thread(part.sync)
        self.changes += len(entries)

    async def _sha256(self, commit: Commit, entry: Entry) -> str:
        """Bring a file's content, unless this run has brought the same."""
        known = self._known.get(entry.pfs_hash)
        if known is not None:
            return known
        async with await self._pfs.get_file(File(commit, entry.path)) as pieces:
            if entry.size_bytes <= SMALL_FILE_BYTES:
                content = b"".join([piece async for piece in pieces])
                self._check(entry, len(content), small_file_hash(content))
                sha256, size_bytes = await self._contents.take(_once(content))
            else:
                sha256, size_bytes = await self._contents.take(aiter(pieces))
        self._check(entry, size_bytes)
        if len(self._known) == _KNOWN_HASHES:
            self._known.clear()
        self._known[entry.pfs_hash] = sha256
        return sha256

    def _check(self, entry: Entry, size_bytes: int, hash_: bytes | None = None) -> None:
        if size_bytes != entry.size_bytes or (hash_ and hash_.hex() != entry.pfs_hash):
            raise HistoryRefused(
                f"{self._folder.bucket}/{entry.key} did not come as PFS lists it: run the command"
                " again"
            )

    def _commit(self, header: Header) -> Commit:
        return Commit(self._branch.branch.repo, header.commit)


async def all_files(pfs: WholePfs, commit: Commit) -> AsyncIterator[Entry]:
    """All files of a commit."""
    async for info in files_of(pfs, commit):
        yield entry_of_info(info, ADDED)


async def difference(pfs: WholePfs, new: Commit, old: Commit | None) -> AsyncIterator[Entry]:
    """What differs between two commits, in the order of keys; None for the one before."""
    base = None if old is None else File(old, "/")
    async for diff in pfs.diff_file(File(new, "/"), base):
        if (became := what_became(diff)) is not None:
            what, file = became
            yield Entry(file.path[1:], what) if what == DELETED else entry_of_info(file, what)


def entry_of_info(info: FileInfo, what: str) -> Entry:
    """A file, as what has become of it."""
    return Entry(info.path[1:], what, info.size_bytes, pfs_hash=info.hash.hex())


def batches(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    """Entries in groups of some files, or of some bytes."""
    batch: list[Entry] = []
    size_bytes = 0
    for entry in entries:
        batch.append(entry)
        size_bytes += entry.size_bytes
        if len(batch) == BATCH_FILES or size_bytes >= _BATCH_BYTES:
            yield batch
            batch, size_bytes = [], 0
    if batch:
        yield batch


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _all_of(works: Iterable[Coroutine[None, None, Entry]]) -> list[Entry]:
    """What all of them return. Where one fails, the others are ended."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
