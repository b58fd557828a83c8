"""The data directory: crashes, neighbours, versions, a full disk, compaction."""

from __future__ import annotations

import asyncio
import os
import random
import re
import sqlite3
import sys
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.compaction import compact
from embedded_pfs.directory import DataDirectory, DirectoryRefused
from embedded_pfs.migrations import SCHEMA_VERSION
from pfs_client.failures import CommitNotFound, StorageFull
from pfs_client.values import AddFile, Branch, Change, Commit, DeleteFile, File, Repo
from tests.pfs_contract.reading import head_of, paths, put, read

BRANCH = Branch(Repo("r"), "master")


async def opened(directory: Path) -> EmbeddedPfs:
    pfs = EmbeddedPfs(directory, synchronous="off")
    if not await pfs.list_repo():
        await pfs.create_repo(BRANCH.repo)
        await pfs.create_branch(BRANCH)
    return pfs


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    pfs = await opened(tmp_path)
    large = os.urandom(200_000)
    await put(pfs, BRANCH, "/small", b"1")
    await put(pfs, BRANCH, "/large", large)
    head = await head_of(pfs, BRANCH)
    await pfs.aclose()
    pfs = await opened(tmp_path)
    assert await head_of(pfs, BRANCH) == head
    assert await read(pfs, head, "/small") == b"1"
    assert await read(pfs, head, "/large") == large
    await pfs.aclose()


async def test_several_processes_share_a_directory(tmp_path: Path) -> None:
    one, other = await opened(tmp_path), await opened(tmp_path)
    await put(one, BRANCH, "/a", b"1")
    assert await read(other, await head_of(other, BRANCH), "/a") == b"1"
    await put(other, BRANCH, "/a", b"2")
    assert await read(one, await head_of(one, BRANCH), "/a") == b"2"
    await one.aclose()
    await other.aclose()


WRITER = """
import asyncio, os, sys
from pathlib import Path
from embedded_pfs.client import EmbeddedPfs
from pfs_client.values import AddFile, Branch, DeleteFile, Repo

async def main():
    pfs = EmbeddedPfs(Path(sys.argv[1]))
    branch = Branch(Repo("r"), "master")
    number = 0
    while True:
        size = (number * 7919) % 150_000
        content = number.to_bytes(4, "big") * (size // 4 + 1)
        path = f"/f{number % 10}"
        print("begin", number, flush=True)
        await pfs.modify_file(branch, [DeleteFile(path), AddFile(path, content)])
        print("done", number, flush=True)
        number += 1

asyncio.run(main())
"""


async def test_a_killed_writer_leaves_what_it_acknowledged_and_nothing_half(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "pfs"
    await (await opened(directory)).aclose()
    for round_ in range(4):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(directory), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        printed = await process.stdout.readuntil(b"done 20\n")
        await asyncio.sleep(random.Random(round_).random())  # noqa: S311 - any moment
        process.kill()
        printed += (await process.communicate())[0]
        done = [int(number) for number in re.findall(rb"done (\d+)\n", printed)]
        assert len(done) > 10
        pfs = await opened(directory)
        head = await head_of(pfs, BRANCH)
        for slot in range(10):
            acknowledged = max(n for n in done if n % 10 == slot)
            content = await read(pfs, head, f"/f{slot}")
            number = int.from_bytes(content[:4], "big")
            # The one write under way when it was killed may have happened, whole.
            assert number in (acknowledged, done[-1] + 1)
            assert content == number.to_bytes(4, "big") * (((number * 7919) % 150_000) // 4 + 1)
        assert not list((directory / "staging").iterdir())
        await pfs.aclose()


async def test_blobs_of_unfinished_writes_are_removed_by_who_is_alone(tmp_path: Path) -> None:
    pfs = await opened(tmp_path)
    kept, lost = os.urandom(100_000), os.urandom(100_000)
    await put(pfs, BRANCH, "/kept", kept)
    writer = pfs.engine.blobs.writer()
    writer.write(lost)
    content = writer.finish()
    half = pfs.engine.blobs.writer()
    half.write(b"half")
    again = await opened(tmp_path)
    assert pfs.engine.blobs.path(content.hash).exists()
    await again.aclose()
    await pfs.aclose()
    pfs = await opened(tmp_path)
    await pfs.engine.upkeep.round()
    assert not pfs.engine.blobs.path(content.hash).exists()
    assert not list((tmp_path / "staging").iterdir())
    assert await read(pfs, await head_of(pfs, BRANCH), "/kept") == kept
    await pfs.aclose()


async def test_a_failed_write_leaves_a_blob_that_somebody_else_wants(tmp_path: Path) -> None:
    pfs = await opened(tmp_path)
    content = os.urandom(100_000)
    await put(pfs, BRANCH, "/a", content)
    with pytest.raises(Exception, match="collision"):
        await pfs.modify_file(BRANCH, [AddFile("/a/b", content)])
    await pfs.aclose()
    pfs = await opened(tmp_path)
    assert await read(pfs, await head_of(pfs, BRANCH), "/a") == content
    await pfs.aclose()


async def test_expired_file_sets_go(tmp_path: Path) -> None:
    pfs = await opened(tmp_path)
    file_set = await pfs.create_file_set([AddFile("/f", os.urandom(100_000))])
    await pfs.renew_file_set(file_set, 0)
    (blob,) = [path for _, path in pfs.engine.blobs.all()]
    await asyncio.sleep(0.01)
    await pfs.engine.upkeep.round()
    assert not blob.exists()
    await pfs.aclose()


def test_a_newer_directory_is_refused(tmp_path: Path) -> None:
    DataDirectory(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "pfs.sqlite")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(DirectoryRefused, match="written by a newer gateway"):
        DataDirectory(tmp_path)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryRefused, match="cannot use"):
        DataDirectory(tmp_path / "file")


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pfs.sqlite").write_bytes(b"something else" * 1000)
    with pytest.raises(DirectoryRefused, match="cannot open"):
        DataDirectory(tmp_path)


def test_a_directory_in_use_is_not_taken_alone(tmp_path: Path) -> None:
    user = DataDirectory(tmp_path)
    with pytest.raises(DirectoryRefused, match="is in use"):
        DataDirectory(tmp_path, exclusive=True)
    user.close()
    DataDirectory(tmp_path, exclusive=True).close()


def test_a_directory_taken_alone_is_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded_pfs.directory._LOCK_WAIT_SECONDS", 0.1)
    alone = DataDirectory(tmp_path, exclusive=True)
    with pytest.raises(DirectoryRefused, match="needs it alone"):
        DataDirectory(tmp_path)
    alone.close()


async def test_a_full_database_loses_nothing(tmp_path: Path) -> None:
    pfs = await opened(tmp_path)
    await put(pfs, BRANCH, "/a", b"before")
    (pages,) = pfs.engine.writing.execute("PRAGMA page_count").fetchone()
    pfs.engine.writing.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull):
        await put(pfs, BRANCH, "/f", os.urandom(50_000))
    head = await head_of(pfs, BRANCH)
    assert await read(pfs, head, "/a") == b"before"
    pfs.engine.writing.execute("PRAGMA max_page_count = 1000000")
    await put(pfs, BRANCH, "/a", b"after")
    assert await read(pfs, await head_of(pfs, BRANCH), "/a") == b"after"
    await pfs.aclose()


LIMITED = """
import asyncio, os, resource, signal, sys
from pathlib import Path
from embedded_pfs.client import EmbeddedPfs
from pfs_client.failures import (StorageFull)
from pfs_client.values import AddFile, Branch, Repo

async def main():
    pfs = EmbeddedPfs(Path(sys.argv[1]), synchronous="off")
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
    try:
        await pfs.modify_file(Branch(Repo("r"), "master"), [AddFile("/big", bytes(2_000_000))])
    except StorageFull:
        print("full", flush=True)
    await pfs.aclose()

asyncio.run(main())
"""


async def test_a_blob_without_room_leaves_nothing(tmp_path: Path) -> None:
    await (await opened(tmp_path)).aclose()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIMITED, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert printed == b"full\n"
    pfs = await opened(tmp_path)
    assert await pfs.list_file(File(await head_of(pfs, BRANCH), "/")) == []
    assert not list(pfs.engine.blobs.all())
    await pfs.aclose()


async def history(pfs: EmbeddedPfs) -> list[Commit]:
    commits = []
    for number in range(5):
        content = bytes([number]) * 100_000
        changes: list[Change] = [
            DeleteFile("/same"),
            AddFile("/same", content),
            AddFile(f"/f{number}", b"1"),
        ]
        await pfs.modify_file(BRANCH, changes)
        commits.append(await head_of(pfs, BRANCH))
    return commits


@pytest.mark.parametrize("keep", [0, 2])
async def test_compaction_squashes_history_and_frees_room(tmp_path: Path, keep: int) -> None:
    pfs = await opened(tmp_path)
    commits = await history(pfs)
    await pfs.create_branch(Branch(BRANCH.repo, "old"), head=commits[1])
    gone = Branch(BRANCH.repo, "gone")
    await pfs.create_branch(gone)
    await put(pfs, gone, "/x", os.urandom(100_000))
    await pfs.delete_branch(gone)
    await pfs.aclose()
    result = compact(tmp_path, keep)
    assert result.commits > 0
    assert result.contents > 0
    pfs = await opened(tmp_path)
    head = await head_of(pfs, BRANCH)
    assert head == commits[-1]
    assert await read(pfs, head, "/same") == bytes([4]) * 100_000
    assert paths(await pfs.list_file(File(head, "/"))) == [f"/f{n}" for n in range(5)] + ["/same"]
    # What another branch's head is, stays, with all after it on its line.
    assert await read(pfs, commits[1], "/same") == bytes([1]) * 100_000
    if keep == 0:
        with pytest.raises(CommitNotFound):
            await read(pfs, commits[0], "/same")
    await put(pfs, BRANCH, "/same", b"goes on")
    await put(pfs, Branch(BRANCH.repo, "old"), "/same", b"too")
    await pfs.aclose()
    assert compact(tmp_path, 0).contents >= 1


async def test_compaction_without_anything_to_do(tmp_path: Path) -> None:
    pfs = await opened(tmp_path)
    await pfs.aclose()
    assert compact(tmp_path, 0).commits == 0


async def test_compaction_needs_the_directory_alone(tmp_path: Path) -> None:
    pfs = await opened(tmp_path)
    with pytest.raises(DirectoryRefused, match="is in use"):
        compact(tmp_path, 0)
    await pfs.aclose()


async def test_compaction_keeps_what_an_open_commit_stands_on(tmp_path: Path) -> None:
    pfs = await opened(tmp_path)
    await put(pfs, BRANCH, "/a", b"1")
    await put(pfs, BRANCH, "/a", b"2")
    base = await head_of(pfs, BRANCH)
    opened_commit = await pfs.start_commit(BRANCH)
    await put(pfs, BRANCH, "/a", b"3")
    await pfs.aclose()
    compact(tmp_path, 0)
    pfs = await opened(tmp_path)
    assert await read(pfs, base, "/a") == b"2"
    assert await read(pfs, opened_commit, "/a") == b"3"
    await pfs.drop_commit(opened_commit)
    assert await head_of(pfs, BRANCH) == base
    assert await read(pfs, base, "/a") == b"2"
    await pfs.aclose()
