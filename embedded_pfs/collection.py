"""Contents that nothing refers to any more, and how they go while others write.

Who drops the last reference may not know it. So whoever drops one makes its content a *suspect*, in
the same transaction; now and then all that refers to contents is read for suspects, which takes a
while and holds nobody up; then those that were found unwanted go. One that is stored again
meanwhile is no suspect any more, and one that is dropped again is another: its row has another id.
A content that nothing referred to can only be referred to by being stored, as a copy needs a
source. What a content lies in (`extents.py`) is wanted until that one has gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from embedded_pfs.blobs import Blobs

FILES = ("file", "past_file", "file_set_change")
"""The tables of files."""

REFERRING = (*FILES, "extent")
"""The tables that refer to contents."""

MAX_SUSPECTS = 10_000
"""How many are looked at in one round."""

_A_TRANSACTION = 200


@dataclass(frozen=True, slots=True)
class Suspects:
    """Suspects that have been looked at: rows of the table, and those that nothing refers to."""

    ids: list[int]
    unwanted: list[tuple[int, bytes]]


def suspect(connection: sqlite3.Connection, hashes: Iterable[bytes]) -> None:
    """Have contents looked at; called in the transaction that drops a reference to them."""
    connection.executemany(
        "INSERT OR REPLACE INTO suspect (hash) VALUES (?)", [(hash_,) for hash_ in hashes]
    )


def suspect_those_of(
    connection: sqlite3.Connection, table: str, where: str, *at: object, **named: object
) -> None:
    """The same, of the rows of a table that are about to be deleted."""
    connection.execute(
        f"INSERT OR REPLACE INTO suspect (hash) SELECT DISTINCT content_hash FROM {table}"
        f" WHERE {where} AND content_hash IS NOT NULL",
        named or at,
    )


def delete_rows(connection: sqlite3.Connection, table: str, where: str, *at: object) -> int:
    """Delete rows of a table, have their contents looked at, and say how many rows there were."""
    suspect_those_of(connection, table, where, *at)
    return connection.execute(f"DELETE FROM {table} WHERE {where}", at).rowcount


def suspect_unreferenced(connection: sqlite3.Connection) -> bool:
    """The same, of contents that only the database has, and nothing refers to; False if none are.

    A scan of all there is.
    """
    referred = " UNION ALL ".join(
        f"SELECT content_hash FROM {table} WHERE content_hash IS NOT NULL" for table in REFERRING
    )
    return (
        connection.execute(
            "INSERT INTO suspect (hash)"
            " SELECT hash FROM (SELECT hash FROM content UNION SELECT whole_hash FROM extent)"
            f" WHERE hash NOT IN ({referred}) AND hash NOT IN (SELECT hash FROM suspect) LIMIT ?",
            (MAX_SUSPECTS,),
        ).rowcount
        > 0
    )


def look_at(connection: sqlite3.Connection) -> Suspects:
    """Find out which suspects nothing refers to: a scan of all that refers to contents."""
    suspects = connection.execute(
        "SELECT id, hash FROM suspect ORDER BY id LIMIT ?", (MAX_SUSPECTS,)
    ).fetchall()
    if not suspects:
        return Suspects([], [])
    wanted: set[bytes] = set()
    for table in REFERRING:
        rows = connection.execute(
            f"SELECT DISTINCT content_hash FROM {table}"
            " WHERE content_hash IN (SELECT hash FROM suspect)"
        )
        wanted.update(hash_ for (hash_,) in rows)
    unwanted = [(id_, hash_) for id_, hash_ in suspects if hash_ not in wanted]
    return Suspects([id_ for id_, hash_ in suspects if hash_ in wanted], unwanted)


def clear(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    """Forget suspects that something refers to."""
    connection.executemany("DELETE FROM suspect WHERE id = ?", [(id_,) for id_ in ids])


def remove(
    connection: sqlite3.Connection, blobs: Blobs, unwanted: Sequence[tuple[int, bytes]]
) -> int:
    """Remove contents that nothing referred to when they were looked at; say how many went.

    Their files go within the transaction: who is about to refer to one of them waits for it, and
    then sees that it has gone. If the transaction is lost, they were unwanted all the same.
    """
    removed = 0
    for id_, hash_ in unwanted:
        if connection.execute("DELETE FROM suspect WHERE id = ?", (id_,)).rowcount:
            row = connection.execute("DELETE FROM content WHERE hash = ?", (hash_,))
            had_extents = drop_extents(connection, hash_)
            removed += bool(blobs.remove(hash_) or row.rowcount or had_extents)
    return removed


def drop_extents(connection: sqlite3.Connection, hash_: bytes) -> bool:
    """Let a content lie in no others any more, which are looked at next; say whether it did."""
    extents = connection.execute(
        "DELETE FROM extent WHERE whole_hash = ? RETURNING content_hash", (hash_,)
    ).fetchall()
    suspect(connection, [extent_hash for (extent_hash,) in extents])
    return bool(extents)


def in_transactions(unwanted: Sequence[tuple[int, bytes]]) -> Iterable[Sequence[tuple[int, bytes]]]:
    """The same in pieces, between which others get to write."""
    for start in range(0, len(unwanted), _A_TRANSACTION):
        yield unwanted[start : start + _A_TRANSACTION]
