"""Random histories by several writers: what two gateways say is never too early, and then exact.

Some write through the gateways, some past them; branches move, commits are open, fail and are
dropped, and gateways are started again. A model knows when each file changed, as far as one can say
from outside, and the PFS behind the wire knows it all.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest

from pfs_client.failures import PathCollision, PfsFailure
from pfs_client.history import learning
from pfs_client.values import AddFile, Branch, Change, Commit, DeleteFile
from tests.cluster.pachd import Pachd
from tests.pfs_client.conftest import BRANCH
from tests.pfs_client.groups import put
from tests.pfs_client.histories import Timed, truth
from tests.pfs_contract.reading import head_of

OTHER = Branch(BRANCH.repo, "other")
PATHS = [f"/{directory}/{name}" for directory in "de" for name in "123"] + ["/x", "/y"]
STEPS = 40


class World:
    """A PFS, two gateways before it, and what has happened."""

    def __init__(self, pachd: Pachd, directory: Path, seed: int) -> None:
        self.pachd = pachd
        self.choice = random.Random(seed)  # noqa: S311
        self._directories = [directory / "one", directory / "other"]
        self.gateways = [Timed(pachd.pfs, state) for state in self._directories]
        self.opened: dict[Branch, Commit] = {}
        self.past: list[Commit] = []
        self.model: dict[str, datetime | None] = {}
        """Of the first branch."""

    async def close(self) -> None:
        for gateway in self.gateways:
            await gateway.close()

    def branch(self) -> Branch:
        return self.choice.choice([BRANCH, BRANCH, OTHER])

    def path(self) -> str:
        return self.choice.choice(PATHS)

    async def write_through(self) -> None:
        branch, path = self.branch(), self.path()
        gateway = self.choice.choice(self.gateways)
        if self.choice.random() < 0.3:
            await gateway.writes.delete_file(branch, path)
        else:
            await put(gateway.writes, path, self.choice.randbytes(3), branch)

    async def write_past(self) -> None:
        branch = self.branch()
        for path in self.choice.sample(PATHS, self.choice.randint(1, 3)):
            content = self.choice.choice([b"1", b"2"])
            changes: list[Change] = [DeleteFile(path), AddFile(path, content)]
            await self.pachd.pfs.modify_file(branch, changes[: self.choice.choice([1, 2, 2])])

    async def write_at_once(self) -> None:
        await asyncio.gather(*(self.write_through() for _ in range(4)), self.write_past())

    async def open_or_close(self) -> None:
        branch = self.branch()
        if branch in self.opened:
            await self.pachd.pfs.finish_commit(self.opened.pop(branch))
        else:
            await self.settled()
            self.opened[branch] = await self.pachd.pfs.start_commit(branch)

    async def fail(self) -> None:
        branch = self.branch()
        if branch not in self.opened:
            await self.settled()
            commit = await self.pachd.pfs.start_commit(branch)
            await self.pachd.pfs.modify_file(branch, [DeleteFile("/x"), AddFile("/x", b"no")])
            await self.pachd.pfs.finish_commit(commit, "it failed")
            await self.pachd.pfs.modify_file(branch, [DeleteFile("/y"), AddFile("/y", b"y")])

    async def move(self) -> None:
        if OTHER not in self.opened and self.past:
            await self.settled()
            await self.pachd.pfs.create_branch(OTHER, head=self.choice.choice(self.past))

    async def drop(self) -> None:
        if BRANCH not in self.opened and len(self.past) > 5:
            await self.settled()
            head = await self.pachd.pfs.inspect_commit(await head_of(self.pachd.pfs, BRANCH))
            if head.parent and (await self.pachd.pfs.inspect_commit(head.parent)).error:
                return  # pachd cannot list a head that has failed
            try:
                await self.pachd.pfs.drop_commit(head.commit)
            except PfsFailure:
                return  # the other branch is based on it
            self.past = [commit for commit in self.past if await self._is_there(commit)]

    async def _is_there(self, commit: Commit) -> bool:
        try:
            await self.pachd.pfs.inspect_commit(commit)
        except PfsFailure:
            return False
        return True

    async def restart(self) -> None:
        at = self.choice.randrange(2)
        await self.gateways[at].close()
        self.gateways[at] = Timed(self.pachd.pfs, self._directories[at])

    async def settled(self) -> None:
        """Wait until no commit of a gateway is under way."""
        for gateway in self.gateways:
            await gateway.writes.drain()

    async def check(self) -> None:
        """What is told now is never too early, and in the end it is exact."""
        await self.settled()
        for branch in (BRANCH, OTHER):
            expected = await truth(self.pachd, branch)
            for gateway in self.gateways:
                told = await gateway.listed(branch)
                assert told.keys() == expected.keys()
                for path, time in told.items():
                    assert not_earlier(time, expected[path]), path
                await self._becomes(gateway, branch, expected)
            if branch not in self.opened:
                self.past.append(await head_of(self.pachd.pfs, branch))

    async def _becomes(
        self, gateway: Timed, branch: Branch, expected: dict[str, datetime | None]
    ) -> None:
        end = asyncio.get_running_loop().time() + 20
        while (told := await gateway.listed(branch)) != expected:
            assert asyncio.get_running_loop().time() < end, (told, expected)
            await asyncio.sleep(0.05)
        for path in expected:
            assert await gateway.told(path, branch) == expected[path]


def not_earlier(told: datetime | None, changed: datetime | None) -> bool:
    """None is the present, which is later than any other time."""
    return told is None or (changed is not None and told >= changed)


@pytest.mark.parametrize("seed", range(6))
async def test_times_are_never_too_early_and_then_exact(
    pachd: Pachd, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learning, "IS_NO_RACE_SECONDS", 0.1)
    world = World(pachd, tmp_path, seed)
    await pachd.pfs.create_branch(OTHER)
    steps: list[Callable[[], Awaitable[None]]] = [
        *[world.write_through] * 4, *[world.write_past] * 4, world.write_at_once,
        world.open_or_close, world.fail, world.move, world.drop, world.restart,
    ]  # fmt: skip
    try:
        for _ in range(STEPS):
            step = world.choice.choice(steps)
            try:
                await step()
            except PathCollision as refused:
                raise AssertionError("no two of these paths collide") from refused
            if world.choice.random() < 0.4:
                await world.check()
        for branch in list(world.opened):
            await pachd.pfs.finish_commit(world.opened.pop(branch))
        await world.check()
    finally:
        await world.close()


async def test_a_model_agrees_with_the_pfs_behind_the_wire(pachd: Pachd, tmp_path: Path) -> None:
    """One write after the other, so that one knows which commit is whose."""
    world = World(pachd, tmp_path, 1)
    try:
        for number in range(30):
            path = world.path()
            if number % 2:
                await put(world.gateways[number % 4 // 2].writes, path)
            else:
                changes: list[Change] = [DeleteFile(path), AddFile(path, b"1")]
                await pachd.pfs.modify_file(BRANCH, changes)
            head = await head_of(pachd.pfs, BRANCH)
            world.model[path] = (await pachd.pfs.inspect_commit(head)).finishing
            for gateway in world.gateways:
                assert await gateway.listed() == world.model
        assert await truth(pachd) == world.model
    finally:
        await world.close()
