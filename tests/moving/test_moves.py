"""What was in one PFS is in the other: every commit, or what there is now, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.history.places import HistoryRefused
from pfs_client.values import AddFile, Branch, DeleteFile, Repo
from pfs_client.whole_pfs import WholePfs
from tests.moving.conftest import KINDS, opened
from tests.moving.moves import moved_in, moved_out
from tests.moving.states import (
    BUCKET,
    HISTORY,
    LARGE,
    SOURCE,
    commit,
    commit_history,
    was,
    without_steps,
)
from tests.pfs_contract.reading import put


@pytest.mark.parametrize("from_", KINDS)
async def test_every_commit_is_as_it_was(from_: str, destination: WholePfs, tmp_path: Path) -> None:
    async with opened(from_, tmp_path / "source", harmful=False) as source:
        await commit_history(source)
        before = await was(source, SOURCE)
        exported = await moved_out(source, tmp_path / "export")
    assert exported.complete.records == exported.new_records == len(HISTORY) == len(before)
    imported = await moved_in(destination, tmp_path / "export")
    found = await was(destination, SOURCE)
    assert without_steps(found) == before
    assert imported.new_commits == len(found) == len(HISTORY) + 2
    again = await moved_in(destination, tmp_path / "export")
    assert again.new_commits == again.changes == 0
    assert await was(destination, SOURCE) == found


@pytest.mark.parametrize("from_", KINDS)
async def test_without_history_there_is_one_commit_with_what_there_is_now(
    from_: str, destination: WholePfs, tmp_path: Path
) -> None:
    async with opened(from_, tmp_path / "source", harmful=False) as source:
        await commit_history(source)
        now = (await was(source, SOURCE))[-1]
        await moved_out(source, tmp_path / "export", history=False)
    await moved_in(destination, tmp_path / "export")
    assert [one.files for one in await was(destination, SOURCE)] == [now.files]


@pytest.mark.parametrize("history", [True, False])
async def test_what_is_exported_and_imported_again_is_only_what_is_new(
    source: WholePfs, destination: WholePfs, tmp_path: Path, history: bool
) -> None:
    await moved_out(source, tmp_path / "export", history=history)
    await moved_in(destination, tmp_path / "export")
    nothing = await moved_out(source, tmp_path / "export", history=history)
    assert nothing.new_records == nothing.changes == 0
    await put(source, SOURCE, "/new", b"new")
    await put(source, SOURCE, "/new", b"newer")
    more = await moved_out(source, tmp_path / "export", history=history)
    assert more.new_records == more.changes == (2 if history else 1)
    imported = await moved_in(destination, tmp_path / "export")
    assert imported.new_commits == imported.changes == more.new_records
    found = await was(destination, SOURCE)
    assert found[-1].files == (await was(source, SOURCE))[-1].files


async def test_an_export_without_history_can_get_none_later(
    source: WholePfs, tmp_path: Path
) -> None:
    await moved_out(source, tmp_path / "export", history=False)
    with pytest.raises(HistoryRefused, match="begun without --history: name another folder"):
        await moved_out(source, tmp_path / "export", history=True)


async def test_a_content_is_stored_once_whatever_has_it(source: WholePfs, tmp_path: Path) -> None:
    await moved_out(source, tmp_path / "export")
    stored = [file for file in (tmp_path / "export/contents").glob("??/*") if file.is_file()]
    contents = {b"%d" % number for number in range(4)}
    contents |= {b"", LARGE, LARGE[::-1], b"other", b"x", b"file"}
    assert {file.read_bytes() for file in stored} == contents
    assert len(stored) == len(contents)


async def test_an_empty_bucket_is_one_afterwards(destination: WholePfs, tmp_path: Path) -> None:
    async with opened("embedded", tmp_path / "source") as source:
        await source.create_repo(SOURCE.repo)
        await source.create_branch(SOURCE)
        exported = await moved_out(source, tmp_path / "export")
    assert exported.complete.records == 0
    assert (await moved_in(destination, tmp_path / "export")).new_commits == 0
    assert await was(destination, SOURCE) == []


async def test_a_project_is_made_where_it_is_missing(
    source: WholePfs, destination: WholePfs, tmp_path: Path
) -> None:
    await moved_out(source, tmp_path / "export", history=False)
    await moved_in(destination, tmp_path / "export", "main.other.lab")
    found = await was(destination, Branch(Repo("other", "lab"), "main"))
    assert found[-1].files == (await was(source, SOURCE))[-1].files


async def test_an_open_commit_is_not_exported(source: WholePfs, tmp_path: Path) -> None:
    before = await was(source, SOURCE)
    await source.start_commit(SOURCE)
    await source.modify_stream(SOURCE, [AddFile("/unfinished", b"x")])
    exported = await moved_out(source, tmp_path / "export")
    assert exported.complete.records == len(before)


async def test_a_branch_with_other_commits_is_refused_unless_told(
    source: WholePfs, destination: WholePfs, tmp_path: Path
) -> None:
    await moved_out(source, tmp_path / "export", history=False)
    await destination.create_repo(SOURCE.repo)
    await destination.create_branch(SOURCE)
    await put(destination, SOURCE, "/other", b"stays")
    await put(destination, SOURCE, "/same", b"goes")
    before = await was(destination, SOURCE)
    with pytest.raises(HistoryRefused, match="has commits that are not of this import"):
        await moved_in(destination, tmp_path / "export")
    assert await was(destination, SOURCE) == before
    await moved_in(destination, tmp_path / "export", merge=True)
    expected = (await was(source, SOURCE))[-1].files
    found = await was(destination, SOURCE)
    assert found[-1].files == expected | {"/other": before[-1].files["/other"]}
    assert (await moved_in(destination, tmp_path / "export")).new_commits == 0


async def test_so_is_one_that_was_written_to_since(
    source: WholePfs, destination: WholePfs, tmp_path: Path
) -> None:
    await moved_out(source, tmp_path / "export")
    await moved_in(destination, tmp_path / "export")
    await put(destination, SOURCE, "/since", b"x")
    await put(source, SOURCE, "/new", b"new")
    await moved_out(source, tmp_path / "export")
    with pytest.raises(HistoryRefused, match="has commits that are not of this import"):
        await moved_in(destination, tmp_path / "export")
    assert (await moved_in(destination, tmp_path / "export", merge=True)).new_commits == 1
    assert {"/since", "/new"} <= set((await was(destination, SOURCE))[-1].files)


async def test_another_commit_that_is_open_is_refused(
    source: WholePfs, destination: WholePfs, tmp_path: Path
) -> None:
    await moved_out(source, tmp_path / "export", history=False)
    await destination.create_repo(SOURCE.repo)
    await destination.start_commit(SOURCE)
    for merge in (True, False):
        with pytest.raises(HistoryRefused, match=f"commit finish {BUCKET} closes it"):
            await moved_in(destination, tmp_path / "export", merge=merge)


async def test_a_branch_that_went_back_behind_its_export_is_refused(
    source: WholePfs, tmp_path: Path
) -> None:
    await moved_out(source, tmp_path / "export")
    await source.drop_commit((await source.inspect_branch(SOURCE)).head)
    await commit(source, SOURCE, [AddFile("/x", b"x")])
    with pytest.raises(HistoryRefused, match="with which the export ends: name another folder"):
        await moved_out(source, tmp_path / "export")


async def test_a_merge_stops_at_the_commit_that_something_is_in_the_way_of(
    source: WholePfs, destination: WholePfs, tmp_path: Path
) -> None:
    await moved_out(source, tmp_path / "export")
    await destination.create_repo(SOURCE.repo)
    await destination.create_branch(SOURCE)
    await put(destination, SOURCE, "/same", b"3")
    await put(destination, SOURCE, "/large/below", os.urandom(9))
    with pytest.raises(HistoryRefused, match="moved/large/below is in the way"):
        await moved_in(destination, tmp_path / "export", merge=True)
    await destination.modify_file(SOURCE, [DeleteFile("/large/below")])
    await moved_in(destination, tmp_path / "export", merge=True)
    assert (await was(destination, SOURCE))[-1].files == (await was(source, SOURCE))[-1].files


async def test_a_file_in_the_way_is_refused_and_once_it_is_gone_the_import_goes_on(
    source: WholePfs, destination: WholePfs, tmp_path: Path
) -> None:
    await moved_out(source, tmp_path / "export", history=False)
    await destination.create_repo(SOURCE.repo)
    await destination.create_branch(SOURCE)
    await put(destination, SOURCE, "/many/below", b"in the way")
    before = await was(destination, SOURCE)
    with pytest.raises(HistoryRefused, match="moved/many/below is in the way"):
        await moved_in(destination, tmp_path / "export", merge=True)
    assert await was(destination, SOURCE) == before
    await destination.modify_file(SOURCE, [DeleteFile("/many/below")])
    await moved_in(destination, tmp_path / "export", merge=True)
    assert (await was(destination, SOURCE))[-1].files == (await was(source, SOURCE))[-1].files
