"""Blobs on their way to their places, and what a disk may do to them meanwhile."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from pathlib import Path

import pytest

from embedded_pfs.blobs import (
    INLINE_MAX_BYTES,
    Blobs,
    BlobWriter,
    StoredContent,
    content_hash,
    file_hash,
)
from pfs_client.failures import ContentLost, PfsFailure, StorageFull
from tests.pfs_contract.reading import pfs_hash

BYTES = os.urandom(100_000)
HASH = hashlib.blake2b(BYTES, digest_size=32).digest()
OTHER = os.urandom(100_000)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    made = Blobs(tmp_path)
    made.create()
    return made


@pytest.fixture
def staging(tmp_path: Path) -> Path:
    return tmp_path / "staging"


def written(blobs: Blobs, *pieces: bytes) -> BlobWriter:
    writer = blobs.writer()
    for piece in pieces:
        writer.write(piece)
    return writer


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def refuse(monkeypatch: pytest.MonkeyPatch, function: str, number: int) -> None:
    """Have a function of `os` fail."""

    def refusing(*_arguments: object, **_options: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(f"embedded_pfs.blobs.os.{function}", refusing)


def test_hashes_are_pachds() -> None:
    assert INLINE_MAX_BYTES == 64 * 1024
    assert content_hash(BYTES) == HASH
    for content in (b"", b"1", BYTES):
        assert file_hash(content_hash(content), len(content)) == pfs_hash(content)


def test_a_content_is_the_same_whenever_it_changed_and_wherever_it_lies() -> None:
    content = StoredContent(HASH, len(BYTES))
    assert content == StoredContent(HASH, len(BYTES), changed_us=1)
    assert content == StoredContent(HASH, len(BYTES), extents=(content,))
    assert content != StoredContent(content_hash(OTHER), len(BYTES))
    assert content != StoredContent(HASH, len(BYTES) + 1)


def test_every_folder_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("embedded_pfs.blobs.sync_folder", synced.append)
    blobs = Blobs(tmp_path)
    blobs.create()
    assert synced == [tmp_path / "blobs"]
    blobs.create()
    assert synced == [tmp_path / "blobs"]
    assert names(tmp_path / "blobs") == [f"{number:02x}" for number in range(256)]
    (tmp_path / "blobs" / "07").rmdir()
    blobs.create()
    assert synced == [tmp_path / "blobs"] * 2
    assert (tmp_path / "blobs" / "07").is_dir()
    assert list(blobs.all()) == []


def test_a_blob_keeps_two_names_until_it_is_referred_to(blobs: Blobs, staging: Path) -> None:
    writer = written(blobs, BYTES[:70_000], b"", BYTES[70_000:])
    assert writer.size_bytes == len(BYTES)
    assert list(blobs.all()) == []
    assert writer.finish() == StoredContent(HASH, len(BYTES))
    path = blobs.path(HASH)
    assert list(blobs.all()) == [(HASH, path)]
    assert path.read_bytes() == BYTES
    assert path == staging.parent / "blobs" / HASH.hex()[:2] / HASH.hex()[2:]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert blobs.size_of(HASH) == len(BYTES)
    (name,) = names(staging)
    assert name.endswith(f"-{HASH.hex()}")
    writer.forget()
    writer.forget()
    assert names(staging) == []
    descriptor = blobs.open(HASH)
    assert os.read(descriptor, 10) == BYTES[:10]
    assert not os.get_inheritable(descriptor)
    os.close(descriptor)
    assert blobs.remove(HASH) is True
    assert blobs.remove(HASH) is False
    assert blobs.size_of(HASH) is None


@pytest.mark.parametrize("there", [BYTES, BYTES[:-1], OTHER])
def test_what_is_written_takes_the_place_of_what_is_there(
    blobs: Blobs, staging: Path, there: bytes
) -> None:
    """That may be damaged."""
    blobs.path(HASH).write_bytes(there)
    writer = written(blobs, BYTES)
    writer.finish()
    assert blobs.path(HASH).read_bytes() == BYTES
    writer.forget()
    assert names(staging) == []


def test_the_same_bytes_twice_at_once(blobs: Blobs, staging: Path) -> None:
    writers = [written(blobs, BYTES) for _ in range(2)]
    for writer in writers:
        writer.finish()
    assert len(names(staging)) == 2
    for writer in writers:
        writer.forget()
    assert names(staging) == []
    assert [hash_ for hash_, _ in blobs.all()] == [HASH]


def test_a_second_link_to_the_same_file_leaves_no_third(blobs: Blobs, staging: Path) -> None:
    writer = written(blobs, BYTES)
    writer.finish()
    (name,) = names(staging)
    blobs._link(staging / name, HASH)
    assert names(staging) == [name]
    assert blobs.path(HASH).read_bytes() == BYTES


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.EACCES])
def test_a_file_system_without_links_is_no_hindrance(
    blobs: Blobs, staging: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    refuse(monkeypatch, "link", number)
    writer = written(blobs, BYTES)
    assert writer.finish().hash == HASH
    assert blobs.path(HASH).read_bytes() == BYTES
    assert names(staging) == []
    writer.forget()


@pytest.mark.parametrize(
    ("number", "failure"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EIO, PfsFailure),
    ],
)
@pytest.mark.parametrize("function", ["write", "fsync", "link", "rename", "open"])
def test_what_the_disk_refuses_is_told(
    blobs: Blobs,
    staging: Path,
    monkeypatch: pytest.MonkeyPatch,
    function: str,
    number: int,
    failure: type[PfsFailure],
) -> None:
    before = set(os.listdir("/proc/self/fd"))
    begun: list[BlobWriter] = []

    def store() -> None:
        begun.append(blobs.writer())
        begun[0].write(BYTES)
        begun[0].finish()

    with monkeypatch.context() as patches:
        refuse(patches, function, number)
        with pytest.raises(PfsFailure) as refused:
            store()
    assert type(refused.value) is failure
    if failure is PfsFailure:
        assert os.strerror(number) in str(refused.value)
    for writer in begun:
        assert writer.abandon() is None
        writer.forget()
    assert set(os.listdir("/proc/self/fd")) <= before
    assert list(blobs.all()) == []


def test_a_write_in_pieces_is_whole(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take less than it is given."""
    write = os.write
    monkeypatch.setattr(
        "embedded_pfs.blobs.os.write", lambda to, view: write(to, bytes(view)[:30_000])
    )
    written(blobs, BYTES).finish()
    assert blobs.path(HASH).read_bytes() == BYTES


def test_who_gives_up_before_the_end_leaves_nothing(blobs: Blobs, staging: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    writer = written(blobs, BYTES)
    assert len(names(staging)) == 1
    assert writer.abandon() is None
    assert writer.abandon() is None
    assert names(staging) == []
    assert set(os.listdir("/proc/self/fd")) <= before


def test_who_gives_up_after_the_end_says_what_may_be_referred_to(
    blobs: Blobs, staging: Path
) -> None:
    writer = written(blobs, BYTES)
    writer.finish()
    assert writer.abandon() == HASH
    assert len(names(staging)) == 1
    assert blobs.size_of(HASH) == len(BYTES)


@pytest.mark.parametrize("left", [None, b"cut"])
def test_a_blob_that_was_harmed_meanwhile_is_put_back(
    blobs: Blobs, staging: Path, left: bytes | None
) -> None:
    written(blobs, BYTES).finish()
    blobs.path(HASH).unlink()
    if left is not None:
        blobs.path(HASH).write_bytes(left)
    blobs.keep(HASH, len(BYTES))
    assert blobs.path(HASH).read_bytes() == BYTES
    assert len(names(staging)) == 1


@pytest.mark.parametrize("left", [None, b"cut"])
def test_what_nobody_has_is_lost(blobs: Blobs, left: bytes | None) -> None:
    written(blobs, OTHER).finish()
    if left is not None:
        blobs.path(HASH).write_bytes(left)
    with pytest.raises(ContentLost, match=HASH.hex()):
        blobs.keep(HASH, len(BYTES))


def test_what_is_there_is_not_looked_for(
    blobs: Blobs, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = written(blobs, BYTES)
    writer.finish()
    refuse(monkeypatch, "link", errno.EIO)
    blobs.keep(HASH, len(BYTES))
    writer.forget()
    blobs.keep(HASH, len(BYTES))


def test_what_writes_left_is_found(blobs: Blobs, staging: Path) -> None:
    finished, unfinished = written(blobs, BYTES), written(blobs, OTHER)
    finished.finish()
    found = dict(blobs.unfinished())
    assert set(found) == {HASH, None}
    assert sorted(path.name for path in found.values()) == names(staging)
    assert list(blobs.unfinished(idle_seconds=3600)) == []
    os.utime(found[HASH], (0, time.time() - 3601))
    assert list(blobs.unfinished(idle_seconds=3600)) == [(HASH, found[HASH])]
    unfinished.abandon()


@pytest.mark.parametrize("sync", [True, False])
def test_bytes_and_names_are_synced_unless_nothing_is_to_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync: bool
) -> None:
    files: list[int] = []
    folders: list[Path] = []
    blobs = Blobs(tmp_path, sync=sync)
    blobs.create()
    monkeypatch.setattr("embedded_pfs.blobs.os.fsync", files.append)
    monkeypatch.setattr("embedded_pfs.blobs.sync_folder", folders.append)
    writer = written(blobs, BYTES)
    writer.finish()
    assert (bool(files), bool(folders)) == (sync, sync)
    assert set(folders) <= {blobs.path(HASH).parent}
    blobs.remove(HASH)
    folders.clear()
    blobs.keep(HASH, len(BYTES))
    assert bool(folders) is sync
    writer.forget()
