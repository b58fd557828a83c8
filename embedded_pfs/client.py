"""The embedded PFS as a WholePfs: each call, and whether it is a look-up, a scan or a write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from embedded_pfs import (
    branches,
    changes,
    commits,
    file_sets,
    files,
    listings,
    opening,
    repos,
)
from embedded_pfs.blobs import BlobWriter
from embedded_pfs.branch_cache import BranchCache
from embedded_pfs.commit_calls import EmbeddedCommitCalls
from embedded_pfs.database import Clock, Synchronous, now_us
from embedded_pfs.engine import Engine
from embedded_pfs.staging import inlined
from embedded_pfs.stored_changes import StoredChange, adds, is_little
from embedded_pfs.upkeep import EVERYTHING_STAYS, UpkeepRules
from pfs_client.company import IsAlone, never
from pfs_client.failures import AuthenticationOff, ContentLost
from pfs_client.interface import MAX_FILE_SET_SECONDS, ByteStream, Changes
from pfs_client.observer import UNOBSERVED, Observer
from pfs_client.permissions import Authorization, Permission, Principal
from pfs_client.values import (
    ALL,
    Branch,
    BranchInfo,
    Change,
    Commit,
    File,
    FileInfo,
    FileSetKind,
    Part,
    ProjectInfo,
    Repo,
    RepoInfo,
)
from pfs_client.whole_pfs import WholePfs

_VERSION = f"Embedded PFS {version('pfs-s3-gateway')}"
_NO_USERS = "the embedded PFS knows no users"


class EmbeddedPfs(EmbeddedCommitCalls, WholePfs):
    """A PFS in this process. Create and use it on one event loop.

    Args:
        directory: The data directory, created if it is not there.
        synchronous: SQLite's setting: `full` loses nothing at a power cut, `normal` may lose the
            last commits, `off` may lose everything.
        clock: What file sets expire by, in microseconds since 1970.
        rules: What goes by itself, and when it is looked for.
        observer: Is told how much is stored and how much room is left.
        is_alone: Says whether the event loop has nothing to do but what calls.

    Raises:
        DirectoryRefused: The directory cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        *,
        synchronous: Synchronous = "full",
        clock: Clock = now_us,
        rules: UpkeepRules = EVERYTHING_STAYS,
        observer: Observer = UNOBSERVED,
        is_alone: IsAlone = never,
    ) -> None:
        self.engine = Engine(
            directory,
            synchronous=synchronous,
            clock=clock,
            rules=rules,
            observer=observer,
            is_alone=is_alone,
        )
        self._branches = BranchCache()

    async def get_version(self) -> str:
        """Say which PFS this is."""
        self.engine.glance(
            lambda connection: connection.execute("SELECT 1 FROM project").fetchone()
        )
        return _VERSION

    async def aclose(self) -> None:
        """Let the work under way end and release the directory."""
        await self.engine.close()

    async def list_project(self) -> list[ProjectInfo]:
        """All projects, by name."""
        return self.engine.glance(repos.list_projects)

    async def inspect_project(self, name: str) -> ProjectInfo:
        """One project."""
        return self.engine.glance(repos.inspect_project, name)

    async def create_project(self, name: str, description: str = "") -> None:
        """Create a project."""
        await self.engine.write(repos.create_project, name, description)

    async def delete_project(self, name: str, *, force: bool = False) -> None:
        """Delete a project, with its repos if forced."""
        await self.engine.free(repos.delete_project, name, force=force)

    async def list_repo(self) -> list[RepoInfo]:
        """All repos of all projects."""
        return await self.engine.scan(repos.list_repos)

    async def inspect_repo(self, repo: Repo) -> RepoInfo:
        """One repo."""
        return await self.engine.scan(repos.inspect_repo, repo)

    async def create_repo(self, repo: Repo, description: str = "", *, update: bool = False) -> None:
        """Create a repo, without branches."""
        await self.engine.write(repos.create_repo, repo, description, update=update)

    async def delete_repo(
        self, repo: Repo, *, expect_no_branches: bool = False, force: bool = False
    ) -> bool:
        """Delete a repo with all in it. Its rows and contents go in the background."""
        was_there = await self.engine.free(
            repos.delete_repo, repo, force=force, expect_no_branches=expect_no_branches
        )
        self.engine.upkeep.hurry()
        return was_there

    async def list_branch(self, repo: Repo) -> list[BranchInfo]:
        """All branches of a repo."""
        return await self.engine.scan(branches.list_branches, repo)

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, with its head as it is now."""
        return self.engine.glance(self._branches.inspect_branch, branch)

    async def create_branch(
        self, branch: Branch, *, head: Commit | None = None, provenance: Iterable[Branch] = ()
    ) -> None:
        """Create a branch. One whose head is an existing commit copies that commit's file list."""
        await self.engine.write(branches.create_branch, branch, head, tuple(provenance))

    async def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> None:
        """Delete a branch, if asked only while its head is the expected one."""
        await self.engine.free(branches.delete_branch, branch, expected_head)

    async def start_commit(self, branch: Branch, description: str = "") -> Commit:
        """Open a commit at a branch's head."""
        return await self.engine.write(branches.start_commit, branch, description)

    async def finish_commit(self, commit: Commit, error: str = "") -> None:
        """Close an open commit."""
        await self.engine.free(commits.finish_commit, commit, error)

    async def get_file_set(self, commit: Commit, kind: FileSetKind) -> str:
        """A file set of a commit, or of what it changed."""
        return await self.engine.write(file_sets.of_commit, commit, kind)

    async def who_am_i(self) -> Principal:
        """Nobody is known here."""
        raise AuthenticationOff(_NO_USERS)

    async def authorize(self, repo: Repo, permissions: Iterable[Permission]) -> Authorization:
        """Nobody is known here."""
        raise AuthenticationOff(_NO_USERS)

    async def modify_file(self, branch: Branch, changes_: Sequence[Change]) -> Commit | None:
        """Apply changes as one commit, to a branch that is there: no PUT may create a bucket."""
        small = inlined(changes_)
        if small is not None and is_little(small):
            return await self._modify_little(branch, small)
        async with self.engine.staging() as staging:
            stored = await staging.take(changes_) if small is None else small
            write = self.engine.write if adds(stored) else self.engine.free
            more, commit = await write(changes.modify_branch, self.engine.blobs, branch, stored)
            await staging.settle(more)
        return commit

    async def _modify_little(self, branch: Branch, stored: Sequence[StoredChange]) -> Commit | None:
        """Replace or remove one small file. It is in no place of its own before, or behind."""
        write = self.engine.write_little if adds(stored) else self.engine.free_little
        _, commit = await write(changes.modify_branch, self.engine.blobs, branch, stored)
        self._branches.age()  # the event loop may not have gone on meanwhile
        return commit

    async def modify_stream(self, target: Branch | Commit, changes_: Changes) -> None:
        """Apply a stream of changes to a branch, created if it is missing, or to an open commit."""
        blobs = self.engine.blobs
        async with self.engine.staging() as staging:
            stored = await staging.take(changes_)
            write = self.engine.write if adds(stored) else self.engine.free
            if isinstance(target, Commit):
                more = await write(changes.modify_commit, blobs, target, stored)
            else:
                more, _ = await write(changes.modify_branch, blobs, target, stored, as_pachd=True)
            await staging.settle(more)

    async def create_file_set(self, changes_: Changes) -> str:
        """Store files outside any commit."""
        return await self._create_file_set(changes_, as_pachd=False)

    async def file_set_stream(self, changes_: Changes) -> str:
        """The same as pachd has it."""
        return await self._create_file_set(changes_, as_pachd=True)

    async def _create_file_set(self, changes_: Changes, *, as_pachd: bool) -> str:
        async with self.engine.staging() as staging:
            stored = await staging.take(changes_)
            file_set_id, more = await self.engine.write(
                file_sets.create, self.engine.blobs, stored, as_pachd=as_pachd
            )
            await staging.settle(more)
        return file_set_id

    async def release_file_set(self, file_set_id: str) -> None:
        """Have a file set removed soon."""
        self.engine.upkeep.release(file_set_id)

    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Keep a file set for longer."""
        await self.engine.write(file_sets.renew, file_set_id, ttl_seconds)

    async def compose_file_set(
        self, file_set_ids: Sequence[str], ttl_seconds: int = MAX_FILE_SET_SECONDS
    ) -> str:
        """One file set out of several. Their bytes are read while others may write."""
        writers: list[BlobWriter] = []
        async with self.engine.staging() as staging:
            composed = await self.engine.scan(
                file_sets.composed, self.engine.blobs, file_set_ids, ttl_seconds, writers
            )
            file_set_id = await self.engine.write(
                file_sets.insert, self.engine.blobs, composed, ttl_seconds
            )
            await staging.settle(writers)
        return file_set_id

    async def add_file_set(self, commit: Commit, file_set_id: str) -> None:
        """Put a file set's changes into an open commit."""
        async with self.engine.staging() as staging:
            more = await self.engine.write(
                changes.add_file_set, self.engine.blobs, commit, file_set_id
            )
            await staging.settle(more)

    async def inspect_file(self, file: File) -> FileInfo:
        """One file.

        Raises:
            ContentLost: Its content is not there any more, or not whole.
        """
        try:
            return self.engine.look_up(files.inspect_file, file, self.engine.blobs)
        except ContentLost:  # it may lie in others
            return await self.engine.scan(files.inspect_with_extents, file, self.engine.blobs)

    async def inspect_directory(self, directory: File) -> FileInfo:
        """A directory, with the size and hash of all below it."""
        return await self.engine.scan(listings.inspect_directory, directory)

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """What stands in a directory."""
        return await self.engine.scan(listings.list_file, directory, part)

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """Everything at and below a path."""
        return await self.engine.scan(listings.walk_file, directory, part)

    async def get_file(
        self, file: File, *, offset: int = 0, size_bytes: int | None = None
    ) -> ByteStream:
        """Open a file for reading.

        Raises:
            ValueError: The offset is negative.
            CommitNotFound: There is no such commit, or no such repo.
            CommitNotFinished: It is open, and so is what it is based on.
            FileSetNotFound: It stands for a file set that is not there, or no longer.
            FileNotFound: Nothing stands at the path.
            ContentLost: Its content is not there any more.
            NotAFile: A directory stands there.
        """
        if offset < 0:
            raise ValueError("the offset is negative")
        return await opening.open_file(self.engine, file, offset, size_bytes)
