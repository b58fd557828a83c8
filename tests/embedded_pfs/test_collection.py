"""Which contents go: those that nothing refers to, and no others, however many there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from embedded_pfs import collection
from embedded_pfs.blobs import content_hash
from embedded_pfs.collection import (
    Suspects,
    clear,
    in_transactions,
    look_at,
    remove,
    suspect,
    suspect_those_of,
    suspect_unreferenced,
)
from embedded_pfs.directory import DataDirectory

A, B, C = (content_hash(letter) for letter in (b"a", b"b", b"c"))


@pytest.fixture
def database(directory: DataDirectory) -> Iterator[sqlite3.Connection]:
    """With three contents, the first of which a file set holds."""
    connection = directory.connect()
    for hash_ in (A, B, C):
        connection.execute("INSERT INTO content (hash, bytes) VALUES (?, x'00')", (hash_,))
    connection.execute("INSERT INTO file_set VALUES ('fs', 0)")
    connection.execute("INSERT INTO file_set_change VALUES ('fs', 0, 'a', 1, ?)", (A,))
    connection.execute("INSERT INTO file_set_change VALUES ('fs', 1, 'gone', NULL, NULL)")
    yield connection
    connection.close()


def contents(database: sqlite3.Connection) -> set[bytes]:
    return {hash_ for (hash_,) in database.execute("SELECT hash FROM content")}


def suspects(database: sqlite3.Connection) -> list[bytes]:
    return [hash_ for (hash_,) in database.execute("SELECT hash FROM suspect ORDER BY id")]


def test_a_look_tells_what_is_wanted_from_what_is_not(database: sqlite3.Connection) -> None:
    assert look_at(database) == Suspects([], [])
    suspect(database, [A, B])
    assert look_at(database) == Suspects([1], [(2, B)])


HOLDING = [
    "INSERT INTO file VALUES (1, 'p', 1, 1, ?, NULL)",
    "INSERT INTO past_file VALUES (1, 'p', 1, 2, 1, ?, NULL)",
]


@pytest.mark.parametrize("holding", HOLDING)
def test_what_a_file_holds_is_wanted(database: sqlite3.Connection, holding: str) -> None:
    database.execute(holding, (B,))
    suspect(database, [B, C])
    assert look_at(database) == Suspects([1], [(2, C)])


def test_those_of_rows_that_are_about_to_go_are_suspects(database: sqlite3.Connection) -> None:
    suspect_those_of(database, "file_set_change", "file_set_id = ?", "other")
    assert suspects(database) == []
    suspect_those_of(database, "file_set_change", "file_set_id = ?", "fs")
    assert suspects(database) == [A]
    suspect_those_of(database, "file_set_change", "file_set_id = :id", id="fs")
    assert suspects(database) == [A]


def test_a_suspect_that_is_wanted_is_forgotten(database: sqlite3.Connection) -> None:
    suspect(database, [A, B])
    clear(database, [1])
    assert suspects(database) == [B]


def test_what_is_unwanted_goes_and_is_counted(
    directory: DataDirectory, database: sqlite3.Connection
) -> None:
    suspect(database, [B, C])
    unwanted = look_at(database).unwanted
    assert remove(database, directory.blobs, unwanted) == 2
    assert (contents(database), suspects(database)) == ({A}, [])
    assert remove(database, directory.blobs, unwanted) == 0


def test_what_was_stored_again_since_the_look_stays(
    directory: DataDirectory, database: sqlite3.Connection
) -> None:
    suspect(database, [B, C])
    unwanted = look_at(database).unwanted
    database.execute("DELETE FROM suspect WHERE hash = ?", (B,))  # who stores it does that
    suspect(database, [C])  # and this one was stored and dropped again
    assert remove(database, directory.blobs, unwanted) == 0
    assert (contents(database), suspects(database)) == ({A, B, C}, [C])


def test_a_suspect_whose_content_has_gone_counts_for_nothing(
    directory: DataDirectory, database: sqlite3.Connection
) -> None:
    suspect(database, [B, C])
    database.execute("DELETE FROM content WHERE hash = ?", (B,))
    assert remove(database, directory.blobs, look_at(database).unwanted) == 1


def test_a_blob_goes_too_and_counts_once(
    directory: DataDirectory, database: sqlite3.Connection
) -> None:
    writer = directory.blobs.writer()
    writer.write(b"large")
    stored = writer.finish()
    writer.forget()
    suspect(database, [stored.hash])
    assert remove(database, directory.blobs, look_at(database).unwanted) == 1
    assert list(directory.blobs.all()) == []


def test_contents_that_nothing_refers_to_are_found(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "MAX_SUSPECTS", 1)
    assert suspect_unreferenced(database)
    assert len(suspects(database)) == 1
    assert suspect_unreferenced(database)
    assert set(suspects(database)) == {B, C}
    assert not suspect_unreferenced(database)
    assert len(look_at(database).unwanted) == 1  # no more in one round


def test_others_write_after_every_200_that_go() -> None:
    unwanted = [(number, b"%d" % number) for number in range(401)]
    pieces = list(in_transactions(unwanted))
    assert [len(piece) for piece in pieces] == [200, 200, 1]
    assert [one for piece in pieces for one in piece] == unwanted
    assert list(in_transactions([])) == []
    assert collection.MAX_SUSPECTS == 10_000
