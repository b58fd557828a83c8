"""The embedded PFS as a PfsClient."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from embedded_pfs import branches, changes, commits, file_sets, files, listings, repos
from embedded_pfs.blobs import INLINE_MAX_BYTES
from embedded_pfs.branch_cache import BranchCache
from embedded_pfs.database import Synchronous
from embedded_pfs.engine import Engine
from pfs_client.interface import ByteStream, Changes, PfsClient
from pfs_client.pachd import hazards
from pfs_client.pachd.hazards import checked
from pfs_client.values import (
    ALL,
    Branch,
    BranchInfo,
    Change,
    Commit,
    CommitInfo,
    File,
    FileInfo,
    Part,
    ProjectInfo,
    Repo,
    RepoInfo,
)

_VERSION = "embedded 1"
_POLL_SECONDS = 0.02


class EmbeddedPfs(PfsClient):
    """A PFS in this process. Create and use it on one event loop.

    Args:
        directory: The data directory, created if it is not there.
        synchronous: SQLite's setting: `full` loses nothing at a power cut, `normal` may lose the
            last commits, `off` may lose everything.

    Raises:
        DirectoryRefused: The directory cannot be used.
    """

    supports_conditions = True
    refuses_collisions = True
    is_remote = False
    small_file_bytes = INLINE_MAX_BYTES

    def __init__(self, directory: Path, *, synchronous: Synchronous = "full") -> None:
        self.engine = Engine(directory, synchronous=synchronous)
        self._branches = BranchCache()

    async def get_version(self) -> str:
        """Say which PFS this is."""
        self.engine.look_up(
            lambda connection: connection.execute("SELECT 1 FROM project").fetchone()
        )
        return _VERSION

    async def aclose(self) -> None:
        """Let the work under way end and release the directory."""
        await self.engine.close()

    async def list_project(self) -> list[ProjectInfo]:
        """All projects, by name."""
        return self.engine.look_up(repos.list_projects)

    async def create_project(self, name: str, description: str = "") -> None:
        """Create a project."""
        await self.engine.write(repos.create_project, name, description)

    async def list_repo(self) -> list[RepoInfo]:
        """All repos of all projects."""
        return await self.engine.scan(repos.list_repos)

    async def inspect_repo(self, repo: Repo) -> RepoInfo:
        """One repo."""
        return await self.engine.scan(repos.inspect_repo, repo)

    async def create_repo(self, repo: Repo, description: str = "") -> None:
        """Create a repo, without branches."""
        await self.engine.write(repos.create_repo, repo, description)

    async def delete_repo(
        self, repo: Repo, *, force: bool = False, expect_no_branches: bool = False
    ) -> bool:
        """Delete a repo with all in it."""
        return await self.engine.write(
            repos.delete_repo, repo, force=force, expect_no_branches=expect_no_branches
        )

    async def list_branch(self, repo: Repo) -> list[BranchInfo]:
        """All branches of a repo."""
        return await self.engine.scan(branches.list_branches, repo)

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """One branch, with its head as it is now."""
        return self.engine.look_up(self._branches.inspect_branch, branch)

    async def create_branch(
        self,
        branch: Branch,
        *,
        head: Commit | None = None,
        provenance: Iterable[Branch] = (),
    ) -> None:
        """Create a branch. One whose head is an existing commit copies that commit's file list."""
        await self.engine.write(branches.create_branch, branch, head, tuple(provenance))

    async def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> None:
        """Delete a branch, if asked only while its head is the expected one."""
        await self.engine.write(branches.delete_branch, branch, expected_head)

    async def start_commit(self, branch: Branch) -> Commit:
        """Open a commit at a branch's head."""
        return await self.engine.write(branches.start_commit, branch)

    async def finish_commit(self, commit: Commit) -> None:
        """Close an open commit."""
        await self.engine.write(commits.finish_commit, commit)

    async def inspect_commit(self, commit: Commit, *, wait_finished: bool = False) -> CommitInfo:
        """One commit, if asked for only once it has finished."""
        while True:
            info = self.engine.look_up(commits.inspect, commit)
            if info.finished is not None or not wait_finished:
                return info
            await asyncio.sleep(_POLL_SECONDS)

    async def modify_file(self, branch: Branch, changes_: Sequence[Change]) -> None:
        """Apply changes as one commit."""
        async with self.engine.staging() as staging:
            staged = await staging.take(checked(changes_))
            more = await self.engine.write(changes.modify_branch, self.engine.blobs, branch, staged)
            await staging.settle(more)

    async def create_file_set(self, changes_: Changes) -> str:
        """Store files outside any commit."""
        async with self.engine.staging() as staging:
            staged = await staging.take(checked(changes_))
            file_set_id, more = await self.engine.write(file_sets.create, self.engine.blobs, staged)
            await staging.settle(more)
        return file_set_id

    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Keep a file set for longer."""
        await self.engine.write(file_sets.renew, file_set_id, ttl_seconds)

    async def inspect_file(self, file: File) -> FileInfo:
        """One file."""
        return self.engine.look_up(files.inspect_file, file)

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """What stands in a directory."""
        return await self.engine.scan(listings.list_file, directory, part)

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """Everything at and below a path."""
        return await self.engine.scan(listings.walk_file, directory, part)

    async def get_file(
        self, file: File, *, offset: int = 0, size_bytes: int | None = None
    ) -> ByteStream:
        """Open a file for reading."""
        hazards.check_offset(offset)
        return await self.engine.open_file(file, offset, size_bytes)
