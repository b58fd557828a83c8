"""Whether everything is there: what is lost or damaged is found, named, and healed by its bytes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from embedded_pfs.checking import check
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.directory import DataDirectory, DirectoryRefused
from pfs_client.failures import ContentLost
from pfs_client.values import AddFile, Branch, CopyFile, DeleteFile, File, Repo
from tests.embedded_pfs.harm import cut, flip, remove
from tests.pfs_contract.reading import head_of, put, read

BRANCH = Branch(Repo("r"), "master")
LARGE = os.urandom(300_000)


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    client = EmbeddedPfs(tmp_path, synchronous="off")
    await client.create_repo(BRANCH.repo)
    await client.create_branch(BRANCH)
    await put(client, BRANCH, "/d/large", LARGE)
    await put(client, BRANCH, "/small", b"1")
    await put(client, BRANCH, "/small", b"2")
    yield client
    await client.aclose()


def blob_of(pfs: EmbeddedPfs) -> Path:
    (blob,) = [path for _, path in pfs.engine.blobs.all()]
    return blob


async def test_all_is_there(pfs: EmbeddedPfs, tmp_path: Path) -> None:
    found = await asyncio.to_thread(check, tmp_path)
    assert found.is_sound
    assert found.contents == 3
    assert found.read_bytes == 300_002


async def test_a_folder_may_stand_where_a_file_stood(pfs: EmbeddedPfs, tmp_path: Path) -> None:
    for path in ("/small/x", "/small", "/small/y/z"):
        await pfs.modify_file(BRANCH, [DeleteFile("/small"), DeleteFile("/small/")])
        await put(pfs, BRANCH, path, b"3")
    assert (await asyncio.to_thread(check, tmp_path)).is_sound


@pytest.mark.parametrize("harm", [remove, cut])
async def test_what_is_not_there_fails_in_every_read(
    pfs: EmbeddedPfs, harm: Callable[[Path], None]
) -> None:
    harm(blob_of(pfs))
    head = await head_of(pfs, BRANCH)
    with pytest.raises(ContentLost, match="the content of /d/large"):
        await pfs.inspect_file(File(head, "/d/large"))
    with pytest.raises(ContentLost, match="the content of /d/large"):
        await pfs.get_file(File(head, "/d/large"))
    assert await read(pfs, head, "/small") == b"2"


@pytest.mark.parametrize("harm", [remove, cut, flip])
async def test_what_is_lost_is_said_and_the_same_bytes_heal_it(
    pfs: EmbeddedPfs, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    blob = blob_of(pfs)
    harm(blob)
    found = await asyncio.to_thread(check, tmp_path)
    (lost,) = found.lost
    assert (lost.where, lost.path) == ("default/r@master", "/d/large")
    assert str(blob) in lost.why
    # Wherever the bytes are stored: it is the same content.
    await put(pfs, BRANCH, "/elsewhere", LARGE)
    assert await read(pfs, await head_of(pfs, BRANCH), "/d/large") == LARGE
    assert (await asyncio.to_thread(check, tmp_path)).is_sound
    assert not list((tmp_path / "staging").iterdir())


async def test_a_small_content_that_is_damaged_is_said_and_healed(
    pfs: EmbeddedPfs, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "pfs.sqlite", isolation_level=None)
    other.execute("UPDATE content SET bytes = x'39' WHERE bytes = x'31'")
    other.close()
    found = await asyncio.to_thread(check, tmp_path)
    assert [(lost.where, lost.path, lost.when) for lost in found.lost] == [
        ("default/r", "/small", "in its history")
    ]
    await put(pfs, BRANCH, "/again", b"1")
    assert (await asyncio.to_thread(check, tmp_path)).is_sound


async def test_what_is_lost_is_not_copied(pfs: EmbeddedPfs) -> None:
    remove(blob_of(pfs))
    head = await head_of(pfs, BRANCH)
    with pytest.raises(ContentLost):
        await pfs.modify_file(BRANCH, [CopyFile("/copy", File(head, "/d/large"))])
    with pytest.raises(ContentLost):
        await pfs.modify_file(BRANCH, [AddFile("/d/large", b"more")])
    assert await head_of(pfs, BRANCH) == head


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("DELETE FROM line", "a branch that is not there"),
        ("UPDATE file SET created_seq = 99", "begins behind the last commit"),
        ("UPDATE past_file SET ended_seq = created_seq", "ends before it begins"),
        ("UPDATE file SET size_bytes = 5 WHERE path = 'small'", "not that of its files"),
        ("UPDATE past_file SET content_hash = (SELECT content_hash FROM file LIMIT 1)", "two size"),
        ("DELETE FROM project", "refers to a project that is not there"),
        ("DELETE FROM past_file", "a commit whose size is not that of its files"),
        ("UPDATE commit_ SET size_bytes = 7 WHERE seq = 2", "a commit whose size is not that of"),
        ("UPDATE past_file SET ended_seq = 99", "ends behind the last commit"),
        ("UPDATE past_file SET ended_seq = 5", "two files at one path in a commit"),
        ("UPDATE file SET changed_us = NULL WHERE path = 'small'", "without a time"),
        ("UPDATE past_file SET changed_us = NULL", "without a time"),
        ("UPDATE file SET path = '/small' WHERE path = 'small'", "a path that no file can have"),
        ("UPDATE file SET path = 'a//b' WHERE path = 'small'", "a path that no file can have"),
        ("UPDATE file SET path = 'd/large/x' WHERE path = 'small'", "a file below a file"),
        ("UPDATE past_file SET path = 'd/large/x'", "a file below a file"),
        ("UPDATE file SET path = 'd' WHERE path = 'small'", "a file below a file"),
        ("UPDATE past_file SET path = 'd'", "a file below a file"),
        ("UPDATE commit_ SET parent_id = NULL", "not based on the one before it"),
        ("UPDATE commit_ SET parent_id = 4 WHERE seq = 3", "not based on the one before it"),
        ("UPDATE commit_ SET parent_id = 99 WHERE seq = 1", "based on one that is not there"),
        ("UPDATE commit_ SET parent_id = 3 WHERE seq = 1", "not based on what its branch begins"),
        ("UPDATE line SET base_id = 3", "not based on what its branch begins at"),
        ("DELETE FROM commit_", "a branch without a head"),
        (
            "INSERT INTO repo SELECT 9, project_id, 'o', '', 0 FROM repo;"
            "UPDATE branch SET repo_id = 9",
            "a branch whose head is another repo's commit",
        ),
        (
            "INSERT INTO repo SELECT 9, project_id, 'o', '', 0 FROM repo;"
            "UPDATE commit_ SET repo_id = 9 WHERE seq = 2",
            "a commit of another repo than its branch",
        ),
    ],
)
async def test_tables_that_contradict_each_other_are_told(
    pfs: EmbeddedPfs, tmp_path: Path, harm: str, says: str
) -> None:
    other = sqlite3.connect(tmp_path / "pfs.sqlite", isolation_level=None)
    other.executescript(harm)
    other.close()
    found = await asyncio.to_thread(check, tmp_path)
    assert any(says in wrong for wrong in found.wrong), found.wrong


@pytest.mark.parametrize(("path", "size_bytes"), [("small", 1), ("d/large", 300_000)])
async def test_a_size_that_is_not_the_content_s_is_told(
    pfs: EmbeddedPfs, tmp_path: Path, path: str, size_bytes: int
) -> None:
    with closing(sqlite3.connect(tmp_path / "pfs.sqlite", isolation_level=None)) as other:
        other.execute("UPDATE file SET size_bytes = size_bytes + 5 WHERE path = ?", (path,))
    found = await asyncio.to_thread(check, tmp_path)
    (lost,) = found.lost
    assert lost.path == f"/{path}"
    assert lost.why == f"its size is said to be {size_bytes + 5} bytes, and is {size_bytes}"


def test_a_mistyped_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DirectoryRefused, match="no embedded PFS"):
        check(tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


async def test_a_check_removes_nothing_that_a_crash_has_left(
    pfs: EmbeddedPfs, tmp_path: Path
) -> None:
    await pfs.aclose()
    directory = pfs.engine.directory.path
    left = directory / "staging" / "0123456789abcdef"
    left.write_bytes(b"half")
    assert check(directory).is_sound
    assert left.read_bytes() == b"half"
    DataDirectory(directory).close()
    assert not left.exists()
