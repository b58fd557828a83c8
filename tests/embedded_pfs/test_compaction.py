"""What compaction drops, how much that was, and when the database is made anew."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest

from embedded_pfs import collection, history
from embedded_pfs.blobs import content_hash
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.compaction import Compactable, _Alone, compact, survey
from embedded_pfs.directory import DataDirectory, DirectoryRefused
from embedded_pfs.upkeep import UpkeepRules
from pfs_client.failures import StorageFull
from pfs_client.values import Branch, Repo
from tests.pfs_contract.reading import put

BRANCH, OTHER, GONE = (Branch(Repo("r"), name) for name in ("master", "other", "gone"))
SELDOM = UpkeepRules(seconds_between=3600)


@pytest.fixture
async def stored(tmp_path: Path) -> Path:
    """A closed directory: two branches have history, and one of two commits is deleted."""
    pfs = EmbeddedPfs(tmp_path / "pfs", synchronous="off", rules=SELDOM)
    await pfs.create_repo(BRANCH.repo)
    for branch in (BRANCH, OTHER, GONE):
        await pfs.create_branch(branch)
    for number in range(4):
        await put(pfs, BRANCH, "/a", bytes([number]) * 70_000)
    await put(pfs, OTHER, "/a", b"small")
    await put(pfs, GONE, "/a", b"gone")
    await pfs.delete_branch(GONE)
    await pfs.aclose()
    return tmp_path / "pfs"


@pytest.fixture
def piecemeal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row goes in each transaction."""
    monkeypatch.setattr(history, "ROWS_A_TRANSACTION", 1)


def execute(directory: Path, statement: str, rows: Iterable[tuple[object, ...]] = ((),)) -> None:
    with closing(sqlite3.connect(directory / "pfs.sqlite")) as connection, connection:
        connection.executemany(statement, rows)


def count(directory: Path, table: str) -> int:
    with closing(sqlite3.connect(directory / "pfs.sqlite")) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def stored_bytes(directory: Path) -> int:
    opened = DataDirectory(directory, changes=False)
    try:
        return opened.stored_bytes()
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("keep", "commits", "branches"), [(0, 4 + 1 + 2, 2), (1, 3 + 2, 1), (4, 2, 0)]
)
def test_a_survey_says_what_would_go_and_drops_nothing(
    stored: Path, keep: int, commits: int, branches: int
) -> None:
    assert survey(stored, keep) == Compactable(commits, branches)
    assert count(stored, "commit_") == 5 + 2 + 2


@pytest.mark.parametrize(("keep", "commits", "contents"), [(0, 7, 4), (1, 5, 3), (4, 2, 1)])
@pytest.mark.usefixtures("piecemeal")
def test_what_went_is_counted(stored: Path, keep: int, commits: int, contents: int) -> None:
    result = compact(stored, keep)
    assert (result.commits, result.contents) == (commits, contents)
    assert count(stored, "commit_") == 9 - commits
    assert count(stored, "line") == 2
    again = compact(stored, keep)
    assert (again.commits, again.contents, again.bytes_freed) == (0, 0, 0)


@pytest.mark.usefixtures("piecemeal")
def test_what_no_commit_that_is_left_shows_goes_at_once(stored: Path) -> None:
    compact(stored, 0)
    assert count(stored, "past_file") == 0
    assert count(stored, "file") == 2


def test_what_it_frees_is_told_to_the_byte(stored: Path) -> None:
    before = stored_bytes(stored)
    result = compact(stored, 0)
    assert result.bytes_freed == before - stored_bytes(stored)
    assert result.bytes_freed > 200_000


def test_a_mistyped_directory_is_refused(tmp_path: Path) -> None:
    for work in (survey, compact):
        with pytest.raises(DirectoryRefused, match="there is no embedded PFS"):
            work(tmp_path / "typo", 0)
    assert not (tmp_path / "typo").exists()


@pytest.mark.usefixtures("piecemeal")
async def test_deleted_repos_go(tmp_path: Path) -> None:
    pfs = EmbeddedPfs(tmp_path, synchronous="off", rules=SELDOM)
    await pfs.engine.upkeep.round()
    for name in ("r", "s"):
        await pfs.create_repo(Repo(name))
        await pfs.create_branch(Branch(Repo(name), "master"))
    pfs.engine.upkeep._task.cancel()  # which would be quicker
    for name in ("r", "s"):
        await pfs.delete_repo(Repo(name))
    await pfs.aclose()
    assert count(tmp_path, "repo") == 2
    assert compact(tmp_path, 0).commits == 0  # they are gone already
    assert count(tmp_path, "repo") == count(tmp_path, "commit_") == 0


def test_file_sets_go_that_have_expired(stored: Path) -> None:
    years_ahead = 4_000_000_000_000_000
    rows = [("a", 0), ("b", 0), ("c", years_ahead)]
    execute(stored, "INSERT INTO file_set VALUES (?, ?)", rows)
    compact(stored, 0)
    assert count(stored, "file_set") == 1


def test_small_contents_go_that_nobody_has_noted(stored: Path) -> None:
    orphans = [(content_hash(b"%d" % number),) for number in range(3)]
    execute(stored, "INSERT INTO content (hash, bytes) VALUES (?, x'00')", orphans)
    assert compact(stored, 4).contents == 1 + 3
    assert count(stored, "content") == 1


def test_suspects_that_something_refers_to_stay(stored: Path) -> None:
    before = count(stored, "content")
    execute(stored, "INSERT INTO suspect (hash) SELECT hash FROM content")
    assert compact(stored, 4).contents == 1
    assert (count(stored, "content"), count(stored, "suspect")) == (before - 1, 0)


def test_blobs_go_that_nobody_has_noted_a_thousand_in_a_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = DataDirectory(tmp_path, synchronous="off")
    hashes = {content_hash(b"%d" % number) for number in range(2001)}
    for hash_ in hashes:
        os.close(os.open(data.blobs.path(hash_), os.O_CREAT))
    data.close()
    noted: list[list[bytes]] = []
    suspect = collection.suspect

    def noting(connection: sqlite3.Connection, some: Iterable[bytes]) -> None:
        noted.append(list(some))
        suspect(connection, noted[-1])

    with monkeypatch.context() as patches:
        patches.setattr(collection, "suspect", noting)
        assert compact(tmp_path, 0).contents == 2001
    # Then come the contents that each of those that went lay in: none.
    assert [len(some) for some in noted[:3]] == [1000, 1000, 1]
    assert {hash_ for some in noted for hash_ in some} == hashes
    assert not any(file for _, file in data.blobs.all())


def have_room(monkeypatch: pytest.MonkeyPatch, left_bytes: Callable[[int], int]) -> None:
    """Let a disk have room that depends on the size of the database."""

    def free_bytes(directory: Path) -> int:
        return left_bytes((directory / "pfs.sqlite").stat().st_size)

    monkeypatch.setattr("embedded_pfs.compaction.free_bytes", free_bytes)


def unused(directory: Path) -> tuple[int, int]:
    """Unused pages of the database, and the bytes of one page."""
    with closing(sqlite3.connect(directory / "pfs.sqlite")) as connection:
        (pages,) = connection.execute("PRAGMA freelist_count").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    return pages, page_bytes


@pytest.fixture
def with_gaps(stored: Path) -> Path:
    """The same, whose database will have unused pages."""
    orphans = [(content_hash(b"%d" % number), bytes(1000)) for number in range(100)]
    execute(stored, "INSERT INTO content (hash, bytes) VALUES (?, ?)", orphans)
    return stored


@pytest.mark.parametrize("left_bytes", [lambda _: 0, lambda size: size, lambda size: 2 * size])
def test_a_database_is_not_made_anew_without_room_for_two(
    with_gaps: Path, monkeypatch: pytest.MonkeyPatch, left_bytes: Callable[[int], int]
) -> None:
    have_room(monkeypatch, left_bytes)
    result = compact(with_gaps, 0)
    pages, page_bytes = unused(with_gaps)
    assert pages > 20
    assert result.unused_bytes == pages * page_bytes


def test_a_database_is_made_anew_where_there_is_room(
    with_gaps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have_room(monkeypatch, lambda size: 2 * size + 1)
    before = (with_gaps / "pfs.sqlite").stat().st_size
    result = compact(with_gaps, 0)
    assert result.unused_bytes == unused(with_gaps)[0] == 0
    assert (with_gaps / "pfs.sqlite").stat().st_size < before - 80_000


def test_a_database_without_gaps_is_left_as_it_is(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(stored / "pfs.sqlite")) as connection:
        connection.execute("VACUUM")
    have_room(monkeypatch, lambda size: pytest.fail("nobody needs to ask"))
    compact(stored, 99)


def test_what_finds_no_room_is_tried_again_with_the_reserve(stored: Path) -> None:
    sizes: list[int] = []

    def find_no_room_at_first(_connection: sqlite3.Connection, answer: int) -> int:
        sizes.append((stored / "reserve").stat().st_size)
        if len(sizes) == 1:
            raise StorageFull("no room")
        return answer

    with _Alone(stored) as alone:
        assert alone.run(find_no_room_at_first, 7) == 7
    assert sizes[0] > sizes[1] == 0
    assert (stored / "reserve").stat().st_size == sizes[0]
