"""An export or an import that is cut off at any of its calls: the next run goes on there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.history.moving.folder import read_export
from gateway.history.places import HistoryRefused
from pfs_client.failures import PfsUnavailable
from pfs_client.values import Branch
from pfs_client.whole_pfs import WholePfs
from tests.moving.cut import Cut, Where
from tests.moving.moves import moved_in, moved_out
from tests.moving.states import BUCKET, HISTORY, SOURCE, was, without_steps

MOST_CALLS = 500

each_where = pytest.mark.parametrize("where", Where)
each_call = pytest.mark.parametrize("every", [41, pytest.param(1, marks=pytest.mark.thorough)])


def cuts(pfs: WholePfs, where: Where, every: int) -> Iterator[Cut]:
    """A PFS that is cut off at its first call, a later one and so on, until it is no more."""
    for calls in range(0, MOST_CALLS, every):
        cut = Cut(pfs, calls, where)
        yield cut
        if not cut.has_cut:
            assert calls >= every
            return
    raise AssertionError("there are more calls than the test makes")


def files_in(folder: Path) -> dict[str, bytes]:
    """What an export has, but which one it is."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "export.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@each_where
@each_call
async def test_an_import_goes_on_where_its_connection_was_cut(
    source: WholePfs, destination: WholePfs, tmp_path: Path, where: Where, every: int
) -> None:
    await moved_out(source, tmp_path / "export")
    expected = await was(source, SOURCE)
    for number, cut in enumerate(cuts(destination, where, every)):
        bucket, branch = f"b{number}.moved", Branch(SOURCE.repo, f"b{number}")
        try:
            await moved_in(cut.as_pfs(), tmp_path / "export", bucket)
        except PfsUnavailable:
            await moved_in(destination, tmp_path / "export", bucket)
        found = await was(destination, branch)
        assert without_steps(found) == expected
        assert len(found) == len(HISTORY) + 2


@each_where
@pytest.mark.parametrize("calls", [45, pytest.param(21, marks=pytest.mark.thorough)])
async def test_an_import_goes_on_after_any_number_of_cuts(
    source: WholePfs, destination: WholePfs, tmp_path: Path, where: Where, calls: int
) -> None:
    await moved_out(source, tmp_path / "export")
    while True:
        # Before it goes on, it asks what is there.
        try:
            await moved_in(Cut(destination, calls, where).as_pfs(), tmp_path / "export")
            break
        except PfsUnavailable:
            pass
    assert without_steps(await was(destination, SOURCE)) == await was(source, SOURCE)


@pytest.mark.parametrize("history", [True, False])
@each_where
@each_call
async def test_an_export_goes_on_where_its_connection_was_cut(
    source: WholePfs, tmp_path: Path, where: Where, every: int, history: bool
) -> None:
    await moved_out(source, tmp_path / "whole", history=history)
    expected = files_in(tmp_path / "whole")
    for number, cut in enumerate(cuts(source, where, every)):
        folder = tmp_path / f"export {number}"
        try:
            await moved_out(cut.as_pfs(), folder, history=history)
        except PfsUnavailable:
            with read_export(folder) as export:
                assert export.branch(BUCKET).complete() is None
            with pytest.raises(HistoryRefused, match=f"{BUCKET} is not whole: run s3gateway"):
                await moved_in(source, folder, "b.other")
            await moved_out(source, folder, history=history)
        assert files_in(folder) == expected


async def test_an_export_that_was_cut_reads_no_content_again(
    source: WholePfs, tmp_path: Path
) -> None:
    class Reads(Cut):
        count = 0

        async def get_file(self, *args: object) -> object:
            self.count += 1
            return await source.get_file(*args)  # type: ignore[arg-type]

    whole = Reads(source, MOST_CALLS, Where.BEFORE)
    await moved_out(whole.as_pfs(), tmp_path / "whole")
    calls = MOST_CALLS - whole.left
    first, second = (Reads(source, n, Where.BEFORE) for n in (calls // 2, MOST_CALLS))
    with pytest.raises(PfsUnavailable):
        await moved_out(first.as_pfs(), tmp_path / "export")
    await moved_out(second.as_pfs(), tmp_path / "export")
    assert first.count > 2
    # What the first run knew of equal contents, the second does not.
    assert second.count <= whole.count - first.count + 4


async def test_a_commit_that_goes_while_its_export_is_cut_off_is_left_out(
    source: WholePfs, tmp_path: Path
) -> None:
    for calls in range(1, MOST_CALLS):
        with pytest.raises(PfsUnavailable):
            await moved_out(
                Cut(source, calls, Where.AFTER).as_pfs(), tmp_path / "export", history=False
            )
        if list((tmp_path / "export").rglob("*.list")):
            break
    await source.drop_commit((await source.inspect_branch(SOURCE)).head)
    exported = await moved_out(source, tmp_path / "export", history=False)
    assert exported.complete.records == 1
    assert exported.complete.commit == (await source.inspect_branch(SOURCE)).head.id
