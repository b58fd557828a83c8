"""No power cut takes what was answered: every state that it may leave is opened and read."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from embedded_pfs import blobs, database, directory, disk
from embedded_pfs.staging import Staging
from embedded_pfs.stored_changes import StoredChange
from tests.power_cut import workload
from tests.power_cut.recorder import Event, Recorder
from tests.power_cut.replay import ALL, Where, after_each_answer, check_state, everywhere
from tests.power_cut.workload import Files

SAMPLE = 120
RANDOM_STATES = 20
"""With the others this makes more than ten thousand states."""


async def recorded(directory: Path) -> tuple[list[Event], list[Files | None]]:
    recorder = Recorder(directory)
    with recorder.recording():
        expected = await workload.run(directory, recorder)
    return recorder.events, expected


async def check_states(
    events: list[Event], expected: list[Files | None], states: list[Where]
) -> None:
    # In memory, where there is such a place: nothing is to last here, and there are many.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - of Linux's
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        for where in states:
            await check_state(events, expected, where, Path(folder) / "state")


async def test_what_was_answered_is_there_after_any_power_cut(tmp_path: Path) -> None:
    events, expected = await recorded(tmp_path / "recorded")
    states = list(after_each_answer(events))
    assert len(states) == len(workload.STEPS)
    others = list(everywhere(events))
    states += random.Random(1).sample(others, SAMPLE)  # noqa: S311 - the same each time
    await check_states(events, expected, states)


@pytest.mark.thorough
@pytest.mark.timeout(7200)
async def test_what_was_answered_is_there_after_every_power_cut(tmp_path: Path) -> None:
    events, expected = await recorded(tmp_path / "recorded")
    states = list(everywhere(events, RANDOM_STATES))
    assert len(states) >= 10_000
    await check_states(events, expected, states)
    print(f"{len(states)} states after {len(events)} events")  # noqa: T201 - figures for the page


async def test_all_that_is_relied_on_is_seen(tmp_path: Path) -> None:
    events, _ = await recorded(tmp_path / "recorded")
    kinds = {type(event).__name__ for event in events}
    assert kinds == {
        "Made", "Gone", "Renamed", "Written", "Synced", "EntriesSynced", "Committed",
        "Acknowledged",
    }  # fmt: skip


def no_fsync(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(blobs.Blobs, "sync_file", lambda *_: None)


def no_synced_entries(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(blobs, "sync_folder", lambda *_: None)


def no_synced_commits(patch: pytest.MonkeyPatch) -> None:
    connect = database.connect
    patch.setattr(
        directory, "connect", lambda file, **named: connect(file, **{**named, "synchronous": "off"})
    )


def no_synced_database_entry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(disk, "sync_folder", lambda *_: None)


def names_dropped_early(patch: pytest.MonkeyPatch) -> None:
    take = Staging.take

    async def take_and_forget(staging: Staging, changes: object) -> list[StoredChange]:
        stored = await take(staging, changes)  # type: ignore[arg-type]
        await staging.settle([])
        return stored

    patch.setattr(Staging, "take", take_and_forget)


@pytest.mark.parametrize(
    "harm",
    [no_fsync, no_synced_entries, no_synced_commits, no_synced_database_entry, names_dropped_early],
)
async def test_a_lack_of_care_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[pytest.MonkeyPatch], None]
) -> None:
    with monkeypatch.context() as patch:
        harm(patch)
        events, expected = await recorded(tmp_path / "recorded")
    every = [Where(at, ALL) for at in range(len(events))]
    with pytest.raises(AssertionError, match="Where"):
        await check_states(events, expected, [*after_each_answer(events), *every])
