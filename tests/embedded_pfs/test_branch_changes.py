"""What is known of versions stays within its bound, and is true as far back as it goes."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedded_pfs.client import EmbeddedPfs
from pfs_client.failures import FileNotFound
from pfs_client.values import AddFile, Branch, Change, Commit, DeleteFile, File, FileInfo, Repo
from pfs_client.versions.changes import BranchChanges, Version, read_changes

BRANCH = Branch(Repo("r"), "master")
PATHS = [f"/{name}" for name in "abcdefgh"]


@pytest.fixture
async def pfs(tmp_path: Path) -> AsyncIterator[EmbeddedPfs]:
    pfs = EmbeddedPfs(tmp_path, synchronous="off")
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    yield pfs
    await pfs.aclose()


async def commit(pfs: EmbeddedPfs, choice: random.Random, number: int) -> None:
    """Write or remove some files."""
    wanted: list[Change] = []
    for path in choice.sample(PATHS, number):
        wanted.append(DeleteFile(path))
        if choice.random() < 0.7:
            wanted.append(AddFile(path, choice.randbytes(4)))
    await pfs.modify_file(BRANCH, wanted)


async def changes(
    pfs: EmbeddedPfs, known: BranchChanges | None, most: int = 1_000
) -> BranchChanges:
    found = await read_changes(pfs, await pfs.inspect_branch(BRANCH), known, most)
    assert found is not None
    return found


async def file_in(pfs: EmbeddedPfs, base: Commit, path: str) -> FileInfo | None:
    try:
        return await pfs.inspect_file(File(base, path))
    except FileNotFound:
        return None


async def versions(pfs: EmbeddedPfs, known: BranchChanges, path: str) -> list[Version]:
    return known.of(path, await file_in(pfs, known.base, path))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [0, 6, 20])
async def test_the_newest_versions_are_known_and_no_more_than_may_be(
    pfs: EmbeddedPfs, seed: int, most: int
) -> None:
    choice = random.Random(seed)  # noqa: S311
    known = None
    for _ in range(25):
        await commit(pfs, choice, choice.randint(1, len(PATHS)))
        known = await changes(pfs, known, most)
        assert known.size == sum(map(len, known.versions.values())) <= most
        whole = await changes(pfs, None)
        for path in PATHS:
            got = await versions(pfs, known, path)
            all_ = await versions(pfs, whole, path)
            # The oldest is what was there in the base, by whichever commit it came there.
            in_base = [(one.file and one.file.hash) for one in got if one.commit == known.base]
            newer = [one for one in got if one.commit != known.base]
            assert newer == all_[: len(newer)]
            behind = [one.file and one.file.hash for one in all_[len(newer) :]]
            assert in_base == ([behind[0]] if behind and behind[0] else [])


async def test_a_list_that_is_under_way_keeps_its_base(pfs: EmbeddedPfs) -> None:
    choice = random.Random(1)  # noqa: S311
    for _ in range(4):
        await commit(pfs, choice, 5)
    before = await changes(pfs, None, 20)
    base, oldest = before.base, {path: before.of(path, None)[-1:] for path in PATHS}
    for _ in range(4):
        await commit(pfs, choice, 5)
    assert (await changes(pfs, before, 20)).base != base
    assert before.base == base
    for path in PATHS:
        assert not oldest[path] or before.of(path, None)[-1:] == oldest[path]
