"""A PfsClient before another: what it does not override goes through as it is.

What passes a call on returns the other's, and is no coroutine around it, which the event loop would
go through whenever the call goes on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

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

T = TypeVar("T")
Call: TypeAlias = Coroutine[Any, Any, T]


class ForwardingPfs(PfsClient):
    """Passes every call on.

    Args:
        pfs: To whom.
    """

    def __init__(self, pfs: PfsClient) -> None:
        self._pfs = pfs

    def get_version(self) -> Call[str]:
        """Pass it on."""
        return self._pfs.get_version()

    def aclose(self) -> Call[None]:
        """Pass it on."""
        return self._pfs.aclose()

    def list_repo(self) -> Call[list[RepoInfo]]:
        """Pass it on."""
        return self._pfs.list_repo()

    def create_repo(self, repo: Repo) -> Call[None]:
        """Pass it on."""
        return self._pfs.create_repo(repo)

    def delete_repo(self, repo: Repo, *, expect_no_branches: bool = False) -> Call[bool]:
        """Pass it on."""
        return self._pfs.delete_repo(repo, expect_no_branches=expect_no_branches)

    def list_branch(self, repo: Repo) -> Call[list[BranchInfo]]:
        """Pass it on."""
        return self._pfs.list_branch(repo)

    def inspect_branch(self, branch: Branch) -> Call[BranchInfo]:
        """Pass it on."""
        return self._pfs.inspect_branch(branch)

    def create_branch(self, branch: Branch, *, head: Commit | None = None) -> Call[None]:
        """Pass it on."""
        return self._pfs.create_branch(branch, head=head)

    def delete_branch(self, branch: Branch, *, expected_head: Commit | None = None) -> Call[None]:
        """Pass it on."""
        return self._pfs.delete_branch(branch, expected_head=expected_head)

    def inspect_commit(self, commit: Commit, *, wait_finished: bool = False) -> Call[CommitInfo]:
        """Pass it on."""
        return self._pfs.inspect_commit(commit, wait_finished=wait_finished)

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

    def squash_commit(self, commit: Commit, *, branch: str = "") -> Call[None]:
        """Pass it on."""
        return self._pfs.squash_commit(commit, branch=branch)

    def drop_commit(self, commit: Commit, *, branch: str = "") -> Call[None]:
        """Pass it on."""
        return self._pfs.drop_commit(commit, branch=branch)

    def modify_file(self, branch: Branch, changes: Sequence[Change]) -> Call[Commit | None]:
        """Pass it on."""
        return self._pfs.modify_file(branch, changes)

    def create_file_set(self, changes: Changes) -> Call[str]:
        """Pass it on."""
        return self._pfs.create_file_set(changes)

    def release_file_set(self, file_set_id: str) -> Call[None]:
        """Pass it on."""
        return self._pfs.release_file_set(file_set_id)

    def renew_file_set(self, file_set_id: str, ttl_seconds: int) -> Call[None]:
        """Pass it on."""
        return self._pfs.renew_file_set(file_set_id, ttl_seconds)

    def compose_file_set(
        self, file_set_ids: Sequence[str], ttl_seconds: int = MAX_FILE_SET_SECONDS
    ) -> Call[str]:
        """Pass it on."""
        return self._pfs.compose_file_set(file_set_ids, ttl_seconds)

    def get_file_set(self, commit: Commit, kind: FileSetKind) -> Call[str]:
        """Pass it on."""
        return self._pfs.get_file_set(commit, kind)

    def who_am_i(self) -> Call[Principal]:
        """Pass it on."""
        return self._pfs.who_am_i()

    def authorize(self, repo: Repo, permissions: Iterable[Permission]) -> Call[Authorization]:
        """Pass it on."""
        return self._pfs.authorize(repo, permissions)

    def inspect_file(self, file: File) -> Call[FileInfo]:
        """Pass it on."""
        return self._pfs.inspect_file(file)

    def list_file(self, directory: File, part: Part = ALL) -> Call[list[FileInfo]]:
        """Pass it on."""
        return self._pfs.list_file(directory, part)

    def walk_file(self, directory: File, part: Part = ALL) -> Call[list[FileInfo]]:
        """Pass it on."""
        return self._pfs.walk_file(directory, part)

    def inspect_head(self, branch: Branch) -> Call[CommitInfo]:
        """Pass it on."""
        return self._pfs.inspect_head(branch)

    def walk_head(self, branch: Branch, part: Part = ALL) -> Call[list[FileInfo]]:
        """Pass it on."""
        return self._pfs.walk_head(branch, part)

    def get_file(
        self, file: File, *, offset: int = 0, size_bytes: int | None = None
    ) -> Call[ByteStream]:
        """Pass it on."""
        return self._pfs.get_file(file, offset=offset, size_bytes=size_bytes)
