"""A backup or a restore that is killed at any of its steps: what is there is whole, or not taken.

A process kills itself before the Nth of its steps, for every N that there is.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from embedded_pfs.backup_restoring import restore_backup
from embedded_pfs.backups import back_up
from embedded_pfs.checking import check
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.directory import DirectoryRefused
from embedded_pfs.upkeep import UpkeepRules
from pfs_client.values import Branch, Repo
from tests.killed import die_before, is_killed, processes
from tests.pfs_contract.reading import put

BRANCH = Branch(Repo("r"), "master")
SELDOM = UpkeepRules(seconds_between=3600)
STEPS = frozenset({"os.link", "os.rename", "os.remove", "sqlite3.connect", "fcntl.flock"})
MOST_STEPS = 200

each_step = pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.thorough)])

PROCESSES = processes(__name__)


def run_until(step: int, function: Callable[..., object], *args: object) -> None:
    """Run a function, and kill this process before a step."""
    die_before(step, STEPS)
    function(*args)


def steps_of(
    every: int, function: Callable[..., object], prepare: Callable[[], tuple[object, ...]]
) -> Iterator[int]:
    """Kill a function at each of its steps, or at every so many, each time prepared anew."""
    for step in range(0, MOST_STEPS, every):
        if not is_killed(PROCESSES, run_until, step, function, *prepare()):
            assert step > 10
            return
        yield step
    raise AssertionError("the function has more steps than the test")


@pytest.fixture
async def directories(tmp_path: Path) -> tuple[Path, Path, int]:
    """A directory, a backup of it before it was changed, and how many contents that has."""
    directory, backup = tmp_path / "pfs", tmp_path / "before"
    pfs = EmbeddedPfs(directory, synchronous="off", rules=SELDOM)
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    await put(pfs, BRANCH, "/stays", os.urandom(70_000))
    await pfs.create_repo(Repo("goes"))
    await pfs.create_branch(Branch(Repo("goes"), "master"))
    await put(pfs, Branch(Repo("goes"), "master"), "/goes", os.urandom(80_000))
    await asyncio.to_thread(back_up, directory, backup)
    await pfs.delete_repo(Repo("goes"))
    await pfs.engine.upkeep.round()
    for number in range(3):
        await put(pfs, BRANCH, f"/new/{number}", os.urandom(90_000))
    await pfs.aclose()
    return directory, backup, 2


def fresh(folder: Path, model: Path | None = None) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    if model is not None:
        shutil.copytree(model, folder, copy_function=os.link)
    return folder


def contents_in(backup: Path, new: Path) -> int:
    """Restore a backup, of which nothing may be lost; say how many contents it has."""
    done = restore_backup(backup, fresh(new))
    assert done.is_in_place
    assert check(new).is_sound
    return done.checked.contents


@each_step
async def test_a_killed_first_backup_is_none_and_the_next_run_makes_it(
    directories: tuple[Path, Path, int], tmp_path: Path, every: int
) -> None:
    directory, target, new = directories[0], tmp_path / "target", tmp_path / "new"
    done = 0
    for _ in steps_of(every, back_up, lambda: (directory, fresh(target))):
        if (target / "backup.sqlite").exists():
            done += 1
            assert contents_in(target, new) == 4
        else:
            with pytest.raises(DirectoryRefused, match="no whole backup"):
                restore_backup(target, new)
        back_up(directory, target)
        assert contents_in(target, new) == 4
    assert done or every > 1


@each_step
async def test_a_killed_backup_leaves_the_one_before_or_is_whole(
    directories: tuple[Path, Path, int], tmp_path: Path, every: int
) -> None:
    (directory, before, contents), target = directories, tmp_path / "target"
    found = []
    for _ in steps_of(every, back_up, lambda: (directory, fresh(target, before))):
        found.append(contents_in(target, tmp_path / "new"))
        back_up(directory, target)
        assert contents_in(target, tmp_path / "new") == 4
    assert set(found) == {contents, 4} or every > 1
    assert set(found) <= {contents, 4}
    assert found == sorted(found)


@each_step
async def test_a_killed_restore_cannot_be_served_or_is_whole(
    directories: tuple[Path, Path, int], tmp_path: Path, every: int
) -> None:
    (_, backup, contents), new = directories, tmp_path / "new"
    for _ in steps_of(every, restore_backup, lambda: (backup, fresh(new))):
        if (new / "pfs.sqlite").exists():
            assert check(new).contents == contents
            continue
        with pytest.raises(DirectoryRefused):
            check(new)
        assert restore_backup(backup, new).is_in_place
        found = check(new)
        assert found.is_sound
        assert found.contents == contents
