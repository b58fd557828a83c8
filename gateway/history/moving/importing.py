"""Records become commits of a branch, one for each.

The files of a commit go into an open commit, in parts. Its description says which record it is of,
and a file in it how much of the record is there: each part brings both in one stream, and the last
one removes that file. The commit is compared with its record before it is closed. So wherever an
import is cut off, the next run goes on there, and what a commit says of itself is true.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from gateway.history.commits import branch_at
from gateway.history.moving.collisions import must_go_first
from gateway.history.moving.comparing import Compared, compare
from gateway.history.moving.contents import Contents
from gateway.history.moving.destination import Destination, Position, position_of
from gateway.history.moving.exporting import batches
from gateway.history.moving.folder import BranchFolder, Complete, ExportFolder
from gateway.history.moving.lines import Damaged
from gateway.history.moving.marks import Marks, Step
from gateway.history.moving.records import Entry, read_entries, read_header
from gateway.history.places import HistoryRefused, Place
from pfs_client.failures import FileNotFound
from pfs_client.values import AddFile, Change, Commit, DeleteFile, File
from pfs_client.whole_pfs import WholePfs

_PROGRESS = "/_s3gateway_import"
_LAST = True


@dataclass(frozen=True, slots=True)
class Imported:
    """What a bucket has now of an export, and what this run has added."""

    bucket: str
    source: str
    complete: Complete
    new_commits: int
    changes: int
    head: Commit


async def import_branch(
    pfs: WholePfs, place: Place, export: ExportFolder, source: str, *, merge: bool
) -> Imported:
    """Bring a branch up to date with an export. Repo, project and branch are made if need be.

    Args:
        pfs: Where to.
        place: The bucket to fill.
        export: Where from.
        source: The bucket in it.
        merge: Go on although the branch has other commits.

    Raises:
        HistoryRefused: The export is not whole, or the branch is not what it may be.
    """
    folder = export.branch(source)
    complete = folder.complete()
    if complete is None:
        raise HistoryRefused(f"the export of {source} is not whole: run s3gateway export again")
    marks = Marks(export.id, source)
    destination = Destination(pfs, place, marks)
    await destination.make()
    position = await position_of(destination, complete, merge=merge)
    run = _Run(destination, folder, export.contents, merge=merge)
    await run.go(position, complete)
    head = (await branch_at(pfs, place)).head
    return Imported(place.bucket, source, complete, run.new_commits, run.changes, head)


class _Run:
    """One run of import, into one branch."""

    def __init__(
        self, destination: Destination, folder: BranchFolder, contents: Contents, *, merge: bool
    ) -> None:
        self._destination = destination
        self._pfs = destination.pfs
        self._folder = folder
        self._contents = contents
        self._merge = merge
        self.new_commits = 0
        self.changes = 0

    async def go(self, position: Position, complete: Complete) -> None:
        """Make all commits that are missing."""
        done = position.done
        if position.open is not None:
            step, info = position.open
            await self._finish(step, info.commit)
            done = step
        for number in range(_next_number(done), complete.records + 1):
            needs_removals = self._look_at(number)
            if needs_removals and done != Step(number, not _LAST):
                await self._step(Step(number, not _LAST))
            await self._step(Step(number, _LAST))

    def _look_at(self, number: int) -> bool:
        """See that a record is whole; say whether files must go before others can come."""
        path = self._folder.record(number)
        for entry in read_entries(path):
            if not entry.is_deleted:
                self._contents.check_there(entry.sha256, entry.size_bytes)
        return must_go_first(read_entries(path))

    async def _step(self, step: Step) -> None:
        header = read_header(self._folder.record(step.number))
        if header.number != step.number:
            raise Damaged(f"{self._folder.record(step.number)} is of another commit")
        if self._merge:
            await self._destination.refuse_in_the_way(self._entries(step))
        commit = await self._destination.start(step, header)
        await self._finish(step, commit, is_new=True)

    async def _finish(self, step: Step, commit: Commit, *, is_new: bool = False) -> None:
        """Bring what is missing in an open commit, compare it, and close it."""
        base = await self._destination.base_of(commit, step)
        done = 0 if is_new else await self._progress(commit)
        if is_new or done or not await self._is_right(step, commit, base):
            await self._fill(step, commit, done)
            await self._refuse_wrong(step, commit, base)
        await self._destination.finish(commit)
        self.new_commits += 1

    async def _fill(self, step: Step, commit: Commit, done: int) -> None:
        parts = batches(islice(self._entries(step), done, None))
        part = next(parts, None)
        while part is not None:
            done += len(part)
            following = next(parts, None)
            progress: list[Change] = [DeleteFile(_PROGRESS)]
            if following is not None:
                progress.append(AddFile(_PROGRESS, str(done).encode()))
            await self._pfs.modify_stream(commit, self._changes(part, progress))
            self.changes += len(part)
            part = following

    async def _progress(self, commit: Commit) -> int:
        """How many entries of the record are in an open commit."""
        try:
            async with await self._pfs.get_file(File(commit, _PROGRESS)) as pieces:
                said = b"".join([piece async for piece in pieces])
        except FileNotFound:
            return 0
        return int(said)

    async def _changes(
        self, batch: Iterable[Entry], progress: Iterable[Change]
    ) -> AsyncIterator[Change]:
        """What brings entries; and last, so that it is there only with them, how many there are."""
        for entry in batch:
            yield DeleteFile(entry.path)
            if entry.is_deleted:
                continue
            if not entry.size_bytes:
                yield AddFile(entry.path, b"")
            async for piece in self._contents.pieces(entry.sha256, entry.size_bytes):
                yield AddFile(entry.path, piece)
        for change in progress:
            yield change

    async def _is_right(self, step: Step, commit: Commit, base: Commit | None) -> bool:
        compared = await self._compare(step, commit, base)
        return compared.wrong is None and (self._merge or compared.foreign is None)

    async def _refuse_wrong(self, step: Step, commit: Commit, base: Commit | None) -> None:
        """See that an open commit is as its record says.

        Raises:
            HistoryRefused: It is not.
        """
        compared = await self._compare(step, commit, base)
        bucket = self._destination.place.bucket
        if compared.wrong is not None:
            raise HistoryRefused(
                f"{bucket}/{compared.wrong} is not as the export has it: somebody writes to the"
                " bucket, or deletes from it; stop that, and run the command again"
            )
        if compared.foreign is not None and not self._merge:
            raise HistoryRefused(
                f"{bucket}/{compared.foreign} was changed while the import ran, and is not of it:"
                " bring it back as it was, and run the command again; or keep it, with --merge"
            )

    async def _compare(self, step: Step, commit: Commit, base: Commit | None) -> Compared:
        entries = self._entries(step)
        return await compare(self._pfs, commit, base, entries)

    def _entries(self, step: Step) -> Iterator[Entry]:
        entries = read_entries(self._folder.record(step.number))
        return entries if step.is_last else (entry for entry in entries if entry.is_deleted)


def _next_number(done: Step | None) -> int:
    """The record to go on with: the next, or the same where only its removals are done."""
    if done is None:
        return 1
    return done.number + 1 if done.is_last else done.number
