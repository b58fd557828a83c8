"""What is not as it was exported is named, and nothing of it is committed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.history.moving.folder import read_export, written_export
from gateway.history.places import HistoryRefused
from pfs_client.values import AddFile, DeleteFile
from pfs_client.whole_pfs import WholePfs
from tests.moving.conftest import opened
from tests.moving.cut import Cut, Where
from tests.moving.moves import moved_in, moved_out
from tests.moving.states import BUCKET, LARGE, SOURCE, was, without_steps


@pytest.fixture(params=["embedded", pytest.param("pachd", marks=pytest.mark.thorough)])
async def destination(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WholePfs]:
    async with opened(request.param, tmp_path / "destination") as pfs:
        yield pfs


@pytest.fixture
async def export(source: WholePfs, tmp_path: Path) -> Path:
    await moved_out(source, tmp_path / "export")
    return tmp_path / "export"


def record(export: Path, number: int) -> Path:
    return export / "branches" / BUCKET / f"{number:08}.jsonl"


def content(export: Path, content: bytes) -> Path:
    name = hashlib.sha256(content).hexdigest()
    return export / "contents" / name[:2] / name


async def commits_in(pfs: WholePfs) -> int:
    return len(await was(pfs, SOURCE))


@pytest.mark.parametrize("size", [LARGE[:-1], LARGE[:-1] + b"?", b""])
async def test_a_content_with_other_bytes_is_refused_before_its_commit_is_made(
    export: Path, destination: WholePfs, size: bytes
) -> None:
    path = content(export, LARGE)
    path.write_bytes(size)
    with pytest.raises(HistoryRefused, match=f"{path.name} is"):
        await moved_in(destination, export)
    path.write_bytes(LARGE)
    await moved_in(destination, export)
    assert await commits_in(destination) == 9


async def test_a_content_that_is_gone_is_named(export: Path, destination: WholePfs) -> None:
    content(export, LARGE).unlink()
    with pytest.raises(HistoryRefused, match="is not there, or cut off"):
        await moved_in(destination, export)
    assert await commits_in(destination) == 1


@pytest.mark.parametrize("number", [1, 3])
async def test_a_record_that_was_changed_is_refused(
    export: Path, destination: WholePfs, number: int
) -> None:
    path = record(export, number)
    path.write_bytes(path.read_bytes().replace(b'"many/2"', b'"many/9"'))
    with pytest.raises(HistoryRefused, match=f"{path.name} is damaged or cut off"):
        await moved_in(destination, export)
    assert await commits_in(destination) == number - 1


async def test_a_record_that_is_cut_off_is_refused(export: Path, destination: WholePfs) -> None:
    path = record(export, 2)
    whole = path.read_bytes()
    for end in range(0, len(whole), 40):
        path.write_bytes(whole[:end])
        with pytest.raises(HistoryRefused, match="is damaged or cut off"):
            await moved_in(destination, export)
        assert await commits_in(destination) == 1


@pytest.mark.parametrize("key", ["", "many/", "/many", "a//b", "../many", "a/.", 7])
async def test_a_key_that_would_be_more_than_a_file_is_refused(
    export: Path, destination: WholePfs, key: object
) -> None:
    path = record(export, 3)
    header = path.read_bytes().splitlines(keepends=True)[0]
    lines = header + json.dumps({"key": key, "what": "deleted"}).encode() + b"\n"
    end = json.dumps({"sha256_of_lines": hashlib.sha256(lines).hexdigest()})
    path.write_bytes(lines + end.encode() + b"\n")
    with pytest.raises(HistoryRefused, match="a line cannot be used"):
        await moved_in(destination, export)
    assert await commits_in(destination) == 2


async def test_a_record_of_another_commit_is_refused(export: Path, destination: WholePfs) -> None:
    record(export, 2).write_bytes(record(export, 3).read_bytes())
    with pytest.raises(HistoryRefused, match="is of another commit"):
        await moved_in(destination, export)
    assert await commits_in(destination) == 1


async def test_another_format_is_refused(export: Path, destination: WholePfs) -> None:
    about = export / "export.json"
    about.write_text(about.read_text().replace('"s3gateway_export": 1', '"s3gateway_export": 2'))
    with pytest.raises(HistoryRefused, match="is of another format than 1"):
        await moved_in(destination, export)
    with (
        pytest.raises(HistoryRefused, match="is of another format than 1"),
        written_export(export),
    ):
        pass


async def test_an_older_export_than_the_bucket_has_is_refused(
    export: Path, destination: WholePfs
) -> None:
    await moved_in(destination, export)
    complete = export / "branches" / BUCKET / "complete.json"
    complete.write_text(complete.read_text().replace('"records": 7', '"records": 6'))
    with pytest.raises(HistoryRefused, match="has commit 7 of this export already, which has 6"):
        await moved_in(destination, export)


async def test_one_command_uses_a_folder_at_a_time_unless_both_read(
    export: Path, source: WholePfs
) -> None:
    with read_export(export):
        with pytest.raises(HistoryRefused, match="another export or import uses"):
            await moved_out(source, export)
        with read_export(export) as other:
            assert other.buckets() == [BUCKET]
    with written_export(export), pytest.raises(HistoryRefused, match="another export or import"):
        await moved_in(source, export)


async def test_a_folder_with_other_things_is_no_export(source: WholePfs, tmp_path: Path) -> None:
    with pytest.raises(HistoryRefused, match="is not empty and is not an export: it has source"):
        await moved_out(source, tmp_path)
    with pytest.raises(HistoryRefused, match="there is no export in"):
        await moved_in(source, tmp_path / "none")


class Disturbed(Cut):
    """A PFS where somebody else writes when the first files of the first commit have come."""

    def __init__(self, pfs: WholePfs, change: AddFile | DeleteFile) -> None:
        super().__init__(pfs, 1000, Where.BEFORE)
        self._change: AddFile | DeleteFile | None = change

    async def modify_stream(self, *args: Any) -> None:
        """Write, and then let somebody else write."""
        await super().modify_stream(*args)
        if self._change is not None:
            change, self._change = self._change, None
            await super().modify_stream(SOURCE, [change])


async def test_a_file_of_somebody_else_s_is_found_before_the_commit_is_closed(
    export: Path, source: WholePfs, destination: WholePfs
) -> None:
    pfs = Disturbed(destination, AddFile("/theirs", b"x")).as_pfs()
    for _ in range(2):
        with pytest.raises(HistoryRefused, match="moved/theirs was changed while the import ran"):
            await moved_in(pfs, export)
    await destination.modify_file(SOURCE, [DeleteFile("/theirs")])
    await moved_in(destination, export)
    assert without_steps(await was(destination, SOURCE)) == await was(source, SOURCE)


async def test_so_is_a_file_that_somebody_has_removed(
    export: Path, source: WholePfs, destination: WholePfs
) -> None:
    pfs = Disturbed(destination, DeleteFile("/many/0")).as_pfs()
    with pytest.raises(HistoryRefused, match="moved/many/0 is not as the export has it"):
        await moved_in(pfs, export)
    await moved_in(destination, export)
    assert without_steps(await was(destination, SOURCE)) == await was(source, SOURCE)


async def test_a_merge_keeps_what_is_written_meanwhile(
    export: Path, source: WholePfs, destination: WholePfs
) -> None:
    await moved_in(Disturbed(destination, AddFile("/theirs", b"x")).as_pfs(), export, merge=True)
    found, expected = await was(destination, SOURCE), await was(source, SOURCE)
    assert set(found[-1].files) == {*expected[-1].files, "/theirs"}
