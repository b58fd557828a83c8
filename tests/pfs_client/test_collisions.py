"""What it costs to know that a write collides with nothing, and that collisions are found."""

from __future__ import annotations

import pytest

from pfs_client.collisions import CollisionGuard
from pfs_client.failures import PathCollision
from pfs_client.values import AddFile, DeleteFile
from tests.pfs_client.conftest import BRANCH, Remote
from tests.pfs_contract.reading import head_of


async def fill(remote: Remote, *paths: str) -> None:
    await remote.pfs.modify_file(BRANCH, [AddFile(path, b"") for path in paths])


async def look(remote: Remote, guard: CollisionGuard, *paths: str) -> None:
    await guard.look(paths, await head_of(remote.pfs, BRANCH))


def looks(remote: Remote) -> int:
    count = remote.wire.count()
    return count["ListFile"] + count["WalkFile"]


async def test_many_names_in_a_small_directory_cost_one_look(remote: Remote) -> None:
    await fill(remote, *(f"/d/{n}" for n in range(30)), "/d/5x/below")
    guard = CollisionGuard(remote.pfs)
    await look(remote, guard, *(f"/d/new{n}" for n in range(100)), "/d/5x", "/d/5")
    assert looks(remote) <= 3
    assert all(guard.known.is_free(f"/d/new{n}") for n in range(100))
    assert guard.known.is_free("/d/5")
    assert guard.known.collision_of("/d/5x") == "/d/5x/"


async def test_names_that_follow_each_other_cost_one_look(remote: Remote) -> None:
    await fill(remote, *(f"/d/{n:05}" for n in range(2000)))
    guard = CollisionGuard(remote.pfs)
    for number in range(2000, 2050):
        await look(remote, guard, f"/d/{number:05}")
    assert looks(remote) <= 3


async def test_names_far_apart_cost_a_look_each_and_no_more(remote: Remote) -> None:
    await fill(remote, *(f"/d/{n:05}" for n in range(3000)))
    guard = CollisionGuard(remote.pfs)
    await look(remote, guard, *(f"/d/{n:05}x" for n in range(0, 3000, 100)))
    assert looks(remote) <= 30 + 4
    assert all(guard.known.is_free(f"/d/{n:05}x") for n in range(0, 3000, 100))


async def test_a_new_directory_costs_a_look_however_much_goes_into_it(remote: Remote) -> None:
    await fill(remote, "/other")
    guard = CollisionGuard(remote.pfs)
    await look(remote, guard, "/new/deep/a")
    before = looks(remote)
    assert before <= 5
    await look(remote, guard, "/new/b", "/new/deep/b", "/new/deep/er/c")
    assert looks(remote) == before


async def test_a_directory_that_takes_long_to_list_is_not_listed_again(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pfs_client.collisions._LIST_SECONDS", 0.05)
    await fill(remote, "/d/a/b")
    guard = CollisionGuard(remote.pfs)
    remote.wire.hold("ListFile")
    await look(remote, guard, "/d/x", "/d/a")
    await look(remote, guard, "/d/y", "/d/z")
    assert remote.wire.count()["ListFile"] == 1
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
async def test_collisions_are_found(remote: Remote, there: str, path: str, existing: str) -> None:
    await fill(remote, there, "/d-", "/d.", "/d0")
    guard = CollisionGuard(remote.pfs)
    await look(remote, guard, path)
    assert guard.known.collision_of(path) == existing
    with pytest.raises(PathCollision):
        await guard.confirm(path, await head_of(remote.pfs, BRANCH))


async def test_a_suspicion_that_is_out_of_date_is_dropped(remote: Remote) -> None:
    await fill(remote, "/d/x/y")
    guard = CollisionGuard(remote.pfs)
    await look(remote, guard, "/d/x/z", "/d/x")
    await remote.pfs.modify_file(BRANCH, [DeleteFile("/d/x/y"), AddFile("/d/x", b"")])
    head = await head_of(remote.pfs, BRANCH)
    await guard.confirm("/d/x", head)
    with pytest.raises(PathCollision):
        await guard.confirm("/d/x/z", head)
