"""Chains of commits in the index: functions on a database connection.

Those that write run within a transaction. What a commit changed has been staged in a temporary
table before, so that a transaction is short, and a commit is in the index whole or not at all.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pfs_client.values import Commit, CommitInfo, Repo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a commit stands: in which chain, and as which."""

    chain_id: int
    number: int


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain. `next` is the commit to read next, None once all are read."""

    id: int
    repo: Repo
    tip: int
    next: Commit | None
    next_number: int
    is_too_large: bool


@dataclass(frozen=True, slots=True)
class Changed:
    """When a file was last changed, as far as the index says.

    `at` is None where the change is younger than the commit that was asked for, and those before it
    are not known.
    """

    at: datetime | None


def place_of(connection: sqlite3.Connection, commit: Commit) -> Place | None:
    """Where a commit stands; the tip of a chain, or of several the one that is asked for most."""
    row = connection.execute(
        "SELECT chain_id, number FROM commit_ JOIN chain ON chain.id = chain_id"
        " WHERE hex = ? AND project = ? AND repo = ?"
        " ORDER BY number = tip DESC, next_hex IS NULL DESC, asked_us DESC LIMIT 1",
        (bytes.fromhex(commit.id), commit.repo.project, commit.repo.name),
    ).fetchone()
    return None if row is None else Place(*row)


def chain_of(connection: sqlite3.Connection, chain_id: int) -> Chain | None:
    """A chain, unless it has gone."""
    return _chain(connection, "WHERE id = ?", (chain_id,))


def has_chains(connection: sqlite3.Connection, repo: Repo) -> bool:
    """Whether anything of a repo is in the index."""
    where = "WHERE project = ? AND repo = ?"
    return _chain(connection, where, (repo.project, repo.name)) is not None


def next_to_read(connection: sqlite3.Connection) -> Chain | None:
    """The chain to read next: the one that was asked for last."""
    return _chain(
        connection, "WHERE next_hex IS NOT NULL AND NOT is_too_large ORDER BY asked_us DESC", ()
    )


def count_unread(connection: sqlite3.Connection) -> int:
    """How many chains are not read to their end."""
    (count,) = connection.execute(
        "SELECT count(*) FROM chain WHERE next_hex IS NOT NULL AND NOT is_too_large"
    ).fetchone()
    return int(count)


def oldest_read(connection: sqlite3.Connection, chain: Chain) -> datetime | None:
    """When the oldest commit that has been read was closed; None before the first."""
    return closed(connection, Place(chain.id, chain.next_number + 1))


def closed(connection: sqlite3.Connection, place: Place) -> datetime | None:
    """When a commit was closed, if it is in the index."""
    row = connection.execute(
        "SELECT closed_us FROM commit_ WHERE chain_id = ? AND number = ?",
        (place.chain_id, place.number),
    ).fetchone()
    return None if row is None else _EPOCH + timedelta(microseconds=row[0])


def changes(
    connection: sqlite3.Connection, place: Place, paths: Sequence[str]
) -> dict[str, Changed]:
    """When files were last changed, up to a commit, as far as they are in the index."""
    marks = ", ".join("?" * len(paths))
    rows = connection.execute(
        f"SELECT path, CASE WHEN number <= ?2 THEN number WHEN previous <= ?2 THEN previous END"
        f" FROM change WHERE chain_id = ?1 AND path IN ({marks})",
        (place.chain_id, place.number, *paths),
    ).fetchall()
    times = _closed(connection, place.chain_id, {number for _, number in rows})
    return {path: Changed(times.get(number)) for path, number in rows}


def _closed(
    connection: sqlite3.Connection, chain_id: int, numbers: Collection[int | None]
) -> dict[int | None, datetime]:
    """When commits of a chain were closed. Many files have few commits."""
    marks = ", ".join("?" * len(numbers))
    rows = connection.execute(
        f"SELECT number, closed_us FROM commit_ WHERE chain_id = ? AND number IN ({marks})",
        (chain_id, *numbers),
    )
    return {number: _EPOCH + timedelta(microseconds=closed_us) for number, closed_us in rows}


def touch(connection: sqlite3.Connection, chain_id: int) -> None:
    """A chain is asked for."""
    connection.execute("UPDATE chain SET asked_us = ? WHERE id = ?", (_now_us(), chain_id))


def begin(connection: sqlite3.Connection, info: CommitInfo, staged: str | None) -> int:
    """Begin a chain with a commit as its tip.

    Args:
        connection: Within a transaction.
        info: The commit, which is closed.
        staged: The table of what it changed; None where that is to be read.
    """
    is_read = staged is not None
    following = info.parent if is_read else info.commit
    cursor = connection.execute(
        "INSERT INTO chain (project, repo, tip, next_hex, next_number, asked_us)"
        " VALUES (?, ?, 0, ?, ?, ?)",
        (
            info.commit.repo.project,
            info.commit.repo.name,
            None if following is None else bytes.fromhex(following.id),
            -1 if is_read else 0,
            _now_us(),
        ),
    )
    chain_id = cursor.lastrowid
    assert chain_id is not None  # noqa: S101 - an INSERT has just set it
    _put_commit(connection, Place(chain_id, 0), info)
    if staged is not None:
        _put_newer(connection, Place(chain_id, 0), staged)
    return chain_id


def append(
    connection: sqlite3.Connection, place: Place, info: CommitInfo, staged: str, gone: Iterable[str]
) -> bool:
    """Put a commit behind the tip, and say whether it was the tip still.

    Args:
        connection: Within a transaction.
        place: Its parent's.
        info: The commit, which is closed.
        staged: The table of what it added or replaced.
        gone: Files that it is known to have removed.
    """
    cursor = connection.execute(
        "UPDATE chain SET tip = tip + 1 WHERE id = ? AND tip = ?", (place.chain_id, place.number)
    )
    if not cursor.rowcount:
        return False
    after = Place(place.chain_id, place.number + 1)
    _put_commit(connection, after, info)
    chain = chain_of(connection, place.chain_id)
    if chain is not None and not chain.is_too_large:
        _put_newer(connection, after, staged)
        connection.executemany(
            "DELETE FROM change WHERE chain_id = ? AND path = ?",
            [(place.chain_id, path) for path in gone],
        )
    return True


def put_older(connection: sqlite3.Connection, chain: Chain, info: CommitInfo, staged: str) -> bool:
    """Put the commit that was to be read next before those that have been; False if it is not.

    Args:
        connection: Within a transaction.
        chain: As it was when the commit was read.
        info: The commit, which is closed.
        staged: The table of what it added or replaced.
    """
    cursor = connection.execute(
        "UPDATE chain SET next_hex = ?, next_number = next_number - 1"
        " WHERE id = ? AND next_number = ? AND next_hex = ? AND NOT is_too_large",
        (
            None if info.parent is None else bytes.fromhex(info.parent.id),
            chain.id,
            chain.next_number,
            bytes.fromhex(info.commit.id),
        ),
    )
    if not cursor.rowcount:
        return False
    _put_commit(connection, Place(chain.id, chain.next_number), info)
    connection.execute(
        f"INSERT INTO change SELECT ?, path, ?, NULL FROM temp.{staged} WHERE true"
        " ON CONFLICT DO UPDATE SET previous = excluded.number WHERE previous IS NULL",
        (chain.id, chain.next_number),
    )
    return True


def give_up(connection: sqlite3.Connection, chain_id: int) -> None:
    """Keep nothing of a chain that is too large but its newest commits."""
    connection.execute("UPDATE chain SET is_too_large = 1 WHERE id = ?", (chain_id,))
    connection.execute("DELETE FROM change WHERE chain_id = ?", (chain_id,))


def remove_least_asked(connection: sqlite3.Connection, but: int) -> bool:
    """Remove the chain that was asked for least lately, but one; False if there is no other."""
    row = connection.execute(
        "SELECT id FROM chain WHERE id != ? AND NOT is_too_large ORDER BY asked_us LIMIT 1", (but,)
    ).fetchone()
    if row is None:
        return False
    remove(connection, row[0])
    return True


def remove(connection: sqlite3.Connection, chain_id: int) -> None:
    """Forget a chain; it begins anew when it is asked for."""
    for table, column in (("change", "chain_id"), ("commit_", "chain_id"), ("chain", "id")):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (chain_id,))


def size_bytes(connection: sqlite3.Connection) -> int:
    """How much of the file is in use."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    return int((pages - free) * page_bytes)


def _put_commit(connection: sqlite3.Connection, place: Place, info: CommitInfo) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO commit_ VALUES (?, ?, ?, ?)",
        (
            place.chain_id,
            place.number,
            bytes.fromhex(info.commit.id),
            (info.closed - _EPOCH) // timedelta(microseconds=1),
        ),
    )


def _put_newer(connection: sqlite3.Connection, place: Place, staged: str) -> None:
    connection.execute(
        f"INSERT INTO change SELECT ?, path, ?, NULL FROM temp.{staged} WHERE true"
        " ON CONFLICT DO UPDATE SET previous = number, number = excluded.number",
        (place.chain_id, place.number),
    )


def _chain(
    connection: sqlite3.Connection, where: str, arguments: tuple[object, ...]
) -> Chain | None:
    row = connection.execute(
        "SELECT id, project, repo, tip, next_hex, next_number, is_too_large FROM chain"
        f" {where} LIMIT 1",
        arguments,
    ).fetchone()
    if row is None:
        return None
    id_, project, name, tip, next_hex, next_number, is_too_large = row
    repo = Repo(name, project)
    following = None if next_hex is None else Commit(repo, next_hex.hex())
    return Chain(id_, repo, tip, following, next_number, bool(is_too_large))


def _now_us() -> int:
    return time.time_ns() // 1000
