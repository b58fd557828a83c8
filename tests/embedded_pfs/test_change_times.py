"""Each file knows when it changed: when the commit that added or replaced it was closed."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from embedded_pfs.branch_rows import HEAD_ID
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.compaction import compact
from pfs_client.values import Branch, Commit, CopyFile, DeleteFile, File, Repo
from tests.pfs_contract.reading import head_of, put

REPO = Repo("r")
BRANCH = Branch(REPO, "master")


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    await client.create_repo(REPO)
    await client.create_branch(BRANCH)
    yield client
    await client.aclose()


async def times(pfs: EmbeddedPfs, commit: Commit) -> dict[str, datetime | None]:
    listed = await pfs.walk_file(File(commit, "/"))
    found = {info.path: info.changed for info in listed if info.is_file}
    for path, changed in found.items():
        assert (await pfs.inspect_file(File(commit, path))).changed == changed
    return found


async def closed(pfs: EmbeddedPfs, branch: Branch = BRANCH) -> datetime:
    time = (await pfs.inspect_commit(await head_of(pfs, branch))).finishing
    assert time is not None
    return time


async def test_a_file_has_the_time_of_the_commit_that_wrote_it(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    first, head = await closed(pfs), await head_of(pfs, BRANCH)
    await put(pfs, BRANCH, "/d/b", b"1")
    second = await closed(pfs)
    assert await times(pfs, await head_of(pfs, BRANCH)) == {"/a": first, "/d/b": second}
    await put(pfs, BRANCH, "/a", b"1")
    assert await times(pfs, await head_of(pfs, BRANCH)) == {
        "/a": await closed(pfs),
        "/d/b": second,
    }
    assert await times(pfs, head) == {"/a": first}


async def test_a_file_that_comes_back_has_the_time_when_it_came_back(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    before = await head_of(pfs, BRANCH)
    await pfs.modify_file(BRANCH, [DeleteFile("/a")])
    await pfs.modify_file(BRANCH, [CopyFile("/a", File(before, "/a"))])
    assert await times(pfs, await head_of(pfs, BRANCH)) == {"/a": await closed(pfs)}


async def test_a_file_in_an_open_commit_has_no_time_before_it_is_closed(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/old", b"1")
    first = await closed(pfs)
    commit = await pfs.start_commit(BRANCH)
    await put(pfs, BRANCH, "/new", b"1")
    await put(pfs, BRANCH, "/new", b"2")
    await pfs.create_branch(Branch(REPO, "copy"), head=commit)
    assert await times(pfs, commit) == {"/old": first, "/new": None}
    await pfs.finish_commit(commit)
    expected = {"/old": first, "/new": await closed(pfs)}
    assert await times(pfs, commit) == expected
    await put(pfs, Branch(REPO, "copy"), "/more", b"1")
    copy = await times(pfs, await head_of(pfs, Branch(REPO, "copy")))
    assert copy == {**expected, "/more": await closed(pfs, Branch(REPO, "copy"))}


async def test_branches_and_dropped_commits_keep_the_times(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    first, head = await times(pfs, await head_of(pfs, BRANCH)), await head_of(pfs, BRANCH)
    await put(pfs, BRANCH, "/a", b"2")
    old = Branch(REPO, "old")
    await pfs.create_branch(old, head=head)
    await put(pfs, old, "/b", b"1")
    assert (await times(pfs, await head_of(pfs, old)))["/a"] == first["/a"]
    await pfs.drop_commit(await head_of(pfs, BRANCH))
    assert await times(pfs, await head_of(pfs, BRANCH)) == first
    await pfs.modify_file(BRANCH, [DeleteFile("/")])
    await pfs.drop_commit(await head_of(pfs, BRANCH))
    assert await times(pfs, await head_of(pfs, BRANCH)) == first


async def test_compaction_keeps_the_times(tmp_path: Path) -> None:
    pfs = EmbeddedPfs(tmp_path, synchronous="off")
    await pfs.create_repo(REPO)
    await pfs.create_branch(BRANCH)
    for number in range(5):
        await put(pfs, BRANCH, f"/{number}", b"1")
    before = await times(pfs, await head_of(pfs, BRANCH))
    await pfs.aclose()
    compact(tmp_path, keep_commits=0)
    pfs = EmbeddedPfs(tmp_path, synchronous="off")
    assert await times(pfs, await head_of(pfs, BRANCH)) == before
    assert len(set(before.values())) == 5
    await pfs.aclose()


async def test_an_older_database_gets_the_times_of_its_commits(tmp_path: Path) -> None:
    pfs = EmbeddedPfs(tmp_path, synchronous="off")
    await pfs.create_repo(REPO)
    await pfs.create_branch(BRANCH)
    await put(pfs, BRANCH, "/a", b"1")
    await put(pfs, BRANCH, "/b", b"1")
    commits = await branched(pfs)
    before = [await times(pfs, commit) for commit in commits]
    await pfs.aclose()
    as_before(tmp_path)
    pfs = EmbeddedPfs(tmp_path, synchronous="off")
    assert [await times(pfs, commit) for commit in commits] == before
    await pfs.finish_commit(commits[-1])
    assert await times(pfs, commits[-1]) == {"/o": await closed(pfs, Branch(REPO, "opened"))}
    await pfs.aclose()


async def branched(pfs: EmbeddedPfs) -> list[Commit]:
    """Commits on branches that come from each other, the last one open."""
    middle = await head_of(pfs, BRANCH)
    await put(pfs, BRANCH, "/a", b"2")
    aside, further, still, opened = (
        Branch(REPO, name) for name in ("aside", "further", "still", "opened")
    )
    await pfs.create_branch(aside, head=middle)
    await put(pfs, aside, "/b", b"2")
    await pfs.create_branch(further, head=await head_of(pfs, aside))
    await put(pfs, further, "/c", b"1")
    await pfs.create_branch(still, head=middle)
    await pfs.start_commit(opened)
    await put(pfs, opened, "/o", b"1")
    heads = [(await pfs.inspect_branch(b)).head for b in (BRANCH, aside, further, still, opened)]
    return [middle, *heads]


async def test_a_file_whose_commit_has_gone_is_never_told_to_be_older(tmp_path: Path) -> None:
    pfs = EmbeddedPfs(tmp_path, synchronous="off")
    await pfs.create_repo(REPO)
    await pfs.create_branch(BRANCH)
    for number in range(3):
        await put(pfs, BRANCH, f"/{number}", b"1")
    before = await times(pfs, await head_of(pfs, BRANCH))
    await pfs.aclose()
    compact(tmp_path, keep_commits=1)
    as_before(tmp_path)
    pfs = EmbeddedPfs(tmp_path, synchronous="off")
    after = await times(pfs, await head_of(pfs, BRANCH))
    assert after == {"/0": before["/1"], "/1": before["/1"], "/2": before["/2"]}
    await pfs.aclose()


def as_before(directory: Path) -> None:
    """Take the times out, as if the step that adds them had not been, and those after it."""
    connection = sqlite3.connect(directory / "pfs.sqlite")
    connection.execute("ALTER TABLE branch ADD COLUMN head_id INTEGER")
    connection.execute(f"UPDATE branch SET head_id = {HEAD_ID}")  # noqa: S608
    connection.execute("CREATE INDEX branch_by_head ON branch (head_id)")
    connection.execute("ALTER TABLE branch ADD COLUMN updated_us INTEGER")
    for index in ("line_by_base", "branch_by_line"):
        connection.execute(f"DROP INDEX {index}")
    connection.execute("ALTER TABLE line DROP COLUMN base_id")
    connection.execute("DROP TABLE extent")
    for table in ("file", "past_file"):
        connection.execute(f"DROP INDEX {table}_in_open_commit")
        connection.execute(f"ALTER TABLE {table} DROP COLUMN changed_us")
    connection.execute("PRAGMA user_version = 2")
    connection.commit()
    connection.close()
