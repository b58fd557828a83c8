"""A PfsClient before another: what it does not override goes through as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from pfs_client.interface import MAX_FILE_SET_SECONDS, ByteStream, Changes, PfsClient
from pfs_client.permissions import Authorization, Permission, Principal
from pfs_client.values import (
    ALL,
    Branch,
    BranchInfo,
    Change,
    Commit,
    CommitInfo,
    File,
    FileDiff,
    FileInfo,
    FileSetKind,
    FoundCommit,
    Part,
    Repo,
    RepoInfo,
)


class ForwardingPfs(PfsClient):
    """Passes every call on.

    Args:
        pfs: To whom.
    """

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs

    async def get_version(self) -> str:
        """Pass it on."""
        return await self._pfs.get_version()

    async def aclose(self) -> None:
        """Pass it on."""
        await self._pfs.aclose()

    async def list_repo(self) -> list[RepoInfo]:
        """Pass it on."""
        return await self._pfs.list_repo()

    async def create_repo(self, repo: Repo) -> None:
        """Pass it on."""
        await self._pfs.create_repo(repo)

    async def delete_repo(self, repo: Repo, *, expect_no_branches: bool = False) -> bool:
        """Pass it on."""
        return await self._pfs.delete_repo(repo, expect_no_branches=expect_no_branches)

    async def list_branch(self, repo: Repo) -> list[BranchInfo]:
        """Pass it on."""
        return await self._pfs.list_branch(repo)

    async def inspect_branch(self, branch: Branch) -> BranchInfo:
        """Pass it on."""
        return await self._pfs.inspect_branch(branch)

    async def create_branch(self, branch: Branch) -> None:
        """Pass it on."""
        await self._pfs.create_branch(branch)

    async def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> None:
        """Pass it on."""
        await self._pfs.delete_branch(branch, expected_head=expected_head)

    async def inspect_commit(self, commit: Commit, *, wait_finished: bool = False) -> CommitInfo:
        """Pass it on."""
        return await self._pfs.inspect_commit(commit, wait_finished=wait_finished)

    def list_commit(
        self,
        repo: Repo,
        *,
        newest: Commit | None = None,
        since: Commit | None = None,
        number: int = 0,
    ) -> AsyncIterator[CommitInfo]:
        """Pass it on."""
        return self._pfs.list_commit(repo, newest=newest, since=since, number=number)

    def find_commits(self, start: Commit, path: str, limit: int = 0) -> AsyncIterator[FoundCommit]:
        """Pass it on."""
        return self._pfs.find_commits(start, path, limit)

    def diff_file(self, new: File, old: File | None = None) -> AsyncIterator[FileDiff]:
        """Pass it on."""
        return self._pfs.diff_file(new, old)

    async def squash_commit(self, commit: Commit, *, branch: str = "") -> None:
        """Pass it on."""
        await self._pfs.squash_commit(commit, branch=branch)

    async def drop_commit(self, commit: Commit, *, branch: str = "") -> None:
        """Pass it on."""
        await self._pfs.drop_commit(commit, branch=branch)

    async def modify_file(self, branch: Branch, changes: Sequence[Change]) -> None:
        """Pass it on."""
        await self._pfs.modify_file(branch, changes)

    async def create_file_set(self, changes: Changes) -> str:
        """Pass it on."""
        return await self._pfs.create_file_set(changes)

    async def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> None:
        """Pass it on."""
        await self._pfs.renew_file_set(file_set_id, ttl_seconds)

    async def compose_file_set(
        self, file_set_ids: Sequence[str], ttl_seconds: int = MAX_FILE_SET_SECONDS
    ) -> str:
        """Pass it on."""
        return await self._pfs.compose_file_set(file_set_ids, ttl_seconds)

    async def get_file_set(self, commit: Commit, kind: FileSetKind) -> str:
        """Pass it on."""
        return await self._pfs.get_file_set(commit, kind)

    async def who_am_i(self) -> Principal:
        """Pass it on."""
        return await self._pfs.who_am_i()

    async def authorize(self, repo: Repo, permissions: Iterable[Permission]) -> Authorization:
        """Pass it on."""
        return await self._pfs.authorize(repo, permissions)

    async def inspect_file(self, file: File) -> FileInfo:
        """Pass it on."""
        return await self._pfs.inspect_file(file)

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """Pass it on."""
        return await self._pfs.list_file(directory, part)

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        """Pass it on."""
        return await self._pfs.walk_file(directory, part)

    async def get_file(
        self, file: File, *, offset: int = 0, size_bytes: int | None = None
    ) -> ByteStream:
        """Pass it on."""
        return await self._pfs.get_file(file, offset=offset, size_bytes=size_bytes)
