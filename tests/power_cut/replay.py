"""Opens each state of a cut disk as a fresh gateway does, and looks whether anything is missing."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from embedded_pfs.blobs import Blobs
from embedded_pfs.checking import checked_with
from embedded_pfs.client import EmbeddedPfs
from pfs_client.failures import BranchNotFound, PfsFailure, RepoNotFound
from pfs_client.values import File
from tests.pfs_contract.reading import read
from tests.power_cut.disk import Cut, State
from tests.power_cut.recorder import Acknowledged, Event
from tests.power_cut.workload import BRANCH, SELDOM, Files

LEAST, ALL, NAMES, DATA = "least", "all_of_it", "names_without_data", "data_without_names"
KINDS = (LEAST, ALL, NAMES, DATA)


@dataclass(frozen=True, slots=True)
class Where:
    """A state: after how many events the power was cut, and what of the unsynced was there."""

    events: int
    kind: str
    seed: int = 0


def after_each_answer(events: Sequence[Event]) -> Iterator[Where]:
    """The worst states: somebody has just been told."""
    for at, event in enumerate(events, start=1):
        if isinstance(event, Acknowledged):
            yield Where(at, LEAST)


def everywhere(events: Sequence[Event], random_states: int = 1) -> Iterator[Where]:
    """After each event, in every kind of state, and some that are as it happens."""
    for at in range(len(events) + 1):
        for kind in KINDS:
            yield Where(at, kind)
        for seed in range(random_states):
            yield Where(at, "some_of_it", seed)


def state_at(events: Sequence[Event], where: Where) -> State:
    """What the disk is then."""
    cut = Cut(events[: where.events])
    if where.kind == "some_of_it":
        seed = f"{where.events} {where.seed}"
        return cut.some_of_it(random.Random(seed))  # noqa: S311 - the same each time
    state: Callable[[], State] = getattr(cut, where.kind)
    return state()


async def check_state(
    events: Sequence[Event], expected: Sequence[Files | None], where: Where, directory: Path
) -> None:
    """See that what was answered is there, whole, and that what was not is there whole or not.

    Raises:
        AssertionError: It is not; it says in which state.
    """
    try:
        await _check_state(events, expected, where, directory)
    except PfsFailure as failure:
        raise AssertionError(f"{where}: {failure}") from failure


async def _check_state(
    events: Sequence[Event], expected: Sequence[Files | None], where: Where, directory: Path
) -> None:
    state_at(events, where).write(directory)
    answered = sum(isinstance(event, Acknowledged) for event in events[: where.events])
    pfs = EmbeddedPfs(directory, synchronous="off", rules=SELDOM)
    try:
        found = await _files_of(pfs)
        # `make` has made a repo before its branch, and `unmake` is one transaction.
        assert found in expected[answered : answered + 2], f"{where}: {_shown(found)}"
        await pfs.engine.upkeep.round()
        assert await _files_of(pfs) == found, where
        with closing(pfs.engine.directory.connect(readonly=True)) as connection:
            if where.kind == ALL:
                _check_leftovers(connection, pfs.engine.blobs, where)
            checked = checked_with(connection, pfs.engine.blobs)
        assert checked.is_sound, (where, checked)
    finally:
        await pfs.aclose()


async def _files_of(pfs: EmbeddedPfs) -> Files | None:
    try:
        head = (await pfs.inspect_branch(BRANCH)).head
    except (RepoNotFound, BranchNotFound):
        return None
    infos = await pfs.walk_file(File(head, "/"))
    return {info.path: await read(pfs, head, info.path) for info in infos if info.is_file}


def _check_leftovers(connection: sqlite3.Connection, blobs: Blobs, where: Where) -> None:
    """See that a process that was killed leaves nothing that belongs to nothing."""
    referred = {
        hash_
        for table in ("file", "past_file", "file_set_change", "extent")
        for (hash_,) in connection.execute(f"SELECT content_hash FROM {table}")  # noqa: S608
    }
    assert {hash_ for hash_, _ in blobs.all()} <= referred, where
    assert not list(blobs.unfinished()), where


def _shown(files: Files | None) -> object:
    return files and {path: len(content) for path, content in files.items()}
