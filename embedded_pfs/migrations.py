"""The schema over time: how a new database is made, and how an older one becomes like it.

`schema.sql` is the newest schema. Whoever changes it adds a step to `STEPS`, which brings a
database of the schema before to it, and keeps a directory that the released version before wrote
for the tests. A step never changes once it is released.
"""

from __future__ import annotations

import sqlite3
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


STEPS: tuple[Step, ...] = (_two, _three, _four)
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
