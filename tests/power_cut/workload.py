"""Something of everything that writes, one after the other, and what is to be read after each."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from embedded_pfs.client import EmbeddedPfs
from embedded_pfs.database import now_us
from embedded_pfs.pace import QUICK_WRITES
from embedded_pfs.upkeep import UpkeepRules
from pfs_client.failures import PathCollision
from pfs_client.values import (
    FILE_SETS_REPO_NAME,
    AddFile,
    Branch,
    Commit,
    CopyFile,
    DeleteFile,
    File,
    Repo,
)
from tests.pfs_contract.reading import put
from tests.power_cut.recorder import Recorder

BRANCH = Branch(Repo("r"), "master")
SELDOM = UpkeepRules(seconds_between=1_000_000)

Files = dict[str, bytes]
"""What a branch holds, by path."""

_CHANCE = random.Random(7)  # noqa: S311 - the same each time
A, B, C, D = (_CHANCE.randbytes(size) for size in (70_000, 90_000, 150_000, 66_000))


@dataclass(slots=True)
class World:
    """A PFS, and what is to be read in it; None while there is no branch."""

    pfs: EmbeddedPfs
    files: Files | None = None


Step = Callable[[World], Awaitable[None]]


async def is_quick(world: World) -> None:
    """From here on, what is small is written on the event loop."""
    for _ in range(QUICK_WRITES):
        world.pfs.engine._pace.took(0)


async def make(world: World) -> None:
    await world.pfs.create_repo(BRANCH.repo)
    await world.pfs.create_branch(BRANCH)
    world.files = {}


async def unmake(world: World) -> None:
    await world.pfs.delete_repo(BRANCH.repo)
    world.files = None


def puts(path: str, content: bytes) -> Step:
    async def step(world: World) -> None:
        await put(world.pfs, BRANCH, path, content)
        world.files = {**(world.files or {}), path: content}

    return step


def removes(path: str) -> Step:
    async def step(world: World) -> None:
        await world.pfs.modify_file(BRANCH, [DeleteFile(path)])
        world.files = {p: content for p, content in (world.files or {}).items() if p != path}

    return step


def appends(path: str, content: bytes) -> Step:
    async def step(world: World) -> None:
        await world.pfs.modify_file(BRANCH, [AddFile(path, content)])
        files = world.files or {}
        world.files = {**files, path: files.get(path, b"") + content}

    return step


def uploads(path: str, content: bytes) -> Step:
    """As the gateway brings a large body."""

    async def step(world: World) -> None:
        file_set = await world.pfs.create_file_set([AddFile("/f", content)])
        source = File(Commit(Repo(FILE_SETS_REPO_NAME), file_set), "/f")
        await world.pfs.modify_file(BRANCH, [DeleteFile(path), CopyFile(path, source)])
        await world.pfs.release_file_set(file_set)
        world.files = {**(world.files or {}), path: content}

    return step


def puts_together(path: str, *contents: bytes) -> Step:
    """As the gateway completes an upload in parts."""

    async def step(world: World) -> None:
        pfs = world.pfs
        sets = [await pfs.create_file_set([AddFile("/f", content)]) for content in contents]
        whole = await pfs.compose_file_set(sets)
        source = File(Commit(Repo(FILE_SETS_REPO_NAME), whole), "/f")
        await pfs.modify_file(BRANCH, [DeleteFile(path), CopyFile(path, source)])
        for file_set in (*sets, whole):
            await pfs.release_file_set(file_set)
        world.files = {**(world.files or {}), path: b"".join(contents)}

    return step


def copies(path: str, of: str) -> Step:
    async def step(world: World) -> None:
        files, head = world.files or {}, (await world.pfs.inspect_branch(BRANCH)).head
        await world.pfs.modify_file(BRANCH, [DeleteFile(path), CopyFile(path, File(head, of))])
        world.files = {**files, path: files[of]}

    return step


async def is_refused(world: World) -> None:
    path = next(iter(world.files or {}))
    try:
        await world.pfs.modify_file(BRANCH, [AddFile(f"{path}/below", C + path.encode())])
    except PathCollision:
        return
    raise AssertionError("a file came to stand below another")


async def is_kept_up(world: World) -> None:
    await world.pfs.engine.upkeep.round()


async def loses_its_history(world: World) -> None:
    await world.pfs.engine.upkeep._drop_old(now_us())
    await world.pfs.engine.upkeep.round()


STEPS: tuple[Step, ...] = (
    make,
    puts("/small", b"1"),
    puts("/large", A),
    puts("/large", B),
    is_kept_up,
    puts("/d/same", A),
    removes("/large"),
    appends("/d/same", C),
    appends("/small", b"2"),
    is_refused,
    is_kept_up,
    uploads("/up", D),
    is_kept_up,
    puts_together("/parts", A, C, b"the last"),
    is_kept_up,
    copies("/copy", "/parts"),
    puts("/parts", B),
    appends("/copy", b"more"),
    puts_together("/parts", D, A),
    puts("/whole", D + A),
    removes("/parts"),
    loses_its_history,
    puts("/again", A),
    puts("/small", b"3"),
    uploads("/up", B),
    removes("/d/same"),
    loses_its_history,
    is_kept_up,
    unmake,
    is_kept_up,
    make,
    puts("/large", A),
    puts_together("/parts", A, C),
    puts("/small", b"4"),
    removes("/parts"),
    loses_its_history,
    is_kept_up,
    is_quick,
    puts("/small", b"5"),
    puts("/d/new", b"6"),
    is_refused,
    removes("/small"),
    puts("/large", B),
    is_kept_up,
)


async def run(directory: Path, recorder: Recorder) -> list[Files | None]:
    """Do it all, and say what was to be read before the first step and after each."""
    pfs = EmbeddedPfs(directory, rules=SELDOM, is_alone=lambda: True)
    await pfs.engine.upkeep.round()
    world = World(pfs)
    expected: list[Files | None] = [None]
    for number, step in enumerate(STEPS, start=1):
        await step(world)
        expected.append(world.files)
        recorder.acknowledged(number)
    await pfs.aclose()
    return expected
