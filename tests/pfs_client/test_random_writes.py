"""Many writers at one small tree: pachd is never sent what collides, and what is told is true."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from grpc import StatusCode

from pfs_client.failures import ConditionFailed, FileNotFound, PathCollision, PfsFailure
from pfs_client.group_commit.grouped_writes import GroupedWrites
from pfs_client.values import DeleteFile, ExpectFile, File, small_file_hash
from tests.cluster.pachd import Pachd
from tests.cluster.wire import Fault
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import LARGE, content_of, others_write, put, writes_to
from tests.pfs_contract.reading import head_of, paths

NAMES = "abc"
WRITERS = 8
WRITES_EACH = 25


def random_path(choice: random.Random) -> str:
    return "".join(f"/{choice.choice(NAMES)}" for _ in range(choice.randint(1, 3)))


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_that_collides_is_sent(pachd: Pachd, seed: int) -> None:
    """Our own server refuses it: a refused call is one that pachd would have lost a commit by."""
    choice = random.Random(seed)  # noqa: S311
    limits = {"known_bytes": 2_000} if seed % 2 else {}
    writes = writes_to(pachd, max_unfinished=choice.randint(1, 4), **limits)
    outcomes: list[str] = []

    async def writer(number: int) -> None:
        for step in range(WRITES_EACH):
            path = random_path(choice)
            content = f"{number}.{step}".encode()
            if choice.random() < 0.1:
                content = LARGE + content
            try:
                if choice.random() < 0.35:
                    await writes.delete_file(BRANCH, path)
                else:
                    await put(writes, path, content)
                outcomes.append("written")
            except PathCollision:
                outcomes.append("collides")

    await asyncio.gather(*map(writer, range(WRITERS)))
    await writes.drain()
    assert [call for call in pachd.wire.of("ModifyFile") if call.has_failed] == []
    assert outcomes.count("written") > 50
    assert outcomes.count("collides") > 5


async def test_each_path_has_the_last_of_its_writes(pachd: Pachd) -> None:
    """One writer a path, so that what it was told last is what must be there."""
    choice = random.Random(1)  # noqa: S311
    writes = writes_to(pachd)
    expected: dict[str, bytes] = {}

    async def writer(path: str) -> None:
        for step in range(12):
            content = (LARGE if choice.random() < 0.15 else b"") + f"{path}{step}".encode()
            if choice.random() < 0.3:
                await writes.delete_file(BRANCH, path)
                expected.pop(path, None)
            else:
                await put(writes, path, content)
                expected[path] = content

    await asyncio.gather(*(writer(f"/d{n % 3}/f{n}") for n in range(16)))
    await writes.drain()
    found = await pachd.pfs.walk_file(File(await head_of(pachd.pfs, BRANCH), "/"))
    assert set(paths([info for info in found if info.is_file])) == set(expected)
    for path, content in expected.items():
        assert await content_of(pachd, path) == content


FAULTS: list[tuple[str, Fault]] = [
    ("ModifyFile", Fault(StatusCode.UNAVAILABLE, after_messages=2)),
    ("ModifyFile", Fault(StatusCode.UNAVAILABLE, after_messages=None)),
    ("ModifyFile", Fault(StatusCode.UNKNOWN, "who knows", after_messages=2)),
    ("ModifyFile", Fault(StatusCode.UNKNOWN, "who knows", after_messages=None)),
    ("ModifyFile", Fault(StatusCode.UNKNOWN, "commit r@0 has already finished")),
    ("CreateFileSet", Fault(StatusCode.RESOURCE_EXHAUSTED, after_messages=1)),
    ("RenewFileSet", Fault(StatusCode.NOT_FOUND, "tracker does not contain item: (0a1b)")),
    ("InspectCommit", Fault(StatusCode.INTERNAL)),
    ("InspectBranch", Fault(StatusCode.UNAVAILABLE, times=4)),
    ("WalkFile", Fault(StatusCode.RESOURCE_EXHAUSTED)),
]


async def write(writes: GroupedWrites, path: str, content: bytes | None) -> None:
    if content is None:
        await writes.delete_file(BRANCH, path)
    else:
        await put(writes, path, content)


async def content_or_none(pachd: Pachd, path: str) -> bytes | None:
    try:
        return await content_of(pachd, path)
    except FileNotFound:
        return None


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_told_is_true_whatever_fails(pachd: Pachd, seed: int) -> None:
    """After a failure the file is as it was or as it was to be; nobody waits for ever."""
    choice = random.Random(seed)  # noqa: S311
    writes = writes_to(pachd)
    possible: dict[str, set[bytes | None]] = {}
    failures: list[PfsFailure] = []

    async def writer(path: str) -> None:
        possible[path] = {None}
        for step in range(12):
            method, fault = choice.choice(FAULTS)
            if choice.random() < 0.15:
                pachd.wire.faults[method] = replace(fault)
            large = LARGE if choice.random() < 0.3 else b""
            content = None if choice.random() < 0.3 else large + f"{path}{step}".encode()
            try:
                await write(writes, path, content)
                possible[path] = {content}
            except PfsFailure as error:
                failures.append(error)
                possible[path].add(content)

    async with asyncio.timeout(60):
        await asyncio.gather(*(writer(f"/d{n % 3}/f{n}") for n in range(12)))
        pachd.wire.faults.clear()
        await writes.drain()
    for path, contents in possible.items():
        assert await content_or_none(pachd, path) in contents
    assert 3 < len(failures) < 100


async def test_of_many_who_compare_and_set_none_is_overwritten(pachd: Pachd) -> None:
    """A counter that each raises by one from what it has seen: no number is lost or used twice."""
    writes = writes_to(pachd, sole_writer=True)
    await put(writes, "/count", b"0")
    raised: list[int] = []

    async def raise_it() -> None:
        while len(raised) < 30:
            seen = await content_of(pachd, "/count")
            expect = ExpectFile("/count", frozenset([small_file_hash(seen)]))
            try:
                await put(writes, "/count", str(int(seen) + 1).encode(), expect=expect)
                raised.append(int(seen) + 1)
            except ConditionFailed:
                pass

    await asyncio.gather(*(raise_it() for _ in range(5)))
    assert sorted(raised) == list(range(1, len(raised) + 1))
    assert int(await content_of(pachd, "/count")) == len(raised)


async def test_others_who_write_between_are_seen(pachd: Pachd) -> None:
    """One after the other: what somebody else did is in the way of the very next write."""
    choice = random.Random(2)  # noqa: S311
    writes = writes_to(pachd)
    for _ in range(60):
        path = random_path(choice)
        try:
            if choice.random() < 0.5:
                await others_write(pachd, DeleteFile(path), path)
            else:
                await put(writes, path)
        except PathCollision:
            await writes.delete_file(BRANCH, path)
    ours = [call for call in pachd.wire.of("ModifyFile") if call.has_failed]
    assert all(call.messages[-1].add_file.raw.value == b"other" for call in ours)
