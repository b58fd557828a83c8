"""An export or an import that is killed: what is there is whole, or not taken, and is gone on with.

A process kills itself before the Nth of its steps, for every N that there is: a file that gets its
name, and a call to PFS.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from gateway.history.moving import exporting
from gateway.history.moving.folder import read_export
from gateway.history.places import HistoryRefused
from pfs_client.whole_pfs import WholePfs
from tests.killed import die, die_before, is_killed, processes
from tests.moving.cut import Cut, Where
from tests.moving.moves import moved_in, moved_out
from tests.moving.states import BATCH_FILES, BUCKET, SOURCE, was, without_steps
from tests.moving.test_interrupted_moves import files_in

STEPS = frozenset({"os.rename", "os.remove", "os.mkdir", "fcntl.flock"})
MOST_STEPS = 500

each_step = pytest.mark.parametrize("every", [29, pytest.param(1, marks=pytest.mark.thorough)])

PROCESSES = processes(__name__)


def export_until(step: int, directory: Path, folder: Path) -> None:
    """Export, and kill this process before a step."""

    async def work(pfs: WholePfs) -> None:
        die_before(step, STEPS)
        await moved_out(pfs, folder)

    asyncio.run(_on(directory, work))


def import_until(call: int, directory: Path, folder: Path) -> None:
    """Import, and kill this process at a call to PFS."""

    async def work(pfs: WholePfs) -> None:
        where = list(Where)[call % len(Where)]
        await moved_in(Cut(pfs, call, where, die).as_pfs(), folder)

    asyncio.run(_on(directory, work))


async def _on(directory: Path, work: Callable[[WholePfs], Awaitable[None]]) -> None:
    exporting.BATCH_FILES = BATCH_FILES
    pfs = EmbeddedPfs(directory, synchronous="off")
    await work(pfs)
    await pfs.aclose()


def steps_of(
    every: int,
    function: Callable[[int, Path, Path], None],
    prepare: Callable[[int], tuple[Path, Path]],
) -> Iterator[tuple[Path, Path]]:
    """Kill a function at each of its steps, or at every so many, each time with other folders."""
    for step in range(0, MOST_STEPS, every):
        folders = prepare(step)
        if not is_killed(PROCESSES, function, step, *folders):
            assert step > every
            return
        yield folders
    raise AssertionError("the function has more steps than the test")


@each_step
async def test_an_export_that_was_killed_is_none_and_the_next_run_makes_it(
    source: WholePfs, tmp_path: Path, every: int
) -> None:
    await moved_out(source, tmp_path / "whole")
    expected = files_in(tmp_path / "whole")
    directory = tmp_path / "source"
    for _, folder in steps_of(every, export_until, lambda n: (directory, tmp_path / f"e{n}")):
        with pytest.raises(HistoryRefused, match=r"is not whole|there is no export"):
            await moved_in(source, folder, "b.other")
        await moved_out(source, folder)
        assert files_in(folder) == expected


@each_step
async def test_a_killed_import_goes_on_where_it_stopped(
    source: WholePfs, tmp_path: Path, every: int
) -> None:
    await moved_out(source, tmp_path / "export")
    expected = await was(source, SOURCE)
    with read_export(tmp_path / "export") as export:
        assert export.branch(BUCKET).complete() is not None
    for directory, folder in steps_of(
        every, import_until, lambda n: (tmp_path / f"d{n}", tmp_path / "export")
    ):
        pfs = EmbeddedPfs(directory, synchronous="off")
        await moved_in(pfs, folder)
        assert without_steps(await was(pfs, SOURCE)) == expected
        await pfs.aclose()
