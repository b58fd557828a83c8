"""Which commits go: those that are too old or too many, and with them what they alone showed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from embedded_pfs import history
from embedded_pfs.directory import DataDirectory
from embedded_pfs.history import Doomed

REPO = 7


@pytest.fixture
def database(directory: DataDirectory) -> Iterator[sqlite3.Connection]:
    """With one repo, in which nothing is."""
    connection = directory.connect()
    add_repo(connection, REPO)
    yield connection
    connection.close()


def add_repo(database: sqlite3.Connection, repo: int) -> None:
    (project,) = database.execute("SELECT id FROM project").fetchone()
    database.execute(
        "INSERT INTO repo (id, project_id, name, created_us) VALUES (?, ?, ?, 0)",
        (repo, project, f"r{repo}"),
    )


def add_line(
    database: sqlite3.Connection, line: int, closed: list[int | None], *, repo: int = REPO
) -> None:
    """A line with commits 1, 2 and so on, which were closed then; those with None are open.

    Each is based on the one before it.
    """
    database.execute("INSERT INTO line (id, repo_id) VALUES (?, ?)", (line, repo))
    database.executemany(
        "INSERT INTO commit_ (repo_id, hex, line_id, seq, origin, branch_name, size_bytes,"
        " started_us, finishing_us) VALUES (?, ?, ?, ?, 1, 'b', 0, 0, ?)",
        [(repo, f"{line}.{seq}", line, seq, at) for seq, at in enumerate(closed, start=1)],
    )
    database.execute(
        "UPDATE commit_ SET parent_id = (SELECT id FROM commit_ AS before"
        " WHERE before.line_id = commit_.line_id AND before.seq = commit_.seq - 1)"
        " WHERE line_id = ?",
        (line,),
    )


def add_branch(database: sqlite3.Connection, line: int, head: str, *, name: str = "b") -> None:
    """A branch on a line; its head may lie on another, as that of a new branch does."""
    base_on(database, line, head)
    database.execute(
        "INSERT INTO branch (repo_id, name, line_id, created_us)"
        " SELECT repo_id, ?, ?, 0 FROM commit_ WHERE hex = ?",
        (name, line, head),
    )


def base_on(database: sqlite3.Connection, line: int, commit: str) -> None:
    """Let a line begin at a commit of another line."""
    database.execute(
        "UPDATE line SET base_id = base.id FROM commit_ AS base"
        " WHERE line.id = ? AND base.hex = ? AND base.line_id != line.id",
        (line, commit),
    )
    database.execute(
        "UPDATE commit_ SET parent_id = line.base_id FROM line"
        " WHERE line.id = line_id AND line_id = ? AND seq = 1",
        (line,),
    )


def commits(database: sqlite3.Connection) -> list[str]:
    return [hex_ for (hex_,) in database.execute("SELECT hex FROM commit_ ORDER BY line_id, seq")]


def count(database: sqlite3.Connection, table: str) -> int:
    return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def suspects(database: sqlite3.Connection) -> set[bytes]:
    return {hash_ for (hash_,) in database.execute("SELECT hash FROM suspect")}


@pytest.mark.parametrize(("keep", "below"), [(0, 4), (1, 3), (5, -1)])
def test_a_branch_keeps_its_head_and_so_many_before_it(
    database: sqlite3.Connection, keep: int, below: int
) -> None:
    add_line(database, 1, [10, 20, 30, 40])
    add_branch(database, 1, "1.4")
    assert history.too_many(database, keep) == [Doomed(1, below)]


@pytest.mark.parametrize(("before", "below"), [(10, 1), (11, 2), (30, 3), (31, 4), (99, 4)])
def test_commits_go_that_were_closed_before_a_time_but_for_the_head(
    database: sqlite3.Connection, before: int, below: int
) -> None:
    add_line(database, 1, [10, 20, 30, 40])
    add_branch(database, 1, "1.4")
    assert history.too_old(database, before) == [Doomed(1, below)]


def test_what_an_open_head_is_based_on_stays(database: sqlite3.Connection) -> None:
    add_line(database, 1, [10, 20, 30, None])
    add_branch(database, 1, "1.4")
    assert history.too_many(database, 0) == [Doomed(1, 3)]
    assert history.too_old(database, 99) == [Doomed(1, 3)]


def test_an_older_head_on_the_same_line_keeps_all_after_it(database: sqlite3.Connection) -> None:
    add_line(database, 1, [10, 20, 30, 40])
    add_line(database, 2, [])
    add_branch(database, 1, "1.4")
    add_branch(database, 2, "1.2", name="other")
    assert history.too_many(database, 0) == [Doomed(1, 2)]
    assert history.too_old(database, 99) == [Doomed(1, 2)]


def test_all_goes_of_a_line_that_no_branch_and_no_head_lies_on(
    database: sqlite3.Connection,
) -> None:
    add_line(database, 1, [10])
    add_branch(database, 1, "1.1")
    add_line(database, 2, [10, 20])
    add_line(database, 3, [])
    kept, gone, empty = Doomed(1, 1), Doomed(2, 3), Doomed(3, 1)
    assert history.too_many(database, 0) == [kept, gone, empty]
    # Of a deleted branch nothing is too old before its last commit is.
    assert history.too_old(database, 20) == [kept, empty]
    assert history.too_old(database, 21) == [kept, gone, empty]
    database.execute("UPDATE commit_ SET finishing_us = NULL WHERE hex = '2.1'")
    assert history.too_old(database, 99) == [kept, empty]


def test_a_line_whose_commits_another_branch_has_for_its_head_stays(
    database: sqlite3.Connection,
) -> None:
    add_line(database, 1, [10, 20])
    add_line(database, 2, [])
    add_branch(database, 2, "1.2")
    assert history.too_many(database, 0) == [Doomed(1, 2)]
    assert history.too_old(database, 99) == [Doomed(1, 2)]


def test_deleted_repos_go_by_themselves(database: sqlite3.Connection) -> None:
    add_line(database, 1, [10])
    database.execute("INSERT INTO dropped_repo VALUES (?)", (REPO,))
    assert history.too_many(database, 0) == []
    assert history.too_old(database, 99) == []


def test_what_would_go_is_counted(database: sqlite3.Connection) -> None:
    add_line(database, 1, [10, 20, 30])
    add_line(database, 2, [10, 20])
    assert history.count(database, [Doomed(1, 3), Doomed(2, 2)]) == 3
    assert history.count(database, [Doomed(1, 1)]) == history.count(database, []) == 0


def test_the_oldest_go_first_and_a_thousand_at_a_time(database: sqlite3.Connection) -> None:
    add_line(database, 1, [10] * 1002)
    doomed = Doomed(1, 1002)
    assert history.drop_commits(database, doomed) == 1000
    assert commits(database) == ["1.1001", "1.1002"]
    assert history.drop_commits(database, doomed) == 1
    assert history.drop_commits(database, doomed) == 0
    assert commits(database) == ["1.1002"]


def replace(database: sqlite3.Connection, line: int, ends: list[int]) -> None:
    """Rows that commits of a line have replaced: those with such numbers."""
    database.executemany(
        "INSERT INTO past_file VALUES (?, ?, 0, ?, 1, ?, 0)",
        [(line, f"p{number}", end, b"%d" % end) for number, end in enumerate(ends)],
    )


def test_what_no_commit_sees_any_more_goes_and_is_a_suspect(database: sqlite3.Connection) -> None:
    add_line(database, 1, [10, 20, 30])
    add_line(database, 2, [10])
    replace(database, 1, [1, 2, 3])
    replace(database, 2, [1])
    assert history.drop_commits(database, Doomed(1, 2)) == 1
    assert history.drop_unseen(database, 1)
    assert not history.drop_unseen(database, 1)
    left = database.execute("SELECT line_id, ended_seq FROM past_file ORDER BY 1").fetchall()
    assert left == [(1, 3), (2, 1)]
    assert suspects(database) == {b"1", b"2"}
    assert count(database, "line") == 2


def test_one_row_that_goes_is_told_too_and_a_thousand_go_at_a_time(
    database: sqlite3.Connection,
) -> None:
    add_line(database, 1, [10])
    replace(database, 1, [1] * 1001)
    assert history.drop_unseen(database, 1)
    assert count(database, "past_file") == 1
    assert history.drop_unseen(database, 1)
    assert not history.drop_unseen(database, 1)


def add_file(database: sqlite3.Connection, line: int) -> None:
    database.execute("INSERT INTO file VALUES (?, 'a', 0, 1, ?, 0)", (line, b"file"))


def test_a_line_without_commits_goes_with_all_that_is_on_it(database: sqlite3.Connection) -> None:
    add_line(database, 1, [])
    add_line(database, 2, [])
    for line in (1, 2):
        add_file(database, line)
        replace(database, line, [1])
    assert history.drop_unseen(database, 1)
    assert (count(database, "file"), count(database, "past_file")) == (1, 2)
    assert history.drop_unseen(database, 1)
    assert (count(database, "file"), count(database, "past_file")) == (1, 1)
    assert count(database, "line") == 2
    assert not history.drop_unseen(database, 1)
    assert database.execute("SELECT id FROM line").fetchall() == [(2,)]
    assert suspects(database) == {b"file", b"1"}


def test_a_line_without_commits_stays_with_its_branch(database: sqlite3.Connection) -> None:
    """As that of a new branch does, whose head lies on another line."""
    add_line(database, 1, [10])
    add_line(database, 2, [])
    add_file(database, 2)
    add_branch(database, 2, "1.1")
    assert not history.drop_unseen(database, 2)
    assert (count(database, "file"), count(database, "line")) == (1, 2)
    assert suspects(database) == set()


def drop_repo(database: sqlite3.Connection) -> list[tuple[int, int, int]]:
    """How many commits, lines and repos there are after each piece that goes."""
    tables = ("commit_", "line", "repo")
    told: list[tuple[int, int, int]] = []
    while len(told) < 20 and history.drop_some_of_a_repo(database):
        commits, lines, repos = (count(database, table) for table in tables)
        told.append((commits, lines, repos))
    return told


def test_a_deleted_repo_goes_in_pieces_its_commits_first(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ROWS_A_TRANSACTION", 2)
    add_line(database, 1, [10, 20, 30])
    add_line(database, 2, [])
    add_file(database, 1)
    assert drop_repo(database) == []
    database.execute("INSERT INTO dropped_repo VALUES (?)", (REPO,))
    assert drop_repo(database) == [
        *[(1, 2, 1), (0, 2, 1)],
        *[(0, 2, 1), (0, 1, 1)],  # the first line's file, and it itself
        *[(0, 0, 1), (0, 0, 0)],
    ]
    assert count(database, "dropped_repo") == 0
    assert suspects(database) == {b"file"}


def test_one_deleted_repo_goes_after_the_other_and_no_more(database: sqlite3.Connection) -> None:
    for repo in (8, 9):
        add_repo(database, repo)
        database.execute("INSERT INTO dropped_repo VALUES (?)", (repo,))
    add_line(database, 1, [10])
    add_line(database, 2, [10], repo=9)
    assert drop_repo(database)[-1] == (1, 1, 1)
    assert commits(database) == ["1.1"]
    assert not history.drop_some_of_a_repo(database)
