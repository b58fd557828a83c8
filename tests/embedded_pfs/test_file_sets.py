"""How long file sets live, and what they are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.upkeep import UpkeepRules
from pfs_client.failures import FileSetNotFound, PfsFailure
from pfs_client.interface import MAX_FILE_SET_SECONDS
from pfs_client.values import AddFile, Change, Commit, DeleteFile, File
from tests.pfs_contract.reading import read

SECOND = 1_000_000
SELDOM = UpkeepRules(seconds_between=1_000_000)


class Clock:
    """It stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_770_000_000 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pfs(tmp_path: Path, clock: Clock) -> AsyncIterator[EmbeddedPfs]:
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off", clock=clock, rules=SELDOM)
    yield client
    await client.aclose()


async def content_of(pfs: EmbeddedPfs, file_set: str) -> bytes:
    return await read(pfs, Commit.of_file_set(file_set), "/f")


async def check_it_lives(pfs: EmbeddedPfs, clock: Clock, file_set: str, seconds: int) -> None:
    began = clock.now
    clock.now = began + seconds * SECOND - 1
    assert await content_of(pfs, file_set) == b"12"
    clock.now = began + seconds * SECOND + 1
    with pytest.raises(FileSetNotFound):
        await content_of(pfs, file_set)
    with pytest.raises(FileSetNotFound):
        await pfs.renew_file_set(file_set, 60)


async def test_a_file_set_lives_as_long_as_it_may(pfs: EmbeddedPfs, clock: Clock) -> None:
    made = await pfs.create_file_set([AddFile("/f", b"12")])
    await check_it_lives(pfs, clock, made, MAX_FILE_SET_SECONDS)


@pytest.mark.parametrize("seconds", [1, 60, MAX_FILE_SET_SECONDS])
async def test_a_file_set_is_renewed_from_now_on(
    pfs: EmbeddedPfs, clock: Clock, seconds: int
) -> None:
    made = await pfs.create_file_set([AddFile("/f", b"12")])
    clock.now += 100 * SECOND
    await pfs.renew_file_set(made, seconds)
    await check_it_lives(pfs, clock, made, seconds)


@pytest.mark.parametrize("seconds", [1, 60, MAX_FILE_SET_SECONDS])
async def test_what_is_put_together_lives_as_long_as_was_asked_for(
    pfs: EmbeddedPfs, clock: Clock, seconds: int
) -> None:
    parts = [await pfs.create_file_set([AddFile("/f", part)]) for part in (b"1", b"2")]
    made = await pfs.compose_file_set(parts, seconds)
    await check_it_lives(pfs, clock, made, seconds)


async def test_nothing_lives_longer(pfs: EmbeddedPfs) -> None:
    made = await pfs.create_file_set([AddFile("/f", b"12")])
    for call in (pfs.renew_file_set(made, MAX_FILE_SET_SECONDS + 1),
                 pfs.compose_file_set([made], MAX_FILE_SET_SECONDS + 1)):  # fmt: skip
        with pytest.raises(PfsFailure, match=r"1801 s exceeds max ttl, 1800 s"):
            await call


async def test_expired_ones_go_one_by_one_and_others_stay(pfs: EmbeddedPfs, clock: Clock) -> None:
    for _ in range(3):
        await pfs.create_file_set([AddFile("/f", b"12")])
    clock.now += MAX_FILE_SET_SECONDS * SECOND + 1
    young = await pfs.create_file_set([AddFile("/f", b"12")])
    await pfs.engine.upkeep.round()
    left = pfs.engine.look_up(lambda c: c.execute("SELECT id FROM file_set").fetchall())
    assert left == [(young,)]


async def test_a_refused_change_is_told_with_its_place(pfs: EmbeddedPfs) -> None:
    async def changes() -> AsyncIterator[AddFile]:
        yield AddFile("/a", b"1")
        yield AddFile("/b*", b"1")

    with pytest.raises(PfsFailure) as refused:
        await pfs.create_file_set(changes())
    assert refused.value.change_index == 1


async def test_parts_that_remove_leave_what_comes_later(pfs: EmbeddedPfs) -> None:
    removing: list[Change] = [DeleteFile("/f"), AddFile("/f", b"2")]
    parts = [await pfs.create_file_set([AddFile("/f", b"1"), AddFile("/g", b"1")])]
    parts.append(await pfs.create_file_set(removing))
    made = await pfs.compose_file_set(parts, 60)
    assert await content_of(pfs, made) == b"2"
    assert await read(pfs, Commit.of_file_set(made), "/g") == b"1"
    with pytest.raises(PfsFailure):
        await pfs.inspect_file(File(Commit.of_file_set(made), "/h"))


@pytest.mark.parametrize("in_one", [True, False])
async def test_a_directory_is_removed_from_what_came_before(pfs: EmbeddedPfs, in_one: bool) -> None:
    adds = [AddFile(path, b"1") for path in ("/a", "/d", "/d0", "/e/x", "/e/y/z", "/e0", "/f")]
    if in_one:
        made = await pfs.create_file_set([*adds, DeleteFile("/e/")])
    else:
        parts = [await pfs.create_file_set(some) for some in (adds, [DeleteFile("/e/")])]
        made = await pfs.compose_file_set(parts)
    walked = await pfs.walk_file(File(Commit.of_file_set(made), "/"))
    assert [info.path for info in walked if info.is_file] == ["/a", "/d", "/d0", "/e0", "/f"]
