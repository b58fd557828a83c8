"""What it costs to know that a write collides with nothing, and that collisions are found."""

from __future__ import annotations

import pytest

from pfs_client.failures import PathCollision
from pfs_client.group_commit.collisions import CollisionGuard
from pfs_client.values import AddFile, DeleteFile
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_contract.reading import head_of


async def fill(pachd: Pachd, *paths: str) -> None:
    await pachd.pfs.modify_file(BRANCH, [AddFile(path, b"") for path in paths])


async def look(pachd: Pachd, guard: CollisionGuard, *paths: str) -> None:
    await guard.look(guard.known, paths, await head_of(pachd.pfs, BRANCH))


def looks(pachd: Pachd) -> int:
    count = pachd.wire.count()
    return count["ListFile"] + count["WalkFile"]


async def test_many_names_in_a_small_directory_cost_one_look(pachd: Pachd) -> None:
    await fill(pachd, *(f"/d/{n}" for n in range(30)), "/d/5x/below")
    guard = CollisionGuard(pachd.pfs)
    await look(pachd, guard, *(f"/d/new{n}" for n in range(100)), "/d/5x", "/d/5")
    assert looks(pachd) <= 3
    assert all(guard.known.is_free(f"/d/new{n}") for n in range(100))
    assert guard.known.is_free("/d/5")
    assert guard.known.collision_of("/d/5x") == "/d/5x/"


async def test_names_that_follow_each_other_cost_one_look(pachd: Pachd) -> None:
    await fill(pachd, *(f"/d/{n:05}" for n in range(2000)))
    guard = CollisionGuard(pachd.pfs)
    for number in range(2000, 2050):
        await look(pachd, guard, f"/d/{number:05}")
    assert looks(pachd) <= 3


async def test_names_far_apart_cost_a_look_each_and_no_more(pachd: Pachd) -> None:
    await fill(pachd, *(f"/d/{n:05}" for n in range(3000)))
    guard = CollisionGuard(pachd.pfs)
    await look(pachd, guard, *(f"/d/{n:05}x" for n in range(0, 3000, 100)))
    assert looks(pachd) <= 30 + 4
    assert all(guard.known.is_free(f"/d/{n:05}x") for n in range(0, 3000, 100))


async def test_a_new_directory_costs_a_look_however_much_goes_into_it(pachd: Pachd) -> None:
    await fill(pachd, "/other")
    guard = CollisionGuard(pachd.pfs)
    await look(pachd, guard, "/new/deep/a")
    before = looks(pachd)
    assert before <= 5
    await look(pachd, guard, "/new/b", "/new/deep/b", "/new/deep/er/c")
    assert looks(pachd) == before


async def test_a_directory_that_takes_long_to_list_is_not_listed_again(
    pachd: Pachd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfs_client.group_commit.collisions._LIST_SECONDS", 0.05)
    await fill(pachd, "/d/a/b")
    guard = CollisionGuard(pachd.pfs)
    pachd.wire.hold("ListFile")
    await look(pachd, guard, "/d/x", "/d/a")
    await look(pachd, guard, "/d/y", "/d/z")
    assert pachd.wire.count()["ListFile"] == 1
    assert guard.known.collision_of("/d/a") == "/d/a/"
    assert all(map(guard.known.is_free, ("/d/x", "/d/y", "/d/z")))


@pytest.mark.parametrize(
    ("there", "path", "existing"),
    [
        ("/d/x", "/d", "/d/"),
        ("/d/x/y/z", "/d/x/y", "/d/x/y/"),
        ("/d/x", "/d/x/y", "/d/x"),
        ("/d", "/d/x/y/z", "/d"),
        ("/d/x.txt", "/d/x.txt/y", "/d/x.txt"),
        ("/d.x/y", "/d.x", "/d.x/"),
    ],
)
async def test_collisions_are_found(pachd: Pachd, there: str, path: str, existing: str) -> None:
    await fill(pachd, there, "/d-", "/d.", "/d0")
    guard = CollisionGuard(pachd.pfs)
    await look(pachd, guard, path)
    assert guard.known.collision_of(path) == existing
    with pytest.raises(PathCollision):
        await guard.confirm(guard.known, path, await head_of(pachd.pfs, BRANCH))


async def test_a_suspicion_that_is_out_of_date_is_dropped(pachd: Pachd) -> None:
    await fill(pachd, "/d/x/y")
    guard = CollisionGuard(pachd.pfs)
    await look(pachd, guard, "/d/x/z", "/d/x")
    await pachd.pfs.modify_file(BRANCH, [DeleteFile("/d/x/y"), AddFile("/d/x", b"")])
    head = await head_of(pachd.pfs, BRANCH)
    await guard.confirm(guard.known, "/d/x", head)
    with pytest.raises(PathCollision):
        await guard.confirm(guard.known, "/d/x/z", head)
