"""A branch with a history that has all that moves can get wrong, and what a branch was."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from pfs_client.values import (
    AddFile,
    Branch,
    Change,
    Commit,
    DeleteFile,
    File,
    Repo,
)
from pfs_client.whole_pfs import WholePfs

SOURCE = Branch(Repo("moved"), "master")
BUCKET = "master.moved"
LARGE = os.urandom(1_200_000)
BATCH_FILES = 3

HISTORY: tuple[tuple[str, Sequence[Change]], ...] = (
    ("", [AddFile(f"/many/{number}", b"%d" % (number % 4)) for number in range(8)]),
    ("an empty one, and a large one", [AddFile("/empty", b""), AddFile("/large", LARGE)]),
    ("", [DeleteFile("/many/1"), DeleteFile("/many/2"), AddFile("/many/2", b"other")]),
    ("a file becomes a folder", [DeleteFile("/empty"), AddFile("/empty/in it", b"x")]),
    ("nothing", []),
    (
        "a folder becomes a file",
        [*(DeleteFile(f"/many/{n}") for n in (0, 2, 3, 4, 5, 6, 7)), AddFile("/many", b"file")],
    ),
    ("", [DeleteFile("/large"), AddFile("/large", LARGE[::-1]), AddFile("/same", b"3")]),
)


@dataclass(frozen=True, slots=True)
class Was:
    """What a commit held: the hash of each file's bytes."""

    description: str
    files: dict[str, str]


async def commit_history(pfs: WholePfs, branch: Branch = SOURCE) -> None:
    """Write the history."""
    await pfs.create_repo(branch.repo)
    await pfs.create_branch(branch)
    for description, changes in HISTORY:
        await commit(pfs, branch, changes, description)


async def commit(
    pfs: WholePfs, branch: Branch, changes: Sequence[Change], description: str = ""
) -> Commit:
    """Make one commit."""
    opened = await pfs.start_commit(branch, description)
    if changes:
        await pfs.modify_stream(opened, changes)
    await pfs.finish_commit(opened)
    assert not (await pfs.inspect_commit(opened, wait_finished=True)).error
    return opened


async def was(pfs: WholePfs, branch: Branch) -> list[Was]:
    """What a branch was, the oldest first, without the commit that every branch begins with."""
    found = []
    head = (await pfs.inspect_branch(branch)).head
    async for info in pfs.list_commit(branch.repo, newest=head):
        if info.parent is None and not await files_of(pfs, info.commit):
            continue
        assert not info.is_open
        found.append(Was(info.description, await files_of(pfs, info.commit)))
    return found[::-1]


async def files_of(pfs: WholePfs, commit: Commit) -> dict[str, str]:
    """The files of a commit."""
    infos = [info for info in await pfs.walk_file(File(commit, "/")) if info.is_file]
    return {info.path: await _sha256(pfs, File(commit, info.path)) for info in infos}


async def _sha256(pfs: WholePfs, file: File) -> str:
    sum_ = hashlib.sha256()
    async with await pfs.get_file(file) as pieces:
        async for piece in pieces:
            sum_.update(piece)
    return sum_.hexdigest()


def without_steps(imported: list[Was]) -> list[Was]:
    """What was imported, without what had to go first, and with the descriptions that were."""
    return [
        Was(one.description.rpartition("From ")[0].rstrip("\n"), one.files)
        for one in imported
        if not one.description.endswith(" removals]")
    ]
