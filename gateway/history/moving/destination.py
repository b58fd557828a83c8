"""The branch that an import fills: what it has, and where the import goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.history.commits import branch_at, history_of, writable_branch
from gateway.history.moving.collisions import in_the_way
from gateway.history.moving.folder import Complete
from gateway.history.moving.marks import Marks, Step
from gateway.history.moving.records import Entry, Header
from gateway.history.places import HistoryRefused, Place
from pfs_client.failures import BranchNotFound, CommitNotFinished, ProjectExists, RepoExists
from pfs_client.values import DEFAULT_PROJECT, Commit, CommitInfo, File, Part
from pfs_client.whole_pfs import WholePfs


@dataclass(frozen=True, slots=True)
class Position:
    """The last step that is done, and the one whose commit is open."""

    done: Step | None = None
    open: tuple[Step, CommitInfo] | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """A branch of a PFS, and the marks of what is imported into it."""

    pfs: WholePfs
    place: Place
    marks: Marks

    async def make(self) -> None:
        """Make project, repo and branch, unless they are there.

        Raises:
            HistoryRefused: A pipeline writes the branch.
        """
        repo = self.place.branch.repo
        if repo.project != DEFAULT_PROJECT:
            with contextlib.suppress(ProjectExists):
                await self.pfs.create_project(repo.project)
        with contextlib.suppress(RepoExists):
            await self.pfs.create_repo(repo)
        try:
            await self.pfs.inspect_branch(self.place.branch)
        except BranchNotFound:
            await self.pfs.create_branch(self.place.branch)
        await writable_branch(self.pfs, self.place)

    async def start(self, step: Step, header: Header) -> Commit:
        """Open the commit of a step.

        Raises:
            HistoryRefused: Somebody else has opened one.
        """
        text = self.marks.describe(step, header)
        try:
            return await self.pfs.start_commit(self.place.branch, text)
        except CommitNotFinished:
            raise self.held_open() from None

    async def refuse_in_the_way(self, entries: Iterator[Entry]) -> None:
        """See that nothing that the branch has besides is in the way of what comes.

        Raises:
            HistoryRefused: Something is. pachd would take the commit, and lose it
                (`docs/pachd.md`, hazard 4).
        """
        head = (await branch_at(self.pfs, self.place)).head
        found = await in_the_way(self.pfs, head, entries)
        if found is not None:
            raise HistoryRefused(
                f"{self.place.bucket}/{found} is in the way of what the export has: a file and a"
                " folder cannot have the same name. Remove it, and run the command again"
            )

    async def base_of(self, commit: Commit, step: Step) -> Commit | None:
        """What a step's commit is compared with: the one before its record, if there is one."""
        async for info in self.pfs.list_commit(commit.repo, newest=commit):
            if info.commit == commit or info.error:
                continue
            done = self.marks.step_of(info.description)
            if done is None or done.number != step.number:
                return info.commit
        return None

    async def finish(self, commit: Commit) -> None:
        """Close a commit, and wait until it is there to stay.

        Raises:
            HistoryRefused: PFS has dropped what it held (`docs/pachd.md`, hazard 4).
        """
        await self.pfs.finish_commit(commit)
        info = await self.pfs.inspect_commit(commit, wait_finished=True)
        if info.error:
            raise HistoryRefused(
                f"commit {commit.id} failed, and what it held is lost: {info.error}. Remove from"
                f" {self.place.bucket} what is in the way, and run the command again"
            )

    def held_open(self) -> HistoryRefused:
        """What is told where the branch has an open commit of somebody else's."""
        return HistoryRefused(
            f"{self.place.bucket} has an open commit that is not of this import: s3gateway commit"
            f" finish {self.place.bucket} closes it"
        )

    async def has_files(self, commit: Commit) -> bool:
        """Whether there is any file in a commit."""
        return bool(await self.pfs.walk_file(File(commit, "/"), Part(files=1)))


async def position_of(destination: Destination, complete: Complete, *, merge: bool) -> Position:
    """Where an import goes on.

    Raises:
        HistoryRefused: The branch has other commits, or more of this export than there is.
    """
    position = await _found(destination, merge=merge)
    last = position.done if position.open is None else position.open[0]
    if last is not None and last.number > complete.records:
        raise HistoryRefused(
            f"{destination.place.bucket} has commit {last.number} of this export already, which has"
            f" {complete.records} now: run s3gateway export again, into the folder that was"
            " imported"
        )
    return position


async def _found(destination: Destination, *, merge: bool) -> Position:
    branch = await branch_at(destination.pfs, destination.place)
    head = await destination.pfs.inspect_commit(branch.head)
    open_: tuple[Step, CommitInfo] | None = None
    if head.is_open:
        step = destination.marks.step_of(head.description)
        if step is None:
            raise destination.held_open()
        open_ = step, head
    else:
        await destination.pfs.inspect_commit(branch.head, wait_finished=True)
    is_foreign = False
    async for info in history_of(destination.pfs, branch):
        if info.is_open or info.error:
            continue
        step = destination.marks.step_of(info.description)
        if step is not None:
            _refuse_if(destination, is_foreign and not merge)
            return Position(step, open_)
        if not is_foreign and open_ is None and not merge:
            _refuse_if(destination, await destination.has_files(info.commit))
        is_foreign = is_foreign or open_ is None
    return Position(None, open_)


def _refuse_if(destination: Destination, is_refused: bool) -> None:
    if is_refused:
        bucket = destination.place.bucket
        raise HistoryRefused(
            f"{bucket} has commits that are not of this import: name another bucket with --as, or"
            " import on top of what it has, with --merge"
        )
