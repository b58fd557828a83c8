"""The schema over time: how a new database is made, and how an older one becomes like it.

`schema.sql` is the newest schema. Whoever changes it adds a step to `STEPS`, which brings a
database of the schema before to it, and keeps a directory that the released version before wrote
for the tests. A step never changes once it is released.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable
from importlib.resources import files
from typing import TypeAlias

from embedded_pfs import change_times
from embedded_pfs.database import Transaction, now_us

Step: TypeAlias = Callable[[sqlite3.Connection], None]


class MigrationFailed(Exception):
    """A step left rows that refer to nothing; it has been taken back."""


def _two(connection: sqlite3.Connection) -> None:
    """What waits to be removed stands in tables, and so is not forgotten when a process ends."""
    connection.execute(
        "CREATE TABLE suspect (id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE)"
        " STRICT"
    )
    connection.execute(
        "CREATE TABLE dropped_repo (repo_id INTEGER PRIMARY KEY REFERENCES repo (id)) STRICT"
    )


def _three(connection: sqlite3.Connection) -> None:
    """Each file knows when it changed, whatever becomes of the commit that changed it."""
    change_times.add(connection)


def _four(connection: sqlite3.Connection) -> None:
    """A content may lie in others. None does yet."""
    connection.execute(
        "CREATE TABLE extent (whole_hash BLOB NOT NULL, begin_bytes INTEGER NOT NULL,"
        " size_bytes INTEGER NOT NULL, content_hash BLOB NOT NULL,"
        " PRIMARY KEY (whole_hash, begin_bytes)) STRICT, WITHOUT ROWID"
    )


def _five(connection: sqlite3.Connection) -> None:
    """A branch's head is told by its line, and commits are in no index by parent."""
    connection.execute(
        "ALTER TABLE line ADD COLUMN base_id INTEGER REFERENCES commit_ (id) ON DELETE SET NULL"
    )
    connection.execute(
        "UPDATE line SET base_id = (SELECT parent_id FROM commit_ WHERE line_id = line.id"
        " ORDER BY seq LIMIT 1)"
    )
    connection.execute(
        "UPDATE line SET base_id = head_id FROM branch WHERE branch.line_id = line.id"
        " AND NOT EXISTS (SELECT 1 FROM commit_ WHERE commit_.line_id = line.id)"
    )
    _give_lines_to_their_branches(connection)
    connection.execute("CREATE INDEX line_by_base ON line (base_id)")
    for statement in (
        "DROP INDEX branch_by_head",
        "ALTER TABLE branch DROP COLUMN head_id",
        "ALTER TABLE branch DROP COLUMN updated_us",
        "CREATE INDEX branch_by_line ON branch (line_id)",
    ):
        connection.execute(statement)
    _commits_without_reference(connection)


def _give_lines_to_their_branches(connection: sqlite3.Connection) -> None:
    """Let branches that began at another repo's commit begin with nothing before them.

    They would lose their head with that repo. One without a commit of its own gets one, of all that
    it began with.
    """
    elsewhere = (
        "SELECT line.id, branch.repo_id, branch.name,"
        " (SELECT coalesce(sum(size_bytes), 0) FROM file WHERE file.line_id = line.id)"
        " FROM branch JOIN line ON line.id = branch.line_id WHERE line.repo_id != branch.repo_id"
    )
    now = now_us()
    for line_id, repo_id, name, size_bytes in connection.execute(elsewhere).fetchall():
        connection.execute(
            "UPDATE line SET repo_id = ?, base_id = NULL WHERE id = ?", (repo_id, line_id)
        )
        first = connection.execute(
            "SELECT id FROM commit_ WHERE line_id = ? ORDER BY seq LIMIT 1", (line_id,)
        ).fetchone()
        if first is not None:
            connection.execute("UPDATE commit_ SET parent_id = NULL WHERE id = ?", first)
            continue
        connection.execute(
            "INSERT INTO commit_ (repo_id, hex, line_id, seq, origin, branch_name, size_bytes,"
            " started_us, finishing_us, finished_us) VALUES (?1, ?2, ?3, 1, 2, ?4, ?5, ?6, ?6, ?6)",
            (repo_id, uuid.uuid4().hex, line_id, name, size_bytes, now),
        )
        connection.execute(
            "UPDATE file SET changed_us = ? WHERE line_id = ? AND changed_us IS NULL",
            (now, line_id),
        )


def _commits_without_reference(connection: sqlite3.Connection) -> None:
    """Make their table anew: SQLite takes no reference out of one that is there."""
    columns = (
        "id, repo_id, hex, line_id, seq, parent_id, origin, branch_name, description, size_bytes,"
        " started_us, finishing_us, finished_us, error"
    )
    connection.execute(
        "CREATE TABLE new_commit (id INTEGER PRIMARY KEY,"
        " repo_id INTEGER NOT NULL REFERENCES repo (id), hex TEXT NOT NULL,"
        " line_id INTEGER NOT NULL REFERENCES line (id), seq INTEGER NOT NULL, parent_id INTEGER,"
        " origin INTEGER NOT NULL, branch_name TEXT NOT NULL,"
        " description TEXT NOT NULL DEFAULT '', size_bytes INTEGER NOT NULL,"
        " started_us INTEGER NOT NULL, finishing_us INTEGER, finished_us INTEGER,"
        " error TEXT NOT NULL DEFAULT '', UNIQUE (repo_id, hex), UNIQUE (line_id, seq)) STRICT"
    )
    connection.execute(
        f"INSERT INTO new_commit ({columns}) SELECT {columns} FROM commit_ ORDER BY id"
    )
    connection.execute("DROP TABLE commit_")
    connection.execute("ALTER TABLE new_commit RENAME TO commit_")
    connection.execute(
        "CREATE INDEX commit_unfinished ON commit_ (parent_id) WHERE finished_us IS NULL"
    )


STEPS: tuple[Step, ...] = (_two, _three, _four, _five)
"""The first brings a database of schema 1 to schema 2, and so on."""

SCHEMA_VERSION = 1 + len(STEPS)


def create_schema(connection: sqlite3.Connection) -> None:
    """Create all tables in a new database, and the project that PFS always has."""
    script = files("embedded_pfs").joinpath("schema.sql").read_text("utf-8")
    with Transaction(connection):
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(
            "INSERT INTO project (name, created_us) VALUES ('default', ?)", (now_us(),)
        )
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def migrate(connection: sqlite3.Connection, version: int, steps: tuple[Step, ...] = STEPS) -> None:
    """Bring an older database to the newest schema; only for who is alone.

    Each step is one transaction, which also counts the version up. So a crash leaves a database
    of one schema or of the next, and the next start goes on from there.

    Args:
        connection: To the database.
        version: Its schema.
        steps: Of all schemas.

    Raises:
        MigrationFailed: A step left rows that refer to nothing.
        StorageFull: There is no room on the disk.
    """
    # A step may have to make a table anew, which those that refer to it must outlive; SQLite
    # ignores this pragma within a transaction.
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        for before, step in enumerate(steps[version - 1 :], start=version):
            with Transaction(connection):
                step(connection)
                _check_references(connection, before)
                connection.execute(f"PRAGMA user_version = {before + 1}")
    finally:
        connection.execute("PRAGMA foreign_keys = ON")


def _check_references(connection: sqlite3.Connection, version: int) -> None:
    row = connection.execute("PRAGMA foreign_key_check").fetchone()
    if row is not None:
        raise MigrationFailed(
            f"the migration from schema {version} leaves rows of {row[0]} without their {row[2]}"
        )


def _statements(script: str) -> list[str]:
    """The statements of a script, one by one: `executescript` would commit after each."""
    statements, so_far = [], ""
    for line in script.splitlines(keepends=True):
        so_far += line
        if sqlite3.complete_statement(so_far):
            statements.append(so_far)
            so_far = ""
    return statements
