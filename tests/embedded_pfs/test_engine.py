"""Which connection does what, and what is left of them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.engine import Engine
from pfs_client.failures import PfsFailure, PfsUnavailable, StorageFull


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    opened = Engine(tmp_path / "pfs", synchronous="off")
    yield opened
    await opened.close()


def add(connection: sqlite3.Connection, name: str) -> None:
    connection.execute("INSERT INTO project VALUES (NULL, ?, '', 1)", (name,))


def projects(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM project ORDER BY name")]


async def test_who_only_looks_changes_nothing(engine: Engine) -> None:
    for look in (engine.look_up, engine.glance):
        with pytest.raises(PfsFailure):
            look(add, "a")
    with pytest.raises(PfsFailure):
        await engine.scan(add, "a")
    assert engine.look_up(projects) == ["default"]
    await engine.write(add, "a")
    await engine.free(add, "b")
    assert engine.glance(projects) == await engine.scan(projects) == ["a", "b", "default"]


async def test_what_fails_leaves_nothing(engine: Engine) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        add(connection, "a")
        raise ValueError("it fails")

    for write in (engine.write, engine.free):
        with pytest.raises(ValueError, match="it fails"):
            await write(fail)
    assert engine.look_up(projects) == ["default"]


async def test_what_gives_back_room_is_tried_again_with_the_reserve(engine: Engine) -> None:
    tries = 0

    def find_no_room_at_first(_connection: sqlite3.Connection) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StorageFull("no room")
        return tries

    assert await engine.free(find_no_room_at_first) == 2
    tries = 0
    with pytest.raises(StorageFull):
        await engine.write(find_no_room_at_first)
    assert tries <= 1


async def test_a_closed_engine_refuses_and_leaves_nothing_open(engine: Engine) -> None:
    for call in (engine.scan, engine.write, engine.free):
        await call(projects)
    await engine.run(list)
    all_threads = (engine._scans, engine.blob_threads, engine._writer)
    assert all(threads._threads for threads in all_threads)
    begun = [thread for threads in all_threads for thread in threads._threads]
    connections = list(engine._opened)
    assert len(connections) >= 3
    await engine.close()
    await engine.close()
    assert not any(thread.is_alive() for thread in begun)
    for connection in connections:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    with pytest.raises(PfsUnavailable):
        engine.look_up(projects)
    for call in (engine.scan, engine.write, engine.free):
        with pytest.raises(PfsUnavailable):
            await call(projects)
