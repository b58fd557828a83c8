"""What a page of a listing costs: calls to PFS, rows that come, and what is done with each."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from embedded_pfs.client import EmbeddedPfs
from handlers.exchange import S3Request, Services
from handlers.listing_pages import Listing, list_page
from handlers.listings import list_objects_v2
from pfs_client.interface import PfsClient
from pfs_client.limits.memory_budget import Share
from pfs_client.limits.transfers import Transfers
from pfs_client.observer import UNOBSERVED
from pfs_client.reading.commit_cache import CommitCache, direct_reads
from pfs_client.reading.contents import DirectContents
from pfs_client.values import ALL, AddFile, Branch, Commit, File, FileInfo, Part, Repo

BRANCH = Branch(Repo("r"), "master")
PREFIXES = 20
KEYS = 300


class Counted(CommitCache):
    """Counts what is asked of PFS."""

    calls = 0
    rows = 0

    async def list_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        return self._count(await super().list_file(directory, part))

    async def walk_file(self, directory: File, part: Part = ALL) -> list[FileInfo]:
        return self._count(await super().walk_file(directory, part))

    def _count(self, found: list[FileInfo]) -> list[FileInfo]:
        self.calls += 1
        self.rows += len(found)
        return found


def counted_reads(pfs: EmbeddedPfs) -> Counted:
    return Counted(pfs, DirectContents(pfs, 0, 0, UNOBSERVED, Transfers(pfs)), 0, UNOBSERVED)


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[tuple[Any, Commit]]:
    pfs = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    names = [f"/{kind}{p:02}-{n:03}" for kind in "ab" for p in range(PREFIXES) for n in range(KEYS)]
    yield pfs, await made(pfs, names)
    await pfs.aclose()


async def made(pfs: EmbeddedPfs, names: list[str]) -> Commit:
    """A commit with these files."""
    await pfs.create_repo(BRANCH.repo)
    await pfs.create_branch(BRANCH)
    return await written(pfs, names)


async def written(pfs: PfsClient, names: list[str]) -> Commit:
    """The commit that adds these files."""
    await pfs.modify_file(BRANCH, [AddFile(name, b"") for name in names])
    return (await pfs.inspect_branch(BRANCH)).head


async def test_a_common_prefix_is_jumped_over(filled: tuple[Any, Commit]) -> None:
    pfs, head = filled
    counted = counted_reads(pfs)
    page = await list_page(Listing(counted, head, "", "-", ""), PREFIXES)
    assert len(page.prefixes) == PREFIXES
    assert page.is_truncated
    assert counted.calls <= PREFIXES + 2
    assert counted.rows <= PREFIXES * 10 + 2


@pytest.mark.parametrize("keys", [2, 10])
async def test_small_common_prefixes_are_read_many_in_a_call(tmp_path: Path, keys: int) -> None:
    pfs = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    head = await made(pfs, [f"/{p:03}-{n:03}" for p in range(120) for n in range(keys)])
    counted = counted_reads(pfs)
    page = await list_page(Listing(counted, head, "", "-", ""), 100)
    await pfs.aclose()
    assert page.prefixes == [f"{p:03}-" for p in range(100)]
    assert page.is_truncated
    assert counted.calls <= keys
    assert counted.rows <= 102 * keys


async def test_behind_large_common_prefixes_small_ones_are_read_many_in_a_call(
    tmp_path: Path,
) -> None:
    pfs = EmbeddedPfs(tmp_path / "pfs", synchronous="off")
    large = [f"/{p:03}-{n:03}" for p in range(5) for n in range(KEYS)]
    head = await made(pfs, large + [f"/{p:03}-" for p in range(5, 300)])
    counted = counted_reads(pfs)
    page = await list_page(Listing(counted, head, "", "-", ""), 250)
    await pfs.aclose()
    assert page.prefixes == [f"{p:03}-" for p in range(250)]
    assert counted.calls <= 5 + 8


async def test_where_nothing_is_folded_a_page_is_one_call(filled: tuple[Any, Commit]) -> None:
    pfs, head = filled
    counted = counted_reads(pfs)
    page = await list_page(Listing(counted, head, "", "%", ""), 1000)
    assert len(page.files) == 1000
    assert counted.calls == 1


async def test_behind_a_prefix_keys_are_read_in_growing_pieces(
    filled: tuple[Any, Commit],
) -> None:
    pfs, head = filled
    counted = counted_reads(pfs)
    page = await list_page(Listing(counted, head, "", "a00-", ""), 1000)
    assert (page.prefixes, len(page.files)) == (["a00-"], 999)
    assert counted.calls <= 10


class Calls:
    """Counts how often functions of Python are called, or gone on with."""

    number = 0

    def __enter__(self) -> Calls:
        sys.setprofile(self._count)
        return self

    def __exit__(self, *exc: object) -> None:
        sys.setprofile(None)

    def _count(self, frame: FrameType, event: str, argument: object) -> None:
        self.number += event == "call"


async def _nothing() -> dict[str, object]:
    raise AssertionError("there is no body")


@pytest.mark.parametrize(("delimiter", "most"), [("", 4), ("/", 4), ("%", 7)])
async def test_little_is_called_for_each_key_of_a_page_that_was_read_before(
    services: Services, delimiter: str, most: int
) -> None:
    await written(services.pfs, [f"/{number:04}" for number in range(1001)])
    services = replace(services, files=direct_reads(services.pfs, 2**24, 0))

    async def calls(max_keys: int) -> int:
        asked = {"max-keys": max_keys, "delimiter": delimiter}
        memory = Share(services.memory)
        request = S3Request("master.r", "", {}, {}, asked, _nothing, services, memory)
        with Calls() as counted:
            await list_objects_v2(request)
        memory.shrink_to(0)
        return counted.number

    for max_keys in (1000, 100):
        await calls(max_keys)
    # More keys than there are between the two: the collector calls functions of libraries, too.
    assert await calls(1000) - await calls(100) <= most * 1000
