"""Older data directories: each that a released version wrote is brought to the newest schema."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

import pytest

from embedded_pfs import directory as directory_module
from embedded_pfs.checking import check
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.compaction import compact
from embedded_pfs.database import connect
from embedded_pfs.directory import DataDirectory, DirectoryRefused, older_schema
from embedded_pfs.migrations import SCHEMA_VERSION, STEPS, MigrationFailed, Step, migrate
from pfs_client.failures import CommitHasChildren
from pfs_client.values import Branch, File, Repo
from tests.embedded_pfs.released.__main__ import (
    AT_BEGUN,
    BEGUN,
    BEHIND_BEGUN,
    EMPTY_SIDE,
    LARGE,
    LARGER,
    LINES,
    MOVED,
    OLD_PICTURES,
    OPEN,
    PICTURES,
    RESULTS,
    SIDE,
    TRUNK,
)
from tests.embedded_pfs.released.directories import VERSIONS, unpacked, version_of
from tests.pfs_contract.reading import head_of, listed, paths, put, read

FIRST_WITH_LINES = 4
ELSEWHERE = Branch(Repo("elsewhere"), "master")


def test_every_released_schema_is_tested() -> None:
    assert list(range(1, VERSIONS[-1] + 1)) == VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_directory_that_a_released_version_wrote_is_all_there(
    tmp_path: Path, version: int
) -> None:
    directory = unpacked(tmp_path, version)
    pfs = EmbeddedPfs(directory)
    assert version_of(directory) == SCHEMA_VERSION
    head = await head_of(pfs, PICTURES)
    assert await read(pfs, head, "/small") == b"second"
    assert await read(pfs, head, "/d/larger") == LARGER
    assert paths(await pfs.list_file(File(head, "/d"))) == ["/d/larger"]
    old = await head_of(pfs, OLD_PICTURES)
    assert await read(pfs, old, "/small") == b"first"
    assert await read(pfs, old, "/d/large") == LARGE
    assert [info.commit async for info in pfs.list_commit(PICTURES.repo, newest=head)][2] == old
    assert (await pfs.inspect_branch(RESULTS)).direct_provenance == (PICTURES,)
    opened = (await pfs.inspect_branch(OPEN)).head
    assert (await pfs.inspect_commit(opened)).finishing is None
    assert await read(pfs, opened, "/in-it") == b"open"
    assert (await pfs.inspect_project("lab")).description == "with a description"
    await put(pfs, PICTURES, "/small", b"third")
    assert await read(pfs, await head_of(pfs, PICTURES), "/small") == b"third"
    await pfs.aclose()
    assert check(directory).is_sound


@pytest.mark.parametrize("version", [v for v in VERSIONS if v >= FIRST_WITH_LINES])
async def test_branches_that_began_at_commits_of_others_are_as_they_were(
    tmp_path: Path, version: int
) -> None:
    directory = unpacked(tmp_path, version)
    pfs = EmbeddedPfs(directory)
    trunk = await listed(pfs, LINES, newest=await head_of(pfs, TRUNK))
    assert len(trunk) == 6  # an empty one, and six of which one was squashed
    assert await read(pfs, trunk[0], "/5") == b"5"
    side = await head_of(pfs, SIDE)
    assert await read(pfs, side, "/own") == b"side"
    assert await listed(pfs, LINES, newest=side) == [side, *trunk[2:]]
    heads = [await head_of(pfs, branch) for branch in (EMPTY_SIDE, MOVED)]
    assert heads == trunk[2:4]
    # Two wait, one of them for the other.
    begun, at_begun, waiting = [
        (await pfs.inspect_branch(branch)).head for branch in (BEGUN, AT_BEGUN, BEHIND_BEGUN)
    ]
    assert at_begun == begun
    assert (await pfs.inspect_commit(waiting)).parent == begun
    assert (await pfs.inspect_commit(waiting)).finished is None
    await pfs.finish_commit(begun)
    assert (await pfs.inspect_commit(waiting)).finished is not None
    with pytest.raises(CommitHasChildren):
        await pfs.drop_commit(heads[0])
    await pfs.aclose()
    compact(directory, keep_commits=0)
    assert check(directory).is_sound
    pfs = EmbeddedPfs(directory)
    assert [await head_of(pfs, branch) for branch in (EMPTY_SIDE, MOVED)] == heads
    assert await listed(pfs, LINES, newest=side) == [side, trunk[2], trunk[3]]
    await pfs.aclose()


@pytest.mark.parametrize("has_commit", [True, False])
async def test_a_branch_at_another_repo_s_commit_comes_to_have_its_own(
    tmp_path: Path, has_commit: bool
) -> None:
    """Before schema 5 there could be such branches, and that repo could not go."""
    directory = unpacked(tmp_path, 4)
    begin_elsewhere(directory, has_commit=has_commit)
    pfs = EmbeddedPfs(directory)
    assert await read(pfs, await head_of(pfs, ELSEWHERE), "/5") == b"5"
    await pfs.delete_repo(LINES, force=True)
    await pfs.engine.upkeep.round()
    await put(pfs, ELSEWHERE, "/more", b"more")
    head = await head_of(pfs, ELSEWHERE)
    assert await read(pfs, head, "/5") == b"5"
    assert len(await listed(pfs, ELSEWHERE.repo, newest=head)) == 2
    await pfs.aclose()
    assert check(directory).is_sound


def begin_elsewhere(directory: Path, *, has_commit: bool) -> None:
    """Make the branch as schema 4 had it, with a copy of what stands at the other's tip."""
    connection = sqlite3.connect(directory / "pfs.sqlite")
    (trunk, head, repo, size_bytes) = connection.execute(
        "SELECT branch.line_id, head_id, branch.repo_id, size_bytes FROM branch"
        " JOIN repo ON repo.id = branch.repo_id JOIN commit_ ON commit_.id = head_id"
        " WHERE repo.name = ? AND branch.name = ?",
        (LINES.name, TRUNK.name),
    ).fetchone()
    own = connection.execute(
        "INSERT INTO repo (project_id, name, created_us) VALUES (1, ?, 1)", (ELSEWHERE.repo.name,)
    ).lastrowid
    line = connection.execute("INSERT INTO line (repo_id) VALUES (?)", (repo,)).lastrowid
    connection.execute(
        "INSERT INTO file SELECT ?, path, 0, size_bytes, content_hash, changed_us FROM file"
        " WHERE line_id = ?",
        (line, trunk),
    )
    if has_commit:
        head = connection.execute(
            "INSERT INTO commit_ (repo_id, hex, line_id, seq, parent_id, origin, branch_name,"
            " size_bytes, started_us, finishing_us, finished_us)"
            " VALUES (?, ?, ?, 1, ?, 1, 'master', ?, 1, 1, 1)",
            (own, "0" * 12 + "4" + "0" * 3 + "8" + "0" * 15, line, head, size_bytes),
        ).lastrowid
    connection.execute(
        "INSERT INTO branch (repo_id, name, line_id, head_id, created_us, updated_us)"
        " VALUES (?, 'master', ?, ?, 1, 1)",
        (own, line, head),
    )
    connection.commit()
    connection.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_migrated_database_is_like_a_new_one(tmp_path: Path, version: int) -> None:
    old = unpacked(tmp_path, version)
    DataDirectory(old).close()
    DataDirectory(tmp_path / "new").close()
    assert structure_of(old) == structure_of(tmp_path / "new")


def structure_of(directory: Path) -> dict[str, object]:
    """Tables with their columns, indexes and references, as SQLite understands them."""
    connection = sqlite3.connect(directory / "pfs.sqlite")
    found: dict[str, object] = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        indexes = connection.execute(f"PRAGMA index_list({table})").fetchall()
        found[table] = (
            connection.execute(f"PRAGMA table_xinfo({table})").fetchall(),
            connection.execute(f"PRAGMA foreign_key_list({table})").fetchall(),
            connection.execute("SELECT wr, strict FROM pragma_table_list(?)", (table,)).fetchall(),
            {i[1]: connection.execute(f"PRAGMA index_xinfo({i[1]})").fetchall() for i in indexes},
        )
    connection.close()
    return found


class PowerCut(Exception):
    """The process ends here."""


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("statement", range(1, 28))
def test_a_migration_that_is_cut_off_begins_again(
    tmp_path: Path, version: int, statement: int
) -> None:
    directory = unpacked(tmp_path, version)
    file = directory / "pfs.sqlite"
    connection = connect(file, synchronous="off")
    left = statement

    def cut(action: int, *_: object) -> int:
        nonlocal left
        left -= action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_CREATE_TABLE)
        return sqlite3.SQLITE_OK if left > 0 else sqlite3.SQLITE_DENY

    connection.set_authorizer(cut)
    try:
        migrate(connection, version)
    except sqlite3.DatabaseError:
        connection.set_authorizer(None)
        connection.close()
        assert version <= version_of(directory) < SCHEMA_VERSION
    else:
        connection.close()
    DataDirectory(directory).close()
    assert version_of(directory) == SCHEMA_VERSION


def test_a_step_that_fails_changes_nothing(tmp_path: Path) -> None:
    directory = unpacked(tmp_path, 1)
    before = structure_of(directory)

    def fails(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (id INTEGER)")
        raise PowerCut

    connection = connect(directory / "pfs.sqlite")
    with pytest.raises(PowerCut):
        migrate(connection, 1, (fails,))
    connection.close()
    assert version_of(directory) == 1
    assert structure_of(directory) == before


def test_each_step_is_kept_when_the_next_one_fails(tmp_path: Path) -> None:
    directory = unpacked(tmp_path, 1)

    def fails(connection: sqlite3.Connection) -> None:
        raise PowerCut

    connection = connect(directory / "pfs.sqlite")
    with pytest.raises(PowerCut):
        migrate(connection, 1, (STEPS[0], fails))
    connection.close()
    assert version_of(directory) == 2


def _loses_repos(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM repo")


def test_a_step_that_leaves_rows_referring_to_nothing_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = unpacked(tmp_path, 1)
    steps: tuple[Step, ...] = (_loses_repos,)
    refers = "the migration from schema 1 leaves rows of (line|branch|commit_) without their repo$"
    connection = connect(directory / "pfs.sqlite")
    with pytest.raises(MigrationFailed, match=refers):
        migrate(connection, 1, steps)
    connection.close()
    monkeypatch.setattr(directory_module, "migrate", lambda c, v: migrate(c, v, steps))
    with pytest.raises(DirectoryRefused, match="Nothing of it has been changed"):
        DataDirectory(directory)
    assert version_of(directory) == 1


def test_an_older_directory_that_is_in_use_is_refused(tmp_path: Path) -> None:
    directory = unpacked(tmp_path, 1)
    # An older gateway holds the same lock.
    descriptor = os.open(directory / "lock", os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    with pytest.raises(DirectoryRefused, match="in use by an older gateway"):
        DataDirectory(directory)
    os.close(descriptor)
    assert version_of(directory) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_check_leaves_an_older_directory_as_it_is(tmp_path: Path, version: int) -> None:
    directory = unpacked(tmp_path, version)
    left = directory / "staging" / "0123456789abcdef"
    left.write_bytes(b"half")
    before = contents_of(directory)
    with pytest.raises(DirectoryRefused, match=f"older gateway .schema {version}.*start this"):
        check(directory)
    assert contents_of(directory) == before


def test_only_an_older_schema_is_told(tmp_path: Path) -> None:
    with pytest.raises(DirectoryRefused, match="there is no embedded PFS"):
        older_schema(tmp_path / "typo")
    directory = unpacked(tmp_path, 1)
    assert older_schema(directory) == 1
    assert version_of(directory) == 1
    DataDirectory(directory).close()
    assert older_schema(directory) is None


def contents_of(directory: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in directory.rglob("*") if file.is_file()}
