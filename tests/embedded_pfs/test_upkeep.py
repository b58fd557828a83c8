"""What is no longer wanted goes while others read and write, and nothing else does."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from embedded_pfs import changes, collection, history
from embedded_pfs.checking import checked_with
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.database import Transaction
from embedded_pfs.directory import DataDirectory
from embedded_pfs.upkeep import UpkeepRules, _try_lock
from pfs_client.failures import CommitNotFound, FileSetNotFound, RepoNotFound
from pfs_client.file_sets import MAX_FILE_SET_SECONDS
from pfs_client.values import AddFile, Branch, Commit, DeleteFile, File, FileSetKind, Repo
from tests.embedded_pfs.conftest import BRANCH, SELDOM
from tests.pfs_contract.reading import head_of, paths, put, read


@pytest.fixture
def pfs(resting_pfs: EmbeddedPfs) -> EmbeddedPfs:
    return resting_pfs


def blobs_of(pfs: EmbeddedPfs) -> list[Path]:
    return [path for _, path in pfs.engine.blobs.all()]


def rows(pfs: EmbeddedPfs, table: str) -> int:
    connection = pfs.engine.directory.connect(readonly=True)
    (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    connection.close()
    return int(count)


async def test_a_file_set_that_is_released_goes_while_the_gateway_runs(pfs: EmbeddedPfs) -> None:
    released = await pfs.create_file_set([AddFile("/f", os.urandom(100_000)), AddFile("/s", b"1")])
    kept = await pfs.create_file_set([AddFile("/f", os.urandom(100_000))])
    await pfs.release_file_set(released)
    await pfs.engine.upkeep.round()
    assert len(blobs_of(pfs)) == 1
    assert rows(pfs, "content") == 0
    with pytest.raises(FileSetNotFound):
        await pfs.renew_file_set(released, 10)
    await pfs.renew_file_set(kept, 10)


async def test_a_file_set_goes_when_the_clock_says_that_it_has_expired(tmp_path: Path) -> None:
    now = 0
    pfs = EmbeddedPfs(tmp_path, synchronous="off", rules=SELDOM, clock=lambda: now)
    await pfs.create_file_set([AddFile("/f", os.urandom(100_000))])
    await pfs.engine.upkeep.round()
    assert len(blobs_of(pfs)) == 1
    now = (MAX_FILE_SET_SECONDS + 1) * 1_000_000
    await pfs.engine.upkeep.round()
    assert blobs_of(pfs) == []
    await pfs.aclose()


async def test_what_else_refers_to_a_content_keeps_it(pfs: EmbeddedPfs) -> None:
    content = os.urandom(100_000)
    await put(pfs, BRANCH, "/a", content)
    await pfs.release_file_set(await pfs.create_file_set([AddFile("/f", content)]))
    await pfs.engine.upkeep.round()
    assert await read(pfs, await head_of(pfs, BRANCH), "/a") == content
    assert rows(pfs, "suspect") == 0


async def test_what_a_refused_write_leaves_goes(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    with pytest.raises(Exception, match="collision"):
        await pfs.modify_file(BRANCH, [AddFile("/a/b", os.urandom(100_000))])
    assert not list((pfs.engine.directory.path / "staging").iterdir())
    await pfs.engine.upkeep.round()
    assert blobs_of(pfs) == []


async def test_what_was_appended_is_not_kept_a_second_time(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", os.urandom(70_000))
    await pfs.modify_file(BRANCH, [AddFile("/a", os.urandom(70_000))])
    file_set = await pfs.create_file_set(
        [
            AddFile("/f", os.urandom(70_000)),
            AddFile("/g", os.urandom(70_000)),
            AddFile("/f", os.urandom(70_000)),
            DeleteFile("/g"),
        ]
    )
    await pfs.engine.upkeep.round()
    # Both contents of `/a`, of which one is history, and `/f`.
    assert len(blobs_of(pfs)) == 3
    await pfs.renew_file_set(file_set, 10)


async def test_what_a_dead_process_left_goes_once_it_is_old(pfs: EmbeddedPfs) -> None:
    new, old = pfs.engine.blobs.writer(), pfs.engine.blobs.writer()
    for writer in (new, old):
        writer.write(os.urandom(100_000))
    old_blob = pfs.engine.blobs.path(old.finish().hash)
    hours_ago = time.time() - 7200
    os.utime(old_blob, (hours_ago, hours_ago))
    await pfs.engine.upkeep.round()
    assert not old_blob.exists()
    assert len(list((pfs.engine.directory.path / "staging").iterdir())) == 1
    new.abandon()


async def test_contents_of_an_open_commit_that_are_replaced_in_it_go(pfs: EmbeddedPfs) -> None:
    commit = await pfs.start_commit(BRANCH)
    for number in range(3):
        await put(pfs, BRANCH, "/a", bytes([number]) * 100_000)
    await put(pfs, BRANCH, "/d/b", os.urandom(100_000))
    await pfs.modify_file(BRANCH, [DeleteFile("/d/")])
    await pfs.engine.upkeep.round()
    assert len(blobs_of(pfs)) == 1
    await pfs.finish_commit(commit)
    await pfs.drop_commit(commit)
    await pfs.engine.upkeep.round()
    assert blobs_of(pfs) == []


async def test_contents_go_with_the_commits_that_alone_showed_them(pfs: EmbeddedPfs) -> None:
    for number in range(3):
        await put(pfs, BRANCH, "/a", bytes([number]) * 100_000)
    head = await pfs.inspect_commit(await head_of(pfs, BRANCH))
    assert head.parent is not None
    await pfs.squash_commit(head.parent)
    await pfs.engine.upkeep.round()
    assert len(blobs_of(pfs)) == 2
    changed = await pfs.get_file_set(head.commit, FileSetKind.DIFF)
    await pfs.drop_commit(head.commit)
    await pfs.engine.upkeep.round()
    assert len(blobs_of(pfs)) == 2  # one is the file set's
    await pfs.release_file_set(changed)
    await pfs.engine.upkeep.round()
    assert await read(pfs, await head_of(pfs, BRANCH), "/a") == bytes(100_000)
    assert len(blobs_of(pfs)) == 1
    assert checked_with(pfs.engine.writing, pfs.engine.blobs).is_sound


async def test_what_a_commit_held_that_ends_with_an_error_goes(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    commit = await pfs.start_commit(BRANCH)
    await put(pfs, BRANCH, "/a", os.urandom(100_000))
    await pfs.finish_commit(commit, "it did not work")
    await pfs.engine.upkeep.round()
    assert blobs_of(pfs) == []
    assert (await pfs.inspect_commit(commit)).size_bytes == 1
    assert checked_with(pfs.engine.writing, pfs.engine.blobs).is_sound


async def test_a_blob_that_is_taken_away_between_its_writing_and_its_commit_comes_back(
    pfs: EmbeddedPfs,
) -> None:
    content = os.urandom(100_000)
    async with pfs.engine.staging() as staging:

        async def additions() -> AsyncIterator[AddFile]:
            yield AddFile("/a", content)

        stored = await staging.take(additions())
        (blob,) = blobs_of(pfs)
        blob.unlink()  # another process has found that nothing refers to it
        await pfs.engine.write(changes.modify_branch, pfs.engine.blobs, BRANCH, stored)
        await staging.settle([])
    assert await read(pfs, await head_of(pfs, BRANCH), "/a") == content


async def test_a_content_that_is_stored_again_while_it_is_looked_at_stays(
    pfs: EmbeddedPfs,
) -> None:
    for content in (b"small", os.urandom(100_000)):
        file_set = await pfs.create_file_set([AddFile("/f", content)])
        await pfs.release_file_set(file_set)
        await pfs.engine.upkeep._expire()
        suspects = await pfs.engine.scan(collection.look_at)
        assert len(suspects.unwanted) == 1
        await put(pfs, BRANCH, "/again", content)
        # And something else drops it meanwhile, which is another matter.
        await pfs.engine.free(collection.suspect, [suspects.unwanted[0][1]])
        assert await pfs.engine.free(collection.remove, pfs.engine.blobs, suspects.unwanted) == 0
        assert await read(pfs, await head_of(pfs, BRANCH), "/again") == content
        await pfs.engine.upkeep.round()
        assert await read(pfs, await head_of(pfs, BRANCH), "/again") == content


def counting_rows(pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each transaction changes from now on."""
    counts: list[int] = []
    free = pfs.engine.free

    async def counting(*args: object, **kwargs: object) -> object:
        before = pfs.engine.writing.total_changes
        result: object = await free(*args, **kwargs)  # type: ignore[arg-type]
        counts.append(pfs.engine.writing.total_changes - before)
        return result

    monkeypatch.setattr(pfs.engine, "free", counting)
    monkeypatch.setattr(collection, "_A_TRANSACTION", 7)
    return counts


async def test_a_deleted_repo_is_gone_at_once_and_its_rows_go_in_pieces(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ROWS_A_TRANSACTION", 7)
    for number in range(30):
        await put(pfs, BRANCH, f"/{number % 5}", bytes([number]) * 70_000)
    old = await head_of(pfs, BRANCH)
    longest = counting_rows(pfs, monkeypatch)
    assert await pfs.delete_repo(BRANCH.repo)
    assert await pfs.list_repo() == []
    with pytest.raises(RepoNotFound):
        await pfs.inspect_commit(old)
    assert not await pfs.delete_repo(BRANCH.repo)
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    await put(pfs, BRANCH, "/new", b"1")
    await pfs.engine.upkeep.round()
    assert 0 < max(longest) <= 40
    assert rows(pfs, "dropped_repo") == rows(pfs, "past_file") == rows(pfs, "suspect") == 0
    assert rows(pfs, "repo") == rows(pfs, "branch") == 1
    assert rows(pfs, "commit_") == 2
    assert blobs_of(pfs) == []
    assert paths(await pfs.list_file(File(await head_of(pfs, BRANCH), "/"))) == ["/new"]


async def test_a_repo_that_a_process_had_begun_to_remove_goes_after_the_next_start(
    tmp_path: Path,
) -> None:
    pfs = EmbeddedPfs(tmp_path, synchronous="off", rules=SELDOM)
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    pfs.engine.upkeep._task.cancel()
    await pfs.delete_repo(BRANCH.repo)
    await pfs.aclose()
    pfs = EmbeddedPfs(tmp_path, synchronous="off", rules=SELDOM)
    await pfs.engine.upkeep.round()
    assert rows(pfs, "repo") == rows(pfs, "line") == 0
    await pfs.aclose()


async def test_a_project_goes_with_repos_that_are_being_removed(pfs: EmbeddedPfs) -> None:
    await pfs.create_project("p")
    repo = Repo("r", "p")
    await pfs.create_repo(repo)
    await pfs.create_branch(Branch(repo, "master"))
    await pfs.delete_repo(repo)
    await pfs.delete_project("p")
    assert [info.name for info in await pfs.list_project()] == ["default"]


async def aged(pfs: EmbeddedPfs, commits: list[Commit], days: float) -> None:
    connection = pfs.engine.directory.connect()
    with Transaction(connection):
        connection.executemany(
            "UPDATE commit_ SET finishing_us = finishing_us - ? WHERE hex = ?",
            [(int(days * 24 * 3600 * 1e6), commit.id) for commit in commits],
        )
    connection.close()


async def six_commits(directory: Path) -> list[Commit]:
    """Nine commits, the first five too old: those of a deleted branch among them."""
    pfs = EmbeddedPfs(directory, synchronous="off", rules=SELDOM)
    await pfs.create_repo(BRANCH.repo)
    deleted = Branch(BRANCH.repo, "deleted")
    commits = []
    for branch in (BRANCH, deleted):
        await pfs.create_branch(branch)
        commits.append(await head_of(pfs, branch))
    await put(pfs, deleted, "/x", os.urandom(70_000))
    commits.append(await head_of(pfs, deleted))
    await pfs.delete_branch(deleted)
    for number in range(6):
        await put(pfs, BRANCH, "/a", bytes([number]) * 70_000)
        commits.append(await head_of(pfs, BRANCH))
    await aged(pfs, commits[:5], 8)
    await pfs.aclose()
    return commits


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


async def test_history_goes_once_it_is_too_old(tmp_path: Path) -> None:
    commits = await six_commits(tmp_path)
    rules = UpkeepRules(keep_history_days=7, seconds_between=0.01)
    pfs = EmbeddedPfs(tmp_path, synchronous="off", rules=rules)
    await until(lambda: len(blobs_of(pfs)) == 4 and not rows(pfs, "suspect"))
    for commit in commits[:5]:
        with pytest.raises(CommitNotFound):
            await pfs.inspect_commit(commit)
    for number, commit in enumerate(commits[5:], start=2):
        assert await read(pfs, commit, "/a") == bytes([number]) * 70_000
    assert rows(pfs, "line") == 1
    # A head stays, however old it is.
    await aged(pfs, commits, 100)
    await until(lambda: rows(pfs, "commit_") == 1)
    assert await read(pfs, commits[-1], "/a") == bytes([5]) * 70_000
    await pfs.aclose()


async def test_all_history_stays_by_default(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/a", b"1")
    first = await head_of(pfs, BRANCH)
    await put(pfs, BRANCH, "/a", b"2")
    await aged(pfs, [first], 10_000)
    await pfs.engine.upkeep.round()
    assert await read(pfs, first, "/a") == b"1"


async def test_one_process_keeps_a_directory_up(pfs: EmbeddedPfs) -> None:
    other = EmbeddedPfs(pfs.engine.directory.path, synchronous="off", rules=SELDOM)
    await other.engine.upkeep.round()
    lock = _try_lock(other.engine)
    assert lock is not None
    await pfs.engine.free(collection.suspect, [b"0" * 32])
    await pfs.engine.upkeep.round()
    assert rows(pfs, "suspect") == 1
    os.close(lock)
    async with asyncio.timeout(60):
        while rows(pfs, "suspect"):  # the other one may be at it now
            await pfs.engine.upkeep.round()
    await other.aclose()


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(directory: Path) -> set[tuple[bool, int]]:
    found = [directory, *directory.rglob("*")]
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in found}


@pytest.mark.usefixtures("umask")
async def test_nobody_else_can_read_what_is_stored_whatever_the_umask(tmp_path: Path) -> None:
    directory = tmp_path / "pfs"
    pfs = EmbeddedPfs(directory)
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    await put(pfs, BRANCH, "/a", os.urandom(100_000))
    writer = pfs.engine.blobs.writer()
    await pfs.engine.upkeep.round()
    assert modes(directory) == {(True, 0o700), (False, 0o600)}
    writer.abandon()
    await pfs.aclose()


def test_an_older_directory_is_put_right(tmp_path: Path) -> None:
    directory = tmp_path / "pfs"
    DataDirectory(directory).close()
    directory.chmod(0o755)
    (directory / "pfs.sqlite").chmod(0o644)
    (directory / "blobs").chmod(0o755)
    DataDirectory(directory).close()
    assert modes(directory) == {(True, 0o700), (False, 0o600)}


def test_a_directory_with_other_things_in_it_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    tmp_path.chmod(0o755)
    DataDirectory(tmp_path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "pfs.sqlite").stat().st_mode) == 0o600
