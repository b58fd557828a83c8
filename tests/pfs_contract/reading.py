"""Short forms for the questions that the contract's tests ask."""

from __future__ import annotations

import hashlib

from pfs_client.interface import PfsClient
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Commit,
    DeleteFile,
    File,
    FileInfo,
    FileSetKind,
    Repo,
)


async def head_of(pfs: PfsClient, branch: Branch) -> Commit:
    """The branch's head, finished."""
    head = (await pfs.inspect_branch(branch)).head
    await pfs.inspect_commit(head, wait_finished=True)
    return head


async def read(
    pfs: PfsClient, commit: Commit, path: str, offset: int = 0, size_bytes: int | None = None
) -> bytes:
    """A file's bytes."""
    async with await pfs.get_file(
        File(commit, path), offset=offset, size_bytes=size_bytes
    ) as stream:
        return b"".join([piece async for piece in stream])


async def put(pfs: PfsClient, branch: Branch, path: str, content: bytes) -> None:
    """Replace one file, in a commit of its own."""
    await pfs.modify_file(branch, [DeleteFile(path), AddFile(path, content)])


def paths(infos: list[FileInfo]) -> list[str]:
    """The paths of a listing."""
    return [info.path for info in infos]


def pfs_hash(content: bytes) -> bytes:
    """PFS's hash of a small file (`docs/pachd.md`, "File hashes")."""
    digest = hashlib.blake2b(content, digest_size=32).digest()
    return hashlib.blake2b(digest, digest_size=32).digest() if content else digest


async def listed(
    pfs: PfsClient,
    repo: Repo,
    newest: Commit | None = None,
    since: Commit | None = None,
    number: int = 0,
) -> list[Commit]:
    """The commits of a history."""
    infos = pfs.list_commit(repo, newest=newest, since=since, number=number)
    return [info.commit async for info in infos]


async def found(
    pfs: PfsClient, start: Commit, path: str, limit: int = 0
) -> list[tuple[Commit, int]]:
    """The commits that changed a file, each with how many were searched until it was found."""
    return [
        (one.commit, one.commits_searched) async for one in pfs.find_commits(start, path, limit)
    ]


async def changes_in(pfs: PfsClient, commit: Commit) -> list[str]:
    """The paths that a commit added or replaced, with their directories."""
    id_ = await pfs.get_file_set(commit, FileSetKind.DIFF)
    return paths(await pfs.walk_file(File(Commit(Repo(FILE_SETS_REPO_NAME), id_), "/")))
