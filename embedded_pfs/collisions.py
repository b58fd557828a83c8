"""Two paths of which one cannot be a file and the other lie below it."""

from __future__ import annotations

import sqlite3

from embedded_pfs.names import bounds_of, parents, shown_path
from pfs_client.failures import PathCollision


def refuse(connection: sqlite3.Connection, line_id: int, path: str) -> None:
    """Refuse a file below a file, and a file where a directory stands.

    pachd takes such a write and then loses it (`docs/pachd.md`, "Hazards").

    Raises:
        PathCollision: It is such a file.
    """
    above = parents(path)
    if above:
        marks = ", ".join("?" * len(above))
        row = connection.execute(
            f"SELECT path FROM file WHERE line_id = ? AND path IN ({marks})",
            (line_id, *above),
        ).fetchone()
        if row is not None:
            raise PathCollision(shown_path(path), shown_path(row[0]))
    row = connection.execute(
        "SELECT path FROM file WHERE line_id = ? AND path > ? AND path < ? LIMIT 1",
        (line_id, *bounds_of(path)),
    ).fetchone()
    if row is not None:
        raise PathCollision(shown_path(path), shown_path(row[0]))
