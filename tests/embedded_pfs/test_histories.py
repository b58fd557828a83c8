"""Histories of the embedded PFS against a model that keeps every commit's files whole."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded_pfs.checking import check
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.database import now_us
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Commit,
    CopyFile,
    DeleteFile,
    File,
    FileSetKind,
    Repo,
)
from tests.pfs_contract.reading import changes_in, found, head_of, listed, read

REPO = Repo("r")
PATHS = [f"/{name}" for name in ("a", "b", "d/a", "d/b", "e")]


@dataclass(slots=True)
class Made:
    """A commit as it should be: its files, and the paths that it touched."""

    parent: Commit | None
    files: dict[str, bytes]
    touched: set[str]


class Model:
    """What the PFS should say."""

    def __init__(self, pfs: EmbeddedPfs, choice: random.Random) -> None:
        self.pfs = pfs
        self.choice = choice
        self.made: dict[Commit, Made] = {}
        self.heads: dict[Branch, Commit] = {}

    async def begin(self) -> None:
        branch = Branch(REPO, "master")
        await self.pfs.create_branch(branch)
        self.heads[branch] = await head_of(self.pfs, branch)
        self.made[self.heads[branch]] = Made(None, {}, set())

    async def write(self) -> None:
        branch = self.choice.choice(list(self.heads))
        base = self.made[self.heads[branch]]
        files, touched = dict(base.files), set()
        changes: list[AddFile | DeleteFile] = []
        for path in self.choice.sample(PATHS, self.choice.randint(1, 3)):
            changes.append(DeleteFile(path))
            existed = files.pop(path, None) is not None
            if self.choice.random() < 0.7:
                files[path] = self.choice.randbytes(4)
                changes.append(AddFile(path, files[path]))
                existed = True
            if existed:
                touched.add(path)
        await self.pfs.modify_file(branch, changes)
        head = await head_of(self.pfs, branch)
        self.made[head] = Made(self.heads[branch], files, touched)
        self.heads[branch] = head

    async def branch_off(self) -> None:
        branch = Branch(REPO, f"b{len(self.heads)}")
        self.heads[branch] = self.choice.choice(list(self.made))
        await self.pfs.create_branch(branch, head=self.heads[branch])

    def differs(self, commit: Commit, path: str) -> bool:
        """Whether a commit's file is not that of the commit that it is based on."""
        made = self.made[commit]
        before = {} if made.parent is None else self.made[made.parent].files
        return made.files.get(path) != before.get(path)

    def children(self, commit: Commit) -> list[Made]:
        return [made for made in self.made.values() if made.parent == commit]

    async def squash(self) -> None:
        may = [c for c in self.made if c not in self.heads.values() and self.children(c)]
        if not may:
            return
        commit = self.choice.choice(may)
        await self.pfs.squash_commit(commit)
        gone = self.made.pop(commit)
        for child in self.children(commit):
            child.parent = gone.parent
            child.touched |= gone.touched

    async def drop(self) -> None:
        branch = self.choice.choice(list(self.heads))
        head = self.heads[branch]
        is_shared = list(self.heads.values()).count(head) > 1
        parent = self.made[head].parent
        if self.children(head) or is_shared or parent is None:
            return
        await self.pfs.drop_commit(head)
        del self.made[head]
        self.heads[branch] = parent

    async def check(self) -> None:
        for branch, head in self.heads.items():
            assert await head_of(self.pfs, branch) == head
        for commit, made in self.made.items():
            assert (await self.pfs.inspect_commit(commit)).parent == made.parent
            assert await self.files_in(commit) == made.files
            await self._check_changes(commit, made)
        await self._check_searches()

    async def _check_changes(self, commit: Commit, made: Made) -> None:
        changed = await self.pfs.get_file_set(commit, FileSetKind.DIFF)
        files = await self.files_in(Commit(Repo(FILE_SETS_REPO_NAME), changed))
        assert files == {p: c for p, c in made.files.items() if p in made.touched}
        differing = {
            one.new.path if one.new else one.old.path if one.old else ""
            async for one in self.pfs.diff_file(File(commit, "/"))
        }
        expected = {path for path in PATHS if self.differs(commit, path)}
        assert {path for path in differing if not path.endswith("/")} == expected

    async def _check_searches(self) -> None:
        for head in set(self.heads.values()):
            history = await listed(self.pfs, REPO, newest=head)
            for path in PATHS:
                places = list(zip(history, range(1, len(history) + 1), strict=True))
                may = [one for one in places if path in self.made[one[0]].touched]
                # A commit that was squashed may have done what the next one has undone.
                must = [one for one in may if self.differs(one[0], path)]
                told = await found(self.pfs, head, path)
                assert set(must) <= set(told) <= set(may)
                assert told == [one for one in may if one in told]

    async def files_in(self, commit: Commit) -> dict[str, bytes]:
        infos = await self.pfs.walk_file(File(commit, "/"))
        return {i.path: await read(self.pfs, commit, i.path) for i in infos if i.is_file}


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    await client.create_repo(REPO)
    yield client
    await client.aclose()


@pytest.mark.parametrize("seed", range(4))
async def test_commits_come_and_go_and_tell_what_they_changed(pfs: EmbeddedPfs, seed: int) -> None:
    choice = random.Random(seed)  # noqa: S311
    model = Model(pfs, choice)
    await model.begin()
    steps = [model.write] * 6 + [model.squash] * 2 + [model.drop, model.branch_off]
    for number in range(1, 46):
        await choice.choice(steps)()
        if number % 15 == 0:
            await model.check()
            assert (await asyncio.to_thread(check, pfs.engine.directory.path)).is_sound


async def test_a_squashed_commit_leaves_nothing_that_no_commit_shows(pfs: EmbeddedPfs) -> None:
    branch = Branch(REPO, "master")
    await pfs.create_branch(branch)
    for number in range(5):
        await pfs.modify_file(branch, [DeleteFile("/a"), AddFile("/a", b"%d" % number)])
    for commit in (await listed(pfs, REPO))[1:]:
        await pfs.squash_commit(commit)
    (past,) = pfs.engine.look_up(
        lambda connection: connection.execute("SELECT count(*) FROM past_file").fetchone()
    )
    assert past == 0
    assert await read(pfs, await head_of(pfs, branch), "/a") == b"4"


async def test_what_a_branch_began_with_is_its_first_commits_once_nothing_is_before_it(
    pfs: EmbeddedPfs,
) -> None:
    branch, other = Branch(REPO, "master"), Branch(REPO, "other")
    await pfs.create_branch(branch)
    await pfs.modify_file(branch, [AddFile("/a", b"1")])
    base = await head_of(pfs, branch)
    await pfs.create_branch(other, head=base)
    await pfs.modify_file(other, [AddFile("/b", b"2")])
    head = await head_of(pfs, other)
    assert await changes_in(pfs, head) == ["/", "/b"]
    assert await found(pfs, head, "/a") == [(base, 2)]
    await pfs.delete_branch(branch)
    await pfs.engine.upkeep._drop_old(now_us())
    assert (await pfs.inspect_commit(head)).parent is None
    assert await changes_in(pfs, head) == ["/", "/a", "/b"]
    assert await found(pfs, head, "/a") == [(head, 1)]


async def test_a_commits_changes_make_the_same_of_its_base(pfs: EmbeddedPfs) -> None:
    branch, other = Branch(REPO, "master"), Branch(REPO, "other")
    await pfs.create_branch(branch)
    await pfs.modify_file(branch, [AddFile(path, b"old") for path in ("/a", "/b", "/c")])
    base = await head_of(pfs, branch)
    await pfs.modify_file(branch, [DeleteFile("/a"), AddFile("/b", b", more"), AddFile("/d", b"1")])
    head = await head_of(pfs, branch)
    changes = await pfs.get_file_set(head, FileSetKind.DIFF)
    await pfs.create_branch(other, head=base)
    opened = await pfs.start_commit(other)
    await pfs.add_file_set(opened, changes)
    await pfs.finish_commit(opened)
    for path, content in (("/b", b"old, more"), ("/c", b"old"), ("/d", b"1")):
        assert await read(pfs, opened, path) == content
    assert [one async for one in pfs.diff_file(File(head, "/"), File(opened, "/"))] == []
    copy = CopyFile("/copy", File(Commit(Repo(FILE_SETS_REPO_NAME), changes), "/"))
    await pfs.modify_stream(other, [copy])
    assert await read(pfs, await head_of(pfs, other), "/copy/d") == b"1"
