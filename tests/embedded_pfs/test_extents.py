"""Contents that lie in others: what was put together takes no room of its own, and is one file."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedded_pfs import extents, opening
from embedded_pfs.backup_restoring import restore_backup
from embedded_pfs.backups import back_up
from embedded_pfs.blobs import BlobWriter
from embedded_pfs.checking import check
from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.compaction import compact
from embedded_pfs.database import now_us
from embedded_pfs.upkeep import UpkeepRules
from pfs_client.failures import ContentLost
from pfs_client.interface import ByteStream, FileSpan
from pfs_client.values import (
    AddFile,
    Branch,
    Commit,
    CopyFile,
    DeleteFile,
    File,
    Repo,
)
from tests.embedded_pfs.harm import cut, flip, remove
from tests.pfs_contract.reading import head_of, pfs_hash, put, read

BRANCH = Branch(Repo("r"), "master")
SELDOM = UpkeepRules(seconds_between=1_000_000)
A, B, C = (os.urandom(size) for size in (300_000, 200_000, 70_000))
LAST = b"the last part is small"
PARTS = (A, B, LAST)
WHOLE = b"".join(PARTS)


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    client = EmbeddedPfs(tmp_path / "pfs", synchronous="off", rules=SELDOM)
    await client.create_repo(BRANCH.repo)
    await client.create_branch(BRANCH)
    yield client
    await client.aclose()


def in_set(file_set_id: str) -> File:
    return File(Commit.of_file_set(file_set_id), "/f")


async def composed(pfs: EmbeddedPfs, parts: Sequence[bytes]) -> str:
    sets = [await pfs.create_file_set([AddFile("/f", part)]) for part in parts]
    whole = await pfs.compose_file_set(sets)
    for file_set in sets:
        await pfs.release_file_set(file_set)
    return whole


async def put_together(pfs: EmbeddedPfs, path: str, parts: Sequence[bytes] = PARTS) -> None:
    """As the gateway completes an upload."""
    whole = await composed(pfs, parts)
    await pfs.modify_file(BRANCH, [DeleteFile(path), CopyFile(path, in_set(whole))])
    await pfs.release_file_set(whole)


async def copy(pfs: EmbeddedPfs, path: str, source: str) -> None:
    head = await head_of(pfs, BRANCH)
    await pfs.modify_file(BRANCH, [CopyFile(path, File(head, source))])


async def lose_history(pfs: EmbeddedPfs) -> None:
    await pfs.engine.upkeep._drop_old(now_us())
    await pfs.engine.upkeep.round()


def blobs(pfs: EmbeddedPfs) -> dict[bytes, Path]:
    return dict(pfs.engine.blobs.all())


def extent_rows(pfs: EmbeddedPfs) -> int:
    def count(connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT count(*) FROM extent").fetchone()[0])

    return pfs.engine.glance(count)


async def test_what_is_put_together_is_what_would_have_been_written_at_once(
    pfs: EmbeddedPfs,
) -> None:
    await put_together(pfs, "/parts")
    await put_together(pfs, "/cut-elsewhere", [WHOLE[:100_000], WHOLE[100_000:]])
    await put(pfs, BRANCH, "/at-once", WHOLE)
    head = await head_of(pfs, BRANCH)
    infos = [
        await pfs.inspect_file(File(head, path))
        for path in ("/parts", "/cut-elsewhere", "/at-once")
    ]
    assert {info.hash for info in infos} == {pfs_hash(WHOLE)}
    assert {info.size_bytes for info in infos} == {len(WHOLE)}
    for info in infos:
        assert await read(pfs, head, info.path) == WHOLE


async def test_neither_putting_together_nor_copying_writes_a_byte(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = [await pfs.create_file_set([AddFile("/f", part)]) for part in PARTS]
    before = blobs(pfs)
    written: list[int] = []
    write = BlobWriter.write

    def counted(writer: BlobWriter, data: bytes) -> None:
        written.append(len(data))
        write(writer, data)

    monkeypatch.setattr(BlobWriter, "write", counted)
    whole = await pfs.compose_file_set(sets)
    await pfs.modify_file(BRANCH, [CopyFile("/whole", in_set(whole))])
    await copy(pfs, "/copy", "/whole")
    assert sum(written) == 0
    assert blobs(pfs) == before
    assert len(before) == 2  # the last part is in the database
    assert await read(pfs, await head_of(pfs, BRANCH), "/copy") == WHOLE


async def test_what_is_put_together_out_of_such_contents_lies_where_they_do(
    pfs: EmbeddedPfs,
) -> None:
    await put_together(pfs, "/parts")
    head = await head_of(pfs, BRANCH)
    copied = await pfs.create_file_set([CopyFile("/f", File(head, "/parts"), append=True)])
    other = await pfs.create_file_set([AddFile("/f", C)])
    whole = await pfs.compose_file_set([copied, other, copied])
    await pfs.modify_file(BRANCH, [DeleteFile("/parts"), CopyFile("/all", in_set(whole))])
    for one in (copied, other, whole):
        await pfs.release_file_set(one)
    await lose_history(pfs)
    assert await read(pfs, await head_of(pfs, BRANCH), "/all") == WHOLE + C + WHOLE
    assert extent_rows(pfs) == 7
    assert len(blobs(pfs)) == 3


async def test_few_bytes_and_many_extents_are_copied(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_together(pfs, "/few", [b"a", b"", b"b"])
    monkeypatch.setattr(extents, "MAX_EXTENTS", 2)
    await put_together(pfs, "/many", PARTS)
    assert extent_rows(pfs) == 0
    await put_together(pfs, "/two", [A, b"", B])
    assert extent_rows(pfs) == 2
    head = await head_of(pfs, BRANCH)
    assert [await read(pfs, head, path) for path in ("/few", "/many", "/two")] == [
        b"ab",
        WHOLE,
        A + B,
    ]


async def by_spans(stream: ByteStream) -> bytes:
    """What a server sends that has the system send files."""
    spans = stream.file_spans()
    assert spans is not None
    sent = b""
    async with stream:
        async for span in spans:
            if isinstance(span, FileSpan):
                sent += os.pread(span.descriptor, span.size_bytes, span.offset)
            else:
                sent += span
    return sent


SIZES = st.lists(st.sampled_from([0, 1, 500, 65_536, 65_537, 70_000, 200_001]), min_size=2)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), sizes=SIZES)
async def test_every_range_is_the_bytes(
    pfs: EmbeddedPfs, data: st.DataObject, sizes: list[int]
) -> None:
    parts = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    whole = b"".join(parts)
    file = in_set(await composed(pfs, parts))
    edges = [sum(sizes[:number]) + by for number in range(len(sizes) + 1) for by in (-1, 0, 1)]
    near = st.one_of(st.sampled_from(edges), st.integers(0, len(whole)))
    offset = max(0, data.draw(near))
    size = data.draw(st.one_of(st.none(), near.map(lambda end: max(0, end - offset))))
    expected = whole[offset:] if size is None else whole[offset : offset + size]
    assert await read(pfs, file.commit, file.path, offset, size) == expected
    if len(whole) > 65_536:
        stream = await pfs.get_file(file, offset=offset, size_bytes=size)
        assert await by_spans(stream) == expected


@pytest.mark.parametrize("parts", [[A], [A, B]], ids=["one blob", "two"])
@pytest.mark.parametrize("behind", [0, 1])
async def test_there_is_nothing_behind_the_end(
    pfs: EmbeddedPfs, parts: list[bytes], behind: int
) -> None:
    file = in_set(await composed(pfs, parts))
    offset = sum(map(len, parts)) + behind
    assert await by_spans(await pfs.get_file(file, offset=offset)) == b""
    assert await read(pfs, file.commit, file.path, offset) == b""


async def test_more_extents_than_are_read_at_once(
    pfs: EmbeddedPfs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_READ_AT_ONCE", 2)
    await put_together(pfs, "/f", [A, B, C, LAST, C])
    head = await head_of(pfs, BRANCH)
    assert await read(pfs, head, "/f") == A + B + C + LAST + C
    assert await read(pfs, head, "/f", 500_001, 70_020) == (A + B + C + LAST + C)[500_001:570_021]


async def test_a_blob_goes_with_the_last_content_that_lies_in_it(pfs: EmbeddedPfs) -> None:
    await put_together(pfs, "/one", [A, B])
    await put_together(pfs, "/two", [B, C])
    await copy(pfs, "/copy", "/one")
    await put(pfs, BRANCH, "/c", C)
    of = {content: pfs_blob(pfs, content) for content in (A, B, C)}
    for path, left in (("/one", [A, B, C]), ("/copy", [B, C]), ("/two", [C]), ("/c", [])):
        await pfs.modify_file(BRANCH, [DeleteFile(path)])
        await lose_history(pfs)
        assert set(blobs(pfs)) == {of[content] for content in left}, path
    assert extent_rows(pfs) == 0


def pfs_blob(pfs: EmbeddedPfs, content: bytes) -> bytes:
    (hash_,) = [hash_ for hash_, path in blobs(pfs).items() if path.read_bytes() == content]
    return hash_


async def test_parts_outlive_their_file_sets(pfs: EmbeddedPfs) -> None:
    await put_together(pfs, "/f")
    await pfs.engine.upkeep.round()
    assert len(blobs(pfs)) == 2
    assert await read(pfs, await head_of(pfs, BRANCH), "/f") == WHOLE


async def test_an_upload_that_comes_to_nothing_leaves_nothing(pfs: EmbeddedPfs) -> None:
    await pfs.release_file_set(await composed(pfs, PARTS))
    await pfs.engine.upkeep.round()
    assert (blobs(pfs), extent_rows(pfs)) == ({}, 0)


async def test_compaction_drops_what_nothing_refers_to(pfs: EmbeddedPfs, tmp_path: Path) -> None:
    await put_together(pfs, "/f")
    await put_together(pfs, "/g", [B, C])
    await pfs.modify_file(BRANCH, [DeleteFile("/f")])
    await pfs.engine.upkeep.round()
    await pfs.aclose()
    with closing(sqlite3.connect(tmp_path / "pfs" / "pfs.sqlite")) as connection:
        # What a crash of a version with a fault may leave: nothing refers to it, nobody noted it.
        connection.execute("INSERT INTO extent VALUES (zeroblob(32), 0, 1, randomblob(32))")
        connection.commit()
    compact(tmp_path / "pfs", 0)
    again = EmbeddedPfs(tmp_path / "pfs", synchronous="off", rules=SELDOM)
    assert (len(blobs(again)), extent_rows(again)) == (2, 2)
    assert await read(again, await head_of(again, BRANCH), "/g") == B + C
    await again.aclose()


async def test_who_reads_keeps_what_is_read(pfs: EmbeddedPfs, tmp_path: Path) -> None:
    await put_together(pfs, "/f")
    await pfs.engine.upkeep.round()
    stream = await pfs.get_file(File(await head_of(pfs, BRANCH), "/f"))
    other = EmbeddedPfs(tmp_path / "pfs", synchronous="off", rules=SELDOM)  # as another process
    await other.delete_repo(BRANCH.repo, force=True)
    await other.engine.upkeep.round()
    assert len(blobs(pfs)) == 2
    async with stream:
        assert b"".join([piece async for piece in stream]) == WHOLE
    await other.engine.upkeep.round()
    assert (blobs(pfs), extent_rows(pfs)) == ({}, 0)
    await other.aclose()


def held(pfs: EmbeddedPfs) -> list[str]:
    """The files of a PFS that this process has open, but for connections to its database."""
    folder = str(pfs.engine.directory.path)
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the one that lists them
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return sorted(f for f in found if f.startswith(folder) and "/pfs.sqlite" not in f)


async def test_a_reader_that_stops_keeps_nothing(pfs: EmbeddedPfs) -> None:
    await put_together(pfs, "/f")
    await pfs.engine.upkeep.round()
    before = held(pfs)
    head = await head_of(pfs, BRANCH)
    async with await pfs.get_file(File(head, "/f")) as stream:
        async for _ in stream:
            assert held(pfs) != before
            break
    async with await pfs.get_file(File(head, "/f")) as stream:
        spans = stream.file_spans()
        assert spans is not None
        await anext(spans)
    async with await pfs.get_file(File(head, "/f")):
        pass
    assert held(pfs) == before
    await pfs.delete_repo(BRANCH.repo, force=True)
    await pfs.engine.upkeep.round()
    assert blobs(pfs) == {}


@pytest.mark.parametrize("harm", [remove, cut])
async def test_what_is_not_there_is_told_before_the_first_byte(
    pfs: EmbeddedPfs, harm: Callable[[Path], None]
) -> None:
    await put_together(pfs, "/f", [A, B])
    harm(blobs(pfs)[pfs_blob(pfs, B)])
    file = File(await head_of(pfs, BRANCH), "/f")
    with pytest.raises(ContentLost, match="the content of /f"):
        await pfs.inspect_file(file)
    with pytest.raises(ContentLost, match="the content of /f"):
        await pfs.get_file(file, offset=10)
    assert await read(pfs, file.commit, file.path, 0, 10) == A[:10]  # not of what is lost
    with pytest.raises(ContentLost):
        await copy(pfs, "/copy", "/f")


async def by_the_whole(pfs: EmbeddedPfs) -> None:
    for path, content in (("/w1", A + B), ("/w2", B + C), ("/w3", B)):
        await put(pfs, BRANCH, path, content)


async def by_the_part(pfs: EmbeddedPfs) -> None:
    await put(pfs, BRANCH, "/part", B)


async def by_the_parts(pfs: EmbeddedPfs) -> None:
    await put_together(pfs, "/again", [A, B])


@pytest.mark.parametrize("heal", [by_the_whole, by_the_part, by_the_parts])
@pytest.mark.parametrize("harm", [remove, cut, flip])
async def test_a_damaged_blob_is_told_for_each_file_that_lies_in_it_and_healed(
    pfs: EmbeddedPfs,
    tmp_path: Path,
    harm: Callable[[Path], None],
    heal: Callable[[EmbeddedPfs], Awaitable[None]],
) -> None:
    await put_together(pfs, "/one", [A, B])
    await put_together(pfs, "/two", [B, C])
    await put(pfs, BRANCH, "/b", B)
    await put(pfs, BRANCH, "/c", C)
    await pfs.engine.upkeep.round()
    blob = blobs(pfs)[pfs_blob(pfs, B)]
    found = await asyncio.to_thread(check, tmp_path / "pfs")
    assert found.is_sound
    assert found.contents == 4
    harm(blob)
    found = await asyncio.to_thread(check, tmp_path / "pfs")
    assert sorted(lost.path for lost in found.lost) == ["/b", "/one", "/two"]
    assert all(str(blob) in lost.why for lost in found.lost)
    await heal(pfs)
    assert (await asyncio.to_thread(check, tmp_path / "pfs")).is_sound
    head = await head_of(pfs, BRANCH)
    assert await read(pfs, head, "/one") == A + B
    assert await read(pfs, head, "/two") == B + C


async def test_what_is_put_together_anew_heals_what_has_lost_a_part(
    pfs: EmbeddedPfs, tmp_path: Path
) -> None:
    await put_together(pfs, "/f", [A, B])
    await pfs.engine.upkeep.round()
    remove(blobs(pfs)[pfs_blob(pfs, B)])
    await put_together(pfs, "/again", [(A + B)[:250_000], (A + B)[250_000:]])
    assert await read(pfs, await head_of(pfs, BRANCH), "/f") == A + B
    assert (await asyncio.to_thread(check, tmp_path / "pfs")).is_sound
    await pfs.engine.upkeep.round()
    assert len(blobs(pfs)) == 2  # what was left of the first parts has gone


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("DELETE FROM extent WHERE begin_bytes = 0", "do not follow one another"),
        ("UPDATE extent SET begin_bytes = 1 WHERE begin_bytes > 0", "do not follow one another"),
        ("UPDATE extent SET size_bytes = 5 WHERE begin_bytes = 0", "do not follow one another"),
    ],
)
async def test_extents_that_contradict_each_other_are_told(
    pfs: EmbeddedPfs, tmp_path: Path, harm: str, says: str
) -> None:
    await put_together(pfs, "/f", [A, B])
    with closing(sqlite3.connect(tmp_path / "pfs" / "pfs.sqlite")) as other:
        other.execute(harm)
        other.commit()
    found = await asyncio.to_thread(check, tmp_path / "pfs")
    assert any(says in wrong for wrong in found.wrong), found.wrong


async def test_extents_that_are_of_another_content_are_told(
    pfs: EmbeddedPfs, tmp_path: Path
) -> None:
    await put_together(pfs, "/f", [A, B])
    await put(pfs, BRANCH, "/c", A[::-1])
    await pfs.engine.upkeep.round()
    with closing(sqlite3.connect(tmp_path / "pfs" / "pfs.sqlite")) as other:
        other.execute(
            "UPDATE extent SET content_hash = (SELECT content_hash FROM file WHERE path = 'c')"
            " WHERE begin_bytes = 0"
        )
        other.commit()
    found = await asyncio.to_thread(check, tmp_path / "pfs")
    assert [lost.in_words() for lost in found.lost] == [
        "lost: default/r@master:/f: its content is damaged: its extents are others than its own"
    ]


async def test_a_backup_has_each_blob_once_and_brings_all_back(
    pfs: EmbeddedPfs, tmp_path: Path
) -> None:
    await put_together(pfs, "/one", [A, B])
    await put_together(pfs, "/two", [B, C])
    await pfs.engine.upkeep.round()
    made = await asyncio.to_thread(back_up, tmp_path / "pfs", tmp_path / "backup")
    assert (made.contents, made.brought.missing) == (3, 0)
    restored = await asyncio.to_thread(restore_backup, tmp_path / "backup", tmp_path / "again")
    assert restored.is_in_place
    assert restored.checked.is_sound
    again = EmbeddedPfs(tmp_path / "again", synchronous="off", rules=SELDOM)
    head = await head_of(again, BRANCH)
    assert await read(again, head, "/one") == A + B
    assert await read(again, head, "/two") == B + C
    await again.aclose()


async def test_a_backup_has_what_healed_a_content(pfs: EmbeddedPfs, tmp_path: Path) -> None:
    await put_together(pfs, "/f", [A, B])
    await pfs.engine.upkeep.round()
    remove(blobs(pfs)[pfs_blob(pfs, B)])
    await put(pfs, BRANCH, "/whole", A + B)
    made = await asyncio.to_thread(back_up, tmp_path / "pfs", tmp_path / "backup")
    assert (made.contents, made.brought.missing) == (3, 1)
    restored = await asyncio.to_thread(restore_backup, tmp_path / "backup", tmp_path / "again")
    assert restored.checked.is_sound
