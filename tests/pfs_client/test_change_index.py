"""The index of what commits changed: its file, its size, and what happens where it cannot be."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace as with_
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pfs_client.history import chains
from pfs_client.history.chains import Place
from pfs_client.history.change_index import ChangeIndex, IndexUnusable
from pfs_client.history.index_file import FILE_NAME, IndexFile, StateDirectoryRefused
from pfs_client.values import AddFile, Branch, Commit, CommitInfo, DeleteFile, OriginKind, Repo
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import others_write, put
from tests.pfs_client.histories import timed, truth
from tests.pfs_contract.reading import head_of

REPO = Repo("r")


def commit_info(number: int, parent: Commit | None = None) -> CommitInfo:
    time = datetime.fromtimestamp(1_000_000 + number, UTC)
    commit = Commit(REPO, f"{number:032x}")
    return CommitInfo(commit, OriginKind.USER, parent, time, time, time)


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_open_umask")
def test_nobody_else_can_read_what_is_known_of_files(tmp_path: Path) -> None:
    index = IndexFile(tmp_path / "state" / "below")
    connection = index.connect()
    connection.execute("PRAGMA wal_checkpoint")
    made = [tmp_path / "state", *(tmp_path / "state").rglob("*")]
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in made}
    assert modes == {
        "state": 0o700,
        "below": 0o700,
        "history.lock": 0o600,
        FILE_NAME: 0o600,
        f"{FILE_NAME}-wal": 0o600,
        f"{FILE_NAME}-shm": 0o600,
    }
    connection.close()
    index.close()


def test_a_file_of_an_older_version_is_taken_from_others_and_its_directory_left(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    IndexFile(tmp_path).close()
    (tmp_path / FILE_NAME).chmod(0o644)
    IndexFile(tmp_path).close()
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_directory_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StateDirectoryRefused, match="cannot use"):
        IndexFile(tmp_path / "file" / "below")


@pytest.mark.parametrize("content", [b"no database at all" * 1000, b""])
def test_a_file_that_is_no_index_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    connection = IndexFile(tmp_path).connect()
    assert chains.next_to_read(connection) is None
    connection.close()


def test_an_index_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    connection = IndexFile(tmp_path).connect()
    chains.begin(connection, commit_info(1), None)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    connection = IndexFile(tmp_path).connect()
    assert chains.next_to_read(connection) is None
    connection.close()


async def test_a_file_that_is_damaged_later_is_begun_anew(pachd: Pachd, tmp_path: Path) -> None:
    await others_write(pachd, *(f"/{number:04}" for number in range(500)))
    async with timed(pachd.pfs, tmp_path) as gateway:
        assert await gateway.listed() == await truth(pachd)
        await gateway.all_is_read()
        file = tmp_path / FILE_NAME
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        whole = file.read_bytes()
        file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
        await put(gateway.writes, "/new")
        expected = await truth(pachd)
        for _ in range(5):
            if await gateway.listed() == expected:
                break
            await asyncio.sleep(0.2)
        assert await gateway.listed() == expected


async def test_an_index_that_is_full_does_not_hold_up_anybody(
    pachd: Pachd, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await others_write(pachd, "/a")
    async with timed(pachd.pfs, tmp_path, wait_seconds=0.3) as gateway:
        assert await gateway.listed() == await truth(pachd)
        await gateway.all_is_read()
        writing = gateway.times._index._writing
        (pages,) = writing.execute("PRAGMA page_count").fetchone()
        writing.execute(f"PRAGMA max_page_count = {pages}")
        for number in range(20):
            await put(gateway.writes, f"/{'x' * 800}{number}")
        await gateway.writes.drain()
        await gateway.times.own.drain()
        told, expected = await gateway.listed(), await truth(pachd)
        assert all(told[path] >= time for path, time in expected.items() if time)  # type: ignore[operator]
        assert "cannot be used" in caplog.text
        writing.execute("PRAGMA max_page_count = 1000000")
        await put(gateway.writes, "/b")
        await gateway.all_is_read()
        assert await gateway.told("/b") == (await truth(pachd))["/b"]


async def test_a_history_that_is_too_large_is_not_kept_in_part(
    pachd: Pachd, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for part in range(3):
        await others_write(pachd, *(f"/{part}/{'x' * 500}{number}" for number in range(300)))
    expected = await truth(pachd)
    async with timed(pachd.pfs, tmp_path, max_bytes=200_000, wait_seconds=0.5) as gateway:
        for _ in range(2):
            told = await gateway.listed()
            assert all(told[path] >= time for path, time in expected.items() if time)  # type: ignore[operator]
        await gateway.all_is_read()
        head = (await pachd.pfs.inspect_commit(await head_of(pachd.pfs, BRANCH))).finishing
        assert set((await gateway.listed()).values()) == {head}
        assert gateway.seen.approximated > 0
        path = next(iter(expected))
        assert await gateway.told(path) == expected[path]
    assert "too large for --history-bytes" in caplog.text
    connection = IndexFile(tmp_path).connect()
    assert connection.execute("SELECT count(*) FROM change").fetchone() == (0,)
    assert chains.size_bytes(connection) < 200_000
    connection.close()


async def test_histories_that_nobody_asks_for_make_room(pachd: Pachd, tmp_path: Path) -> None:
    other = Branch(BRANCH.repo, "other")
    await pachd.pfs.create_branch(other)
    for branch in (BRANCH, other):
        changes = [AddFile(f"/{'x' * 500}{number}", b"1") for number in range(300)]
        await pachd.pfs.modify_file(branch, changes)
        await head_of(pachd.pfs, branch)
    async with timed(pachd.pfs, tmp_path, max_bytes=300_000) as gateway:
        for branch in (BRANCH, other, BRANCH):
            assert await gateway.listed(branch) == await truth(pachd, branch)
            await gateway.all_is_read()
        assert gateway.seen.approximated == 0


async def test_a_file_takes_its_path_and_sixty_bytes(tmp_path: Path) -> None:
    index = ChangeIndex(IndexFile(tmp_path), 1024**3)
    paths = [f"/directory-{number % 97:03}/file-{number:06}" for number in range(50_000)]
    empty = index.look_up(chains.size_bytes)
    async with index.staged() as staged:
        await staged.add(paths)
        chain_id = await index.write(chains.begin, commit_info(1), staged.name)
    async with index.staged() as staged:
        await staged.add(paths)
        place = Place(chain_id, 0)
        assert await index.write(chains.append, place, commit_info(2), staged.name, ())
    used = index.look_up(chains.size_bytes) - empty
    assert used <= sum(map(len, paths)) + 60 * len(paths)
    found = index.look_up(chains.changes, Place(chain_id, 1), paths[:1000])
    assert {change.at for change in found.values()} == {commit_info(2).finishing}
    found = index.look_up(chains.changes, Place(chain_id, 0), paths[:1000])
    assert {change.at for change in found.values()} == {commit_info(1).finishing}
    await index.close()


async def test_a_commit_is_appended_to_a_tip_only(tmp_path: Path) -> None:
    index = ChangeIndex(IndexFile(tmp_path), 1024**3)
    chain_id = await index.write(chains.begin, commit_info(1), None)
    async with index.staged() as staged:
        await staged.add(["/a"])
        place = Place(chain_id, 0)
        assert await index.write(chains.append, place, commit_info(2), staged.name, ())
        assert not await index.write(chains.append, place, commit_info(3), staged.name, ())
    await index.close()
    with pytest.raises(IndexUnusable):
        index.look_up(chains.next_to_read)


async def test_a_commit_of_ours_that_fails_has_changed_nothing(pachd: Pachd) -> None:
    async with timed(pachd.pfs) as gateway:
        await put(gateway.writes, "/a")
        await gateway.all_is_read()
        expected = await gateway.told("/a")
        parent = await head_of(pachd.pfs, BRANCH)
        await pachd.pfs.modify_file(BRANCH, [DeleteFile("/b"), AddFile("/b", b"1")])
        head = await pachd.pfs.inspect_commit(await head_of(pachd.pfs, BRANCH))
        assert head.parent == parent
        gateway.times.own.made(head, {"/a": True, "/b": True})
        assert await gateway.told("/a") == head.finishing
        gateway.times.own.finished(with_(head, error="it failed"))
        assert await gateway.told("/a") == expected
